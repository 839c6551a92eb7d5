"""Does what the tests ask, one request after another, through files.

A request is N.json with a function's name and its arguments; its answer is N.answer.
"""

from __future__ import annotations

import json
import os
import time
import traceback
from pathlib import Path

from . import asking, changing, looking, making

FOLDER = Path(os.environ["PLEINAIR_REQUESTS"])
_ALL = {**vars(asking), **vars(changing), **vars(looking), **vars(making)}


def serve() -> None:
    """Until it is asked to quit."""
    number = 0
    (FOLDER / "ready").touch()
    while FOLDER.exists():
        request = FOLDER / f"{number}.json"
        if not request.exists():
            time.sleep(0.01)
            continue
        name, arguments = json.loads(request.read_text())
        if name == "quit":
            return
        try:
            answer = {"value": _ALL[name](**arguments)}
        except Exception:
            answer = {"error": traceback.format_exc()}
        beside = FOLDER / f"{number}.tmp"
        beside.write_text(json.dumps(answer))
        beside.rename(FOLDER / f"{number}.answer")
        number += 1
