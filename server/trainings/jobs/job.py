"""A training as a value, and as the JSON in which it is saved."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

FORMAT = 1
MOST_WARNINGS = 20


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    ENDING = "ending"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def has_ended(self) -> bool:
        return self in (State.FINISHED, State.CANCELLED, State.FAILED)


class Ending(StrEnum):
    """How a training that was under way was asked to end."""

    CANCEL = "cancel"
    KEEP = "keep"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One training. Times are in seconds since 1970, durations in seconds. ``preview`` is a path in the run's folder,
    ``claimed`` says that the file of ``filter_id`` in the filters folder belongs to this training, and the lowest
    ``turn`` is first in the queue. ``client`` is who asked for it, as transports name clients."""

    id: str
    title: str
    preset: str
    filter_id: str
    create_time: float
    turn: int
    options: Mapping[str, str] = field(default_factory=dict)
    request_id: str = ""
    source_names: tuple[str, ...] = ()
    target_names: tuple[str, ...] = ()
    state: State = State.QUEUED
    ending: Ending | None = None
    end_time: float | None = None
    elapsed_seconds: float = 0.0
    seconds_left: float | None = None
    images_seen: int = 0
    images_total: int = 0
    losses: Mapping[str, float] = field(default_factory=dict)
    device: str = ""
    preview: str = ""
    can_export: bool = False
    claimed: bool = False
    problem: str = ""
    warnings: tuple[str, ...] = ()
    restarts: int = 0
    client: str = ""

    def warned(self, sentence: str) -> tuple[str, ...]:
        """Returns the warnings with ``sentence`` added, unless it is there already; only the first 20 are kept."""
        return self.warnings if sentence in self.warnings else (*self.warnings, sentence)[:MOST_WARNINGS]

    def to_json(self) -> str:
        return json.dumps({"format": FORMAT} | asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Job:
        """Reads what ``to_json`` wrote. Raises ValueError for anything else; its text completes "its job.json ..."."""
        try:
            values = json.loads(text)
            if values.pop("format") != FORMAT:
                raise ValueError("is of another version of Pleinair")
            return _from_values(values)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError("lacks what describes a training") from error
        except json.JSONDecodeError as error:
            raise ValueError("is not JSON") from error


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "state": State,
    "ending": lambda value: None if value is None else Ending(value),
    "source_names": tuple,
    "target_names": tuple,
    "warnings": tuple,
}
_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "bool": (bool,),
    "float": (int, float),
    "float | None": (int, float, type(None)),
    "Mapping[str, str]": (dict,),
    "Mapping[str, float]": (dict,),
}


def _from_values(values: dict[str, Any]) -> Job:
    for option in fields(Job):
        expected = _TYPES.get(str(option.type))
        if expected and option.name in values and not isinstance(values[option.name], expected):
            raise ValueError(f"has an invalid {option.name}")
    job = Job(**{name: _read(name, value) for name, value in values.items()})
    if not all(math.isfinite(number) for number in (job.create_time, job.elapsed_seconds, job.end_time or 0.0)):
        raise ValueError("has an invalid time")
    return job


def _read(name: str, value: Any) -> Any:
    try:
        return _READERS[name](value) if name in _READERS else value
    except ValueError as error:
        raise ValueError(f"has an invalid {name}") from error
