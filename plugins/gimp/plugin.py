"""What GIMP registers: the procedures, their named arguments and their places in the menu.

This works without a display when a script calls it. No server is contacted before a procedure is run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
from gi.repository import Gimp, GLib, GObject  # noqa: E402

from ..core.kept_results import MOST  # noqa: E402
from ..core.problems import Problem  # noqa: E402
from ..core.texts import _  # noqa: E402
from ..core.training_wish import PRESETS, preset_title  # noqa: E402
from . import paths, runs  # noqa: E402
from .call import Call  # noqa: E402

MENU = "<Image>/Filters/Pleinair"
TRANSLATE = "plug-in-pleinair-translate"
PAINTING = "plug-in-pleinair-painting-to-photo"
RESULTS = "plug-in-pleinair-results"
SETTINGS = "plug-in-pleinair-settings"
SERVER = "plug-in-pleinair-local-server"
CHECK = "plug-in-pleinair-check"

_ALWAYS = Gimp.ProcedureSensitivityMask.ALWAYS
_LAYERS = Gimp.ProcedureSensitivityMask.DRAWABLE | Gimp.ProcedureSensitivityMask.DRAWABLES


class Pleinair(Gimp.PlugIn):
    """The plug-in with its procedures. Scripts call these by name, so the names must not change."""

    def do_set_i18n(self, name: str) -> bool:
        """Returns False: the texts are translated already, from our own catalogues."""
        return False

    def do_query_procedures(self) -> list[str]:
        return list(_MAKERS)

    def do_create_procedure(self, name: str) -> Gimp.Procedure:
        return _MAKERS[name](self)


def main() -> None:
    """Runs the plug-in until GIMP's own main loop ends."""
    Gimp.main(Pleinair.__gtype__, sys.argv)


def _translate(plug_in: Gimp.PlugIn) -> Gimp.Procedure:
    procedure = _procedure(plug_in, TRANSLATE, runs.translate, _("_Translate…"))
    procedure.set_image_types("RGB*, GRAY*, INDEXED*")  # indexed, too: a sentence says more than a greyed-out entry
    procedure.set_sensitivity_mask(_LAYERS)
    procedure.set_documentation(
        _("Turn the layer into another kind of picture with a trained filter"),
        _("The result is a new layer above the source, which stays as it is. Several selected layers are a batch."),
        None,
    )
    flags = GObject.ParamFlags.READWRITE
    procedure.add_string_argument("filter", _("_Filter"), _("A filter's identifier on the server"), "", flags)
    sources = Gimp.Choice.new()
    sources.add("layer", 0, _("The selected layers"), "")
    sources.add("visible", 1, _("All that is visible"), "")
    procedure.add_choice_argument("source", _("So_urce"), _("What is translated"), sources, "layer", flags)
    procedure.add_double_argument(
        "opacity",
        _("S_trength"),
        _("The new layer's opacity in per cent; it can be changed afterwards"),
        0,
        100,
        100,
        flags,
    )
    procedure.add_boolean_argument(
        "keep-luminance",
        _("_Keep the luminance"),
        _("Take only the colours of the result: the new layer's mode is LCh Color; it can be changed afterwards"),
        False,
        flags,
    )
    _add_address(procedure)
    return procedure


def _painting(plug_in: Gimp.PlugIn) -> Gimp.Procedure:
    procedure = _procedure(plug_in, PAINTING, runs.painting, _("_Painting to photo…"))
    procedure.set_sensitivity_mask(_ALWAYS)  # trainings can be looked at without a picture
    procedure.set_documentation(
        _("Train a filter that makes the layer look like other pictures"),
        _("The server keeps training after GIMP is closed. Scripts get the training's identifier at once."),
        None,
    )
    flags = GObject.ParamFlags.READWRITE
    procedure.add_string_array_argument(
        "target-files", _("_Files"), _("PNG, JPEG or WebP pictures to learn from"), flags
    )
    procedure.add_drawable_argument("target", _("_Layer"), _("A layer to learn from"), True, flags)
    procedure.add_string_argument("title", _("_Title"), _("What the filter will be called"), "", flags)
    presets = Gimp.Choice.new()
    for number, preset in enumerate(PRESETS):
        presets.add(preset, number, preset_title(preset), "")
    procedure.add_choice_argument("preset", _("_Quality"), _("How long it trains"), presets, PRESETS[0], flags)
    _add_address(procedure)
    procedure.add_string_return_value("training", _("Training"), _("The training's identifier"), "", flags)
    return procedure


