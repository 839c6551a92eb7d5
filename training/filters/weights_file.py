"""Loads what a file of weights holds, PyTorch's or .safetensors, without running code from it."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import torch

from training.errors import InputError
from training.filters.safetensors import BadSafetensors, is_safetensors, read_safetensors

WANTED = "a generator of CUT, FastCUT, SinCUT or CycleGAN (for example latest_net_G.pth)"
_PICKLES = (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def load_weights(path: Path) -> Any:
    """Returns the file's contents on the CPU: tensors and plain values only. Raises InputError."""
    start = _start(path)
    if path.suffix == ".t7":
        raise InputError(
            f"{path} is a model of Lua Torch, which PyTorch no longer reads; name {WANTED}, of the PyTorch versions."
        )
    if is_safetensors(start) or (path.suffix == ".safetensors" and not start.startswith(_PICKLES)):
        return _load_safetensors(path)
    return _load_pickle(path, start)


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(16)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); name {WANTED}.") from None


def _load_safetensors(path: Path) -> Any:
    try:
        return read_safetensors(path)
    except BadSafetensors as reason:
        raise InputError(f"{path} is not a whole .safetensors file: {reason}; copy or download it again.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); name {WANTED}.") from None


def _load_pickle(path: Path, start: bytes) -> Any:
    try:
        with path.open("rb") as file:  # given a path, torch judges a file by its suffix
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        if start.startswith(_PICKLES):
            raise InputError(
                f"{path} is damaged, or holds more than weights, and loading it could run code; copy it again, or"
                " save the network's state_dict() alone, as the published code does."
            ) from None
        raise InputError(_damaged(path)) from None
    except Exception as error:  # a damaged or foreign file raises nearly anything
        if "TorchScript" in str(error):
            raise InputError(
                f"{path} is a TorchScript program, which holds code; save the network's state_dict() alone, as the"
                " published code does."
            ) from None
        raise InputError(_damaged(path)) from None


def _damaged(path: Path) -> str:
    return f"{path} is damaged or not a file of PyTorch; copy or download it again, or name {WANTED}."
