"""Pleinair for Krita: what Krita imports under the plug-in's name. It stands one folder higher in the installed zip."""

from __future__ import annotations

from .krita import plugin  # type: ignore[import-untyped]

plugin.install()
