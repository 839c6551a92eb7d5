"""GIMP as the tests hold it: one process, asked through files what the package inside can do."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.hosts.editors import Editors, Profile
from tests.hosts.processes import end_group, finish, marked
from tests.hosts.screen import Screen

START_SECONDS = 180.0
ANSWER_SECONDS = 120.0
_INSIDE = Path(__file__).with_name("inside")
# Without docks the progress bar's Cancel is in the window's corner.
_BARE = "(hide-docks yes)\n(single-window-mode yes)\n"
_QUIET = "(show-welcome-dialog no)\n(check-updates no)\n"


@dataclass
class Gimp:
    """Any function of the package inside is a method: ``gimp.layers(image=1)``."""

    editors: Editors
    profile: Profile
    folder: Path
    process: subprocess.Popen[str]
    asked: int = field(default=0)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda **arguments: self.ask(name, **arguments).value()

    def ask(self, function: str, /, **arguments: Any) -> Answer:
        """Gives at once what will be the answer."""
        number, self.asked = self.asked, self.asked + 1
        beside = self.folder / f"{number}.request"
        beside.write_text(json.dumps([function, arguments]))
        beside.rename(self.folder / f"{number}.json")
        return Answer(self, self.folder / f"{number}.answer")

    def raw(self, item: int) -> bytes:
        return base64.b64decode(self.pixels(item=item))

    def inside(self, path: Path) -> str:
        """How GIMP sees a path of its home."""
        return self.editors.inside(path)

    def plugins_running(self) -> list[int]:
        """The plug-in's own processes."""
        return [pid for pid in marked(self.profile.mark) if _is_plugin(pid)]


@dataclass(frozen=True)
class Answer:
    gimp: Gimp
    file: Path

    def value(self, timeout: float = ANSWER_SECONDS) -> Any:
        """Waits for it."""
        wait_until(self.file.exists, self.gimp, timeout, f"GIMP's answer {self.file.name}")
        answer = json.loads(self.file.read_text())
        assert "error" not in answer, answer["error"]
        return answer["value"]


def wait_until(condition: Callable[[], bool], gimp: Gimp, timeout: float, what: str) -> None:
    """Looks often until it holds; AssertionError when it does not, or GIMP has ended."""
    end = time.monotonic() + timeout
    while not condition():
        assert gimp.process.poll() is None, f"GIMP ended with {gimp.process.returncode} before {what}."
        assert time.monotonic() < end, f"No {what} within {timeout} s."
        time.sleep(0.02)


def settle(profile: Profile, **settings: Any) -> None:
    """What an artist chose before: the plug-in's settings, whole or not at all, since a plug-in may be reading them."""
    folder = profile.gimp_folder / "pleinair"
    folder.mkdir(exist_ok=True)
    beside = folder / "settings.draft"
    beside.write_text(json.dumps(settings))
    beside.replace(folder / "settings.json")


@contextmanager
def running(editors: Editors, profile: Profile, *, screen: Screen | None = None, language: str = "") -> Iterator[Gimp]:
    """GIMP with the profile's plug-ins: its console, or with a screen all of it."""
    folder = profile.home / "requests"
    folder.mkdir()
    (profile.gimp_folder / "gimprc").write_text(_QUIET)
    (profile.gimp_folder / "sessionrc").write_text(_BARE)
    shutil.copytree(_INSIDE, profile.home / _INSIDE.name, ignore=shutil.ignore_patterns("__pycache__"))
    batch = (
        f"import sys; sys.path.insert(0, {editors.inside(profile.home)!r}); from inside.serving import serve; serve()"
    )
    arguments = ["--new-instance", "--no-data", "--batch-interpreter=python-fu-eval", "-b", batch, "--quit"]
    # The console is told no fonts: finding them takes its time.
    head = ["dbus-run-session", "--", "gimp", "--no-splash"] if screen else ["gimp-console", "-i", "--no-fonts"]
    env = {"PLEINAIR_REQUESTS": editors.inside(folder), **({"LANGUAGE": language} if language else {})}
    log = (profile.home / "gimp.log").open("w")
    process = editors.popen(
        [*head, *arguments], profile, display=screen.name if screen else None, env=env, stdout=log.fileno()
    )
    gimp = Gimp(editors, profile, folder, process)
    try:
        wait_until((folder / "ready").exists, gimp, START_SECONDS, "GIMP that listens")
        yield gimp
        gimp.ask("quit")
        finish(process, 60)
    except BaseException:
        print((profile.home / "gimp.log").read_text()[-5000:])
        raise
    finally:
        end_group(process)
        process.wait(timeout=20)
        log.close()
        shutil.rmtree(folder)


def _is_plugin(pid: int) -> bool:
    try:
        return b"pleinair.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
