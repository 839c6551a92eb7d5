"""One call of a procedure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gi.repository import Gimp

from ..core.problems import Problem
from ..core.texts import _


@dataclass(frozen=True)
class Call:
    """What GIMP calls a procedure with; ``image`` is None for some procedures, ``folder`` that of the settings."""

    procedure: Gimp.Procedure
    mode: Gimp.RunMode
    image: Gimp.Image | None
    drawables: list[Gimp.Drawable]
    config: Gimp.ProcedureConfig
    folder: Path

    @property
    def picture(self) -> Gimp.Image:
        """The call's image. Raises Problem for a call without one."""
        if self.image is None:
            raise Problem(_("No picture is open."), _("Open one, or make a new one, and try again."))
        return self.image

    @property
    def interactive(self) -> bool:
        return self.mode == Gimp.RunMode.INTERACTIVE
