"""What is played inside Krita, by name. Each gives what the tests outside compare."""

from __future__ import annotations

from .scenes_clipped import clipped
from .scenes_faults import (
    cancelled,
    cancelled_late,
    closed_during_a_job,
    leaves_during_a_job,
    no_document,
    server_killed,
)
from .scenes_interfaces import interfaces
from .scenes_layers import kinds_of_layers
from .scenes_looks import artist, connects, dialogs, keyboard, large
from .scenes_painting import painting_begins, painting_goes_on
from .scenes_servers import huge, secured, trained
from .scenes_shown import frames, shown, shown_in_other_spaces
from .scenes_translating import (
    again,
    batch,
    every_space,
    history,
    layer_in_another_space,
    refused_model,
    repeat_last,
    soft_selection,
    strength_afterwards,
    undo,
)

__all__ = [
    "again",
    "artist",
    "batch",
    "cancelled",
    "cancelled_late",
    "clipped",
    "closed_during_a_job",
    "connects",
    "dialogs",
    "every_space",
    "frames",
    "history",
    "huge",
    "interfaces",
    "keyboard",
    "kinds_of_layers",
    "large",
    "layer_in_another_space",
    "leaves_during_a_job",
    "no_document",
    "painting_begins",
    "painting_goes_on",
    "refused_model",
    "repeat_last",
    "secured",
    "server_killed",
    "shown",
    "shown_in_other_spaces",
    "soft_selection",
    "strength_afterwards",
    "trained",
    "undo",
]
