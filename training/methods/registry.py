"""Lists the methods, and makes configurations from their presets and options.

To add a method, import its spec and add it to ``METHODS``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from training.config import FitConfig
from training.errors import InputError
from training.methods.cut.spec import CUT
from training.methods.method import MethodSpec
from training.rules import flag, options_of

METHODS: tuple[MethodSpec, ...] = (CUT,)
DEFAULT_PRESET = "cut"  # also the method of a configuration that names none


def presets() -> dict[str, dict[str, Any]]:
    """Returns the flat options of every preset, including ``method``, by the preset's name."""
    return {name: {"method": spec.name, **values} for spec in METHODS for name, values in spec.presets.items()}


def spec_of(method: str) -> MethodSpec:
    """Returns the method that runs record under this name. Raises InputError for a name from another version."""
    for spec in METHODS:
        if method in spec.names:
            return spec
    raise InputError(f"The run was begun by another version of Pleinair, with the method {method!r}; use that version.")


def option_names(spec: MethodSpec) -> set[str]:
    """Returns the names of the options that every run has, and of the method's own."""
    return {option.name for kind in (FitConfig, spec.options) for option in options_of(kind)}


def refuse_others(names: Iterable[str], method: str) -> None:
    """Raises InputError for the first name that is an option of other methods only."""
    known = option_names(spec_of(method))
    for name in names:
        owners = [spec.name for spec in METHODS if name in option_names(spec)]
        if owners and name not in known:
            raise InputError(
                f"{flag(name)} is an option of {' and '.join(owners)}, but not of {method}; leave it out, or choose "
                "another --preset."
            )


def configure(values: Mapping[str, Any]) -> FitConfig:
    """Makes a configuration of flat options by name, as ``FitConfig.values`` gives them; the rest have their defaults.

    Raises InputError for values that cannot work and methods of another version, TypeError for unknown names.
    """
    spec = spec_of(values.get("method", DEFAULT_PRESET))
    own = {option.name for option in options_of(spec.options)}
    common = {"method": spec.name, **{name: value for name, value in values.items() if name not in own}}
    return FitConfig(**common, options=spec.options(**{name: values[name] for name in values.keys() & own}))


def preset_config(preset: str, **changes: Any) -> FitConfig:
    """Returns a preset with some options changed. Raises KeyError for an unknown preset, else as ``configure`` does."""
    return configure({**presets()[preset], **changes})


def config_from_json(text: str) -> FitConfig:
    """Reads what ``FitConfig.to_json`` wrote, in this version or an earlier one that had fewer options.

    Raises ValueError or TypeError for anything else, InputError for methods, options and values of a later version.
    """
    values = json.loads(text)
    if not isinstance(values, dict):
        raise TypeError("the options are not a JSON object")
    unknown = sorted(values.keys() - option_names(spec_of(values.get("method", DEFAULT_PRESET))) - {"method"})
    if unknown:
        raise InputError(
            f"The run was begun by another version of Pleinair, with the option {unknown[0]}; use that version."
        )
    return configure(values)
