"""Krita's interfaces themselves."""

from __future__ import annotations

import runpy

from .lab import Lab, Steps


def interfaces(lab: Lab) -> Steps:
    """Which of the names that were promised Krita does not have."""
    yield
    return runpy.run_path(lab.orders["script"])["missing"](lab.orders["promised"])
