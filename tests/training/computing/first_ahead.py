"""The first process prepares something, or fails to; each process writes to a file of its own how that ended.

``python -m tests.training.computing.first_ahead FOLDER``, under torchrun. FOLDER holds ``fail`` where that should fail.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import torch

from training.computing.world import FirstFailed, World, process_group
from training.errors import InputError


def main(folder: Path) -> None:
    world = World.from_environment()
    with process_group(world, torch.device("cpu")):
        ended = _prepare(world, folder)
        (folder / f"{world.rank}.txt").write_text(ended)
        world.wait_for_all()  # torchrun ends nobody before both have written


def _prepare(world: World, folder: Path) -> str:
    try:
        with world.first_ahead():
            if not world.is_first:
                return (folder / "prepared").read_text()
            time.sleep(0.2)
            if (folder / "fail").exists():
                raise InputError("there is no room")
            (folder / "prepared").write_text("prepared")
    except (FirstFailed, InputError) as error:
        return f"{type(error).__name__}: {error}"
    return "prepared it"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