def _results(plug_in: Gimp.PlugIn) -> Gimp.Procedure:
    procedure = _procedure(plug_in, RESULTS, runs.results, _("_Results…"))
    procedure.set_image_types("RGB*, GRAY*, INDEXED*")
    procedure.set_sensitivity_mask(_LAYERS | Gimp.ProcedureSensitivityMask.NO_DRAWABLES)
    procedure.set_documentation(
        _("Insert an earlier result again"),
        _("It becomes a new layer above the active one, where it was. The newest results are kept on disk."),
        None,
    )
    procedure.add_int_argument(
        "number",
        _("_Number"),
        _("Which result, without the window; 1 is the newest"),
        1,
        MOST,
        1,
        GObject.ParamFlags.READWRITE,
    )
    return procedure


def _settings(plug_in: Gimp.PlugIn) -> Gimp.Procedure:
    return _window(plug_in, SETTINGS, runs.settings, _("_Settings…"), _("Choose the server and how to reach it"))


def _server(plug_in: Gimp.PlugIn) -> Gimp.Procedure:
    return _window(
        plug_in, SERVER, runs.local_server, _("_Local server…"), _("Start, watch and stop a server on this machine")
    )


def _check(plug_in: Gimp.PlugIn) -> Gimp.Procedure:
    return _window(
        plug_in, CHECK, runs.check, _("_Check set-up…"), _("Find out what is missing, and what to do about it")
    )


def _add_address(procedure: Gimp.Procedure) -> None:
    procedure.add_string_argument(
        "address",
        _("_Address"),
        _("A server other than the one in the settings, as HOST:PORT"),
        "",
        GObject.ParamFlags.READWRITE,
    )


def _window(plug_in: Gimp.PlugIn, name: str, run: runs.Run, label: str, blurb: str) -> Gimp.Procedure:
    procedure = _procedure(plug_in, name, run, label)
    procedure.set_sensitivity_mask(_ALWAYS)
    procedure.set_documentation(blurb, blurb, None)
    return procedure


def _procedure(plug_in: Gimp.PlugIn, name: str, run: runs.Run, label: str) -> Gimp.Procedure:
    procedure = Gimp.ImageProcedure.new(plug_in, name, Gimp.PDBProcType.PLUGIN, _guarded(run), None)
    procedure.set_menu_label(label)
    procedure.add_menu_path(MENU)
    procedure.set_attribution("Pleinair", "Pleinair", "2026")
    return procedure


def _guarded(run: runs.Run) -> Callable[..., Gimp.ValueArray]:
    """Returns a function that GIMP can call, which calls ``run``. What goes wrong is returned as an error in words."""

    def called(
        procedure: Gimp.Procedure,
        mode: Gimp.RunMode,
        image: Gimp.Image | None,
        drawables: list[Gimp.Drawable],
        config: Gimp.ProcedureConfig,
        data: object,
    ) -> Gimp.ValueArray:
        call = Call(procedure, mode, image, list(drawables), config, paths.settings_folder())
        try:
            outcome = run(call)
        except Problem as problem:
            return _failed(procedure, str(problem))
        except Exception as error:
            # The traceback is for the terminal; the artist gets a sentence.
            sys.excepthook(type(error), error, error.__traceback__)
            return _failed(
                procedure,
                _("The plug-in failed ({error}). For details, start GIMP in a terminal.").format(
                    error=type(error).__name__
                ),
            )
        status = Gimp.PDBStatusType.CANCEL if outcome is False else Gimp.PDBStatusType.SUCCESS
        if isinstance(outcome, str):
            values = [GObject.Value(Gimp.PDBStatusType, status), GObject.Value(str, outcome)]
            return Gimp.ValueArray.new_from_values(values)
        return procedure.new_return_values(status, None)

    return called


def _failed(procedure: Gimp.Procedure, sentence: str) -> Gimp.ValueArray:
    error = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), sentence, 0)
    return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, error)


_MAKERS = {
    TRANSLATE: _translate,
    PAINTING: _painting,
    RESULTS: _results,
    SETTINGS: _settings,
    SERVER: _server,
    CHECK: _check,
}
