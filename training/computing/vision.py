"""Imports torchvision, also beside a CPU-only torch.

The package index has only CUDA builds of torchvision. Beside a CPU-only torch their compiled operators do not load, and
the import fails where it registers fake versions of two of them. With the two schemas declared the import succeeds; the
operators themselves stay missing, but nothing here uses them.
"""

from __future__ import annotations

import importlib
from types import ModuleType

import torch
from torch import Tensor

_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def make_grid(pictures: Tensor, columns: int) -> Tensor:
    """Pictures (n, 3, h, w) in [-1, 1] -> one picture (3, H, W) in [-1, 1] with ``columns`` of them in a row."""
    grid: Tensor = import_with_torchvision("torchvision.utils").make_grid(
        pictures, nrow=columns, padding=4, pad_value=1.0
    )
    return grid


def import_with_torchvision(name: str) -> ModuleType:
    """Imports and returns the module of this name, which is torchvision's or imports it. Raises ImportError."""
    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        for operator in ("nms", "qnms"):
            torch.library.define(f"torchvision::{operator}", _SCHEMA)
    return importlib.import_module(name)
