"""Asks the plug-in, and what is around it."""

from __future__ import annotations

import runpy
from importlib import import_module
from typing import Any

import gi

from .base import Gimp, find


def translate(image: int, drawables: list[int], **arguments: Any) -> list[str]:
    """The status and the error's text."""
    return _run("plug-in-pleinair-translate", image, drawables, arguments)


def insert_again(image: int, number: int) -> list[str]:
    """A result of the past; 1 is the newest."""
    return _run("plug-in-pleinair-results", image, [], {"number": number})


def start_training(image: int, drawables: list[int], target: int = 0, **arguments: Any) -> list[str]:
    """The status, and the training's identifier or the error's text."""
    layer = {"target": find(target)} if target else {}
    return _run("plug-in-pleinair-painting-to-photo", image, drawables, {**arguments, **layer})


def clipboard() -> str:
    """The text in the desktop's clipboard; empty while there is none."""
    gi.require_version("Gtk", "3.0")
    gi.require_version("Gdk", "3.0")
    gtk, gdk = import_module("gi.repository.Gtk"), import_module("gi.repository.Gdk")
    assert gtk.init_check(None)[0]
    return gtk.Clipboard.get(gdk.SELECTION_CLIPBOARD).wait_for_text() or ""


def missing(script: str, **asked: Any) -> list[str]:
    """Which of the names that were promised GIMP does not have."""
    return list(runpy.run_path(script)["missing"](**asked))


def _run(name: str, image: int, drawables: list[int], arguments: dict[str, Any]) -> list[str]:
    procedure = Gimp.get_pdb().lookup_procedure(name)
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    config.set_property("image", Gimp.Image.get_by_id(image))
    config.set_core_object_array("drawables", [find(drawable) for drawable in drawables])
    for argument, value in arguments.items():
        config.set_property(argument.replace("_", "-"), value)
    result = procedure.run(config)
    names = {getattr(Gimp.PDBStatusType, name): name for name in ("SUCCESS", "CANCEL", "EXECUTION_ERROR")}
    status = next((name for value, name in names.items() if value == result.index(0)), "OTHER")
    return [status, str(result.index(1)) if result.length() > 1 else ""]
