"""The ways to run the network that are compared, by name. A peer's own libraries are loaded in its own process only."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from tests.benchmarks.serving.peers.base import Peer
from tests.benchmarks.serving.setting import Setting

EAGER, BARE, PLEINAIR, SERVER, AT_ONCE = "eager", "onnxruntime", "pleinair", "server", "server-at-once"
MATMULS = ("matmul-torch", "matmul-onnxruntime")
_HERE = "tests.benchmarks.serving.peers"


@dataclass(frozen=True)
class _Entry:
    title: str
    module: str
    name: str
    devices: tuple[str, ...] = ("cpu", "cuda")


_ENTRIES = {
    EAGER: _Entry("PyTorch eager, float32", "with_torch", "Eager"),
    "eager-tf32": _Entry("PyTorch eager, TF32", "with_torch", "EagerTf32", ("cuda",)),
    "compile": _Entry("torch.compile", "with_torch", "Compiled", ("cpu",)),
    BARE: _Entry("onnxruntime, bare session", "with_onnxruntime", "BareSession"),
    "openvino": _Entry("OpenVINO", "with_openvino", "OpenVino", ("cpu",)),
    PLEINAIR: _Entry("Pleinair, engine in process", "with_pleinair", "Engine"),
    SERVER: _Entry("Pleinair, server over gRPC", "with_server", "Served"),
    AT_ONCE: _Entry("Pleinair, server, 4 callers at once", "with_server", "ServedAtOnce", ("cuda",)),
    MATMULS[0]: _Entry("matrix product, PyTorch", "with_torch", "TorchMatmul"),
    MATMULS[1]: _Entry("matrix product, onnxruntime", "with_onnxruntime", "OnnxruntimeMatmul", ("cpu",)),
}


def names_for(device: str) -> list[str]:
    """All peers that make sense on the device, without the matrix products."""
    return [name for name, entry in _ENTRIES.items() if device in entry.devices and name not in MATMULS]


def matmuls_for(device: str) -> list[str]:
    return [name for name in MATMULS if device in _ENTRIES[name].devices]


def title(name: str) -> str:
    return _ENTRIES[name].title


def make(name: str, setting: Setting) -> Peer:
    """Raises Unavailable."""
    entry = _ENTRIES[name]
    made: Peer = getattr(importlib.import_module(f"{_HERE}.{entry.module}"), entry.name)(setting)
    return made
