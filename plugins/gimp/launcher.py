#!/usr/bin/env python3
"""The program that GIMP starts; the plug-in itself is the package beside this file."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from pleinair_plugin.gimp.plugin import main  # type: ignore[import-not-found]

main()
