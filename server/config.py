"""The server's options as values. How they are read is in ``server.options``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from server.engine.provider import Provider
from server.filters.limits import USUAL_LIMITS
from server.logs.lines import LogFormat
from server.options.addresses import is_loopback
from server.options.kinds import (
    ADDRESS,
    DEVICES,
    FILE,
    FOLDER,
    MEMORY,
    NETWORKS,
    SIDES,
    SWITCH,
    OptionKind,
    choice,
    number,
)


class TrainingMode(StrEnum):
    """Whether the server trains: where PyTorch is installed, always (else it does not start), or never."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


def _option(kind: OptionKind, explanation: str) -> Mapping[str, Any]:
    return {"kind": kind, "help": explanation}


@dataclass(frozen=True)
class ServerConfig:
    """All options of ``python -m server``; each field's metadata has the kind of its value and its help text."""

    filters: Path = field(default=Path("filters"), metadata=_option(FOLDER, "the folder of filter files"))
    address: str = field(
        default="127.0.0.1:50051",
        metadata=_option(ADDRESS, "where to listen; port 0 picks a free port"),
    )
    provider: Provider = field(
        default=Provider.AUTO,
        metadata=_option(
            choice(Provider),
            "where to compute: auto (the GPU if there is one), cpu, cuda or tensorrt (on the GPU; prepares each filter"
            " once, which takes minutes)",
        ),
    )
    tensorrt_cache: Path | None = field(
        default=None,
        metadata=_option(
            FOLDER, "the folder, private to this user, for what TensorRT builds (default: in the user's cache)"
        ),
    )
    warm_up: tuple[int, ...] = field(
        default=(256,),
        metadata=_option(
            SIDES,
            "on a GPU, sides of the squares with which each filter is warmed up, such as 256,512,1024",
        ),
    )
    threads: int = field(
        default=0,
        metadata=_option(number(int, 0, 1024), "how many threads compute on the CPU; 0 lets onnxruntime choose"),
    )
    memory: int | None = field(
        default=None,
        metadata=_option(
            MEMORY,
            "memory for all computations and all pictures on their way, such as 6GiB; those that do not fit wait or are"
            " computed in pieces (default: 70 %% of what is free at the start)",
        ),
    )
    queue: int = field(
        default=16, metadata=_option(number(int, 1, 10_000), "how many translations may wait or run at once")
    )
    deadline: float = field(
        default=3600.0, metadata=_option(number(float, 0.1, 86_400), "how long a translation may take, in seconds")
    )
    stall: float = field(
        default=30.0,
        metadata=_option(
            number(float, 0.1, 3600),
            "how long to wait for a caller that sends nothing, or reads nothing of what it asked for, in seconds",
        ),
    )
    grace: float = field(
        default=10.0,
        metadata=_option(
            number(float, 0, 3600),
            "how long running translations and trainings may continue when the server stops, in seconds",
        ),
    )
    max_pixels: int = field(
        default=8192 * 16384,
        metadata=_option(
            number(int, 1, 1 << 32), "largest picture, in pixels; the memory that it may use is limited by --memory"
        ),
    )
    max_message_mib: int = field(
        default=32,
        metadata=_option(number(int, 1, 1024), "largest message, and therefore largest encoded picture, in MiB"),
    )
    tls_certificate: Path | None = field(
        default=None, metadata=_option(FILE, "the server's certificate, a PEM file; encrypts all connections")
    )
    tls_key: Path | None = field(default=None, metadata=_option(FILE, "the key of the certificate, a PEM file"))
    tls_client_ca: Path | None = field(
        default=None,
        metadata=_option(
            FILE, "a PEM file; only clients connect whose own certificate is signed by one in it (default: all may)"
        ),
    )
    token_file: Path | None = field(
        default=None, metadata=_option(FILE, "a file with the token that callers must send (default: they need none)")
    )
    trusted_proxies: tuple[str, ...] | None = field(
        default=None,
        metadata=_option(
            NETWORKS,
            "proxies whose x-forwarded-for says which client calls, so that each has a share of its own, such as"
            " 10.0.0.7 (default: none)",
        ),
    )
    insecure: bool = field(
        default=False,
        metadata=_option(SWITCH, "start without encryption or a token even where other machines can reach the server"),
    )
    poll: float = field(
        default=1.0,
        metadata=_option(
            number(float, 0.01, 3600),
            "how often to look for changes of filters, certificates and the token, in seconds",
        ),
    )
    filter_seconds: float = field(
        default=USUAL_LIMITS.seconds,
        metadata=_option(number(float, 1, 3600), "how long loading and trying one filter may take, in seconds"),
    )
    filter_memory: int = field(
        default=USUAL_LIMITS.memory,
        metadata=_option(MEMORY, "memory that loading and trying one filter may take, such as 2GiB"),
    )
    filter_mib: int = field(
        default=USUAL_LIMITS.file_bytes >> 20,
        metadata=_option(number(int, 1, 2048), "largest filter with its weights, in MiB"),
    )
    log: LogFormat = field(
        default=LogFormat.TEXT,
        metadata=_option(choice(LogFormat), "how log lines look: text, or json (an object a line)"),
    )
    metrics: str | None = field(
        default=None,
        metadata=_option(ADDRESS, "where to tell Prometheus how the server does, for example 127.0.0.1:9464"),
    )
    training: TrainingMode = field(
        default=TrainingMode.AUTO,
        metadata=_option(
            choice(TrainingMode),
            "whether to train: auto (if PyTorch is installed), on or off",
        ),
    )
    trainings: Path | None = field(
        default=None,
        metadata=_option(FOLDER, "the folder that keeps trainings (default: trainings in the filters folder)"),
    )
    training_devices: str = field(
        default="auto",
        metadata=_option(
            DEVICES,
            "devices to train on, one training at a time on each, for example cuda:0,cuda:1",
        ),
    )
    training_queue: int = field(
        default=20, metadata=_option(number(int, 1, 10_000), "how many trainings may wait or run at once")
    )
    training_pictures: Path | None = field(
        default=None,
        metadata=_option(FOLDER, "a folder of pictures that callers may name to train with (default: none)"),
    )
    training_upload_mib: int = field(
        default=512, metadata=_option(number(int, 1, 1 << 20), "largest total size of a training's pictures, in MiB")
    )
    training_disk: int | None = field(
        default=None,
        metadata=_option(
            MEMORY,
            "disk that the files of all trainings together may take, such as 50GiB; then none begins until some are"
            " deleted (default: what there is)",
        ),
    )

    @property
    def trainings_folder(self) -> Path:
        """The folder that keeps trainings, given or by default."""
        return self.trainings or self.filters / "trainings"

    @property
    def is_loopback(self) -> bool:
        """Whether only programs on this machine can reach the address."""
        return is_loopback(self.address)
