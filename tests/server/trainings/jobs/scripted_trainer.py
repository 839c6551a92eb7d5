"""A process that speaks like training.fit and training.export and learns nothing, so that turns, ends and crashes take
milliseconds. ``python scripted_trainer.py FILTER.onnx fit|export ...``; ``--description`` says what befalls it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def tell(event: str, **values: Any) -> None:
    print(json.dumps({"event": event, **values}), flush=True)


def fail(sentence: str) -> NoReturn:
    print(f"error: {sentence}", file=sys.stderr)
    tell("failed", sentence=sentence)
    sys.exit(2)


def read(arguments: list[str]) -> dict[str, str]:
    """Options by name, however they are written."""
    options: dict[str, str] = {}
    pending = ""
    for argument in arguments:
        if argument.startswith("--"):
            name, equals, value = argument[2:].partition("=")
            options[name], pending = value, "" if equals else name
        else:
            options[pending] = argument
    return options


class Run:
    def __init__(self, options: dict[str, str]) -> None:
        self.path = Path(options.get("resume") or options["output"])
        self.config = self.path / "config.json"
        if "resume" not in options:
            for folder in ("checkpoints", "previews"):
                (self.path / folder).mkdir(parents=True)
            (self.path / "previews" / "source.png").write_bytes(PICTURE)
            self.config.write_text(json.dumps(options))
        self.options = json.loads(self.config.read_text())
        self.total = int(self.options.get("images", "20"))
        self.images = max((int(file.stem[7:]) for file in self.checkpoints()), default=0)

    def checkpoints(self) -> list[Path]:
        return list((self.path / "checkpoints").glob("images-*.pt"))

    def save(self) -> None:
        (self.path / "checkpoints" / f"images-{self.images:09d}.pt").write_text("weights")
        tell("checkpoint", images=self.images)

    def preview(self) -> None:
        file = self.path / "previews" / f"images-{self.images:09d}.png"
        beside = file.with_suffix(".tmp")
        beside.write_bytes(PICTURE)
        beside.replace(file)
        tell("preview", images=self.images, file=f"previews/{file.name}")


def fit(options: dict[str, str], made: Path) -> int:
    ended = threading.Event()

    def listen() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=listen, daemon=True).start()
    run = Run(options)
    if run.options.get("description") == "slow":
        time.sleep(60)
    print(f"Going on after {run.images}", flush=True)
    tell("started", images=run.images, total=run.total, device=options["device"])
    fate = run.options.get("description", "")
    while run.images < run.total:
        if run.images == 5 and "resume" not in options:
            befall(fate)
        run.images += 1
        tell("step", images=run.images, losses={"G": 1 / run.images}, seconds_left=run.total - run.images)
        run.preview()
        if run.images % 2 == 0:
            run.save()
        if ended.wait(0.02):
            if fate == "deaf":
                time.sleep(60)
            run.save()
            tell("stopped", images=run.images)
            return 130
    run.save()
    shutil.copyfile(made, run.path / "filter.onnx")
    tell("finished", images=run.images, filter="filter.onnx")
    return 0


def befall(fate: str) -> None:
    print(f"About to {fate or 'go on'}.", file=sys.stderr, flush=True)
    if fate == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if fate == "fail":
        fail("The pictures are too dull; choose others.")
    if fate == "crash":
        raise RuntimeError("a fault of the trainer")
    if fate == "warn":
        tell("warning", sentence="The batch was halved.")


def export(options: dict[str, str], made: Path) -> int:
    shutil.copyfile(made, options["output"])
    return 0


if __name__ == "__main__":
    program = {"fit": fit, "export": export}[sys.argv[2]]
    sys.exit(program(read(sys.argv[3:]), Path(sys.argv[1])))
