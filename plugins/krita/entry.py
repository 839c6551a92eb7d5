"""Pleinair for Krita: the file that Krita imports as the plug-in. It is one folder further up in the installed zip."""

from __future__ import annotations

from .krita import plugin  # type: ignore[import-untyped]

plugin.install()
