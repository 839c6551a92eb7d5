"""Plays scenarios inside a real Krita under a virtual screen and brings out what they gave."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.hosts.editors import Editors, Profile
from tests.hosts.processes import end_group
from tests.hosts.screen import Screen, open_screen
from tests.processes import ServerProcess

_INSIDE = Path(__file__).parent / "inside"
_MOST_SECONDS = 400.0
_DESKTOP = """[Desktop Entry]
Type=Service
ServiceTypes=Krita/PythonPlugin
X-KDE-Library=pleinair_driver
X-Python-2-Compatible=false
Name=Pleinair's tests
Comment=Plays scenarios
"""


@dataclass(frozen=True)
class Played:
    """The results by scenario, Krita's exit status and what it printed."""

    outcomes: dict[str, dict[str, Any]]
    status: int
    output: str

    def __getitem__(self, scenario: str) -> Any:
        """What the scenario gave. Fails with its traceback when it failed."""
        outcome = self.outcomes.get(scenario)
        assert outcome is not None, f"{scenario} was not played; Krita ended with {self.status}:\n{self.output}"
        assert "error" not in outcome, f"{outcome['error']}\nMessages: {outcome.get('messages')}\n{self.output[-3000:]}"
        return outcome["result"]


def install_driver(profile: Profile) -> None:
    """The second plug-in, switched on."""
    folder = profile.krita_resources / "pykrita"
    folder.mkdir(exist_ok=True)
    (folder / "pleinair_driver.desktop").write_text(_DESKTOP, "utf-8")
    shutil.copytree(_INSIDE, folder / "pleinair_driver", ignore=shutil.ignore_patterns("__pycache__"))
    with (profile.home / ".config/kritarc").open("a") as settings:
        settings.write("enable_pleinair_driver=true\n")


def play(
    editors: Editors,
    profile: Profile,
    scenarios: Sequence[str],
    *,
    server: ServerProcess,
    own: ServerProcess | None = None,
    artifacts: Path,
    seconds: float = 150,
    size: tuple[int, int] = (1440, 1000),
    env: Mapping[str, str] | None = None,
    settings: Mapping[str, object] | None = None,
    **orders_besides: object,
) -> Played:
    """Starts Krita once and plays them in order, each for at most so many seconds. The plug-in's settings are those of
    the profile with the server's address and these. What else is ordered is the scenarios' own business."""
    results = profile.home / "results"
    results.mkdir(exist_ok=True)
    orders = profile.home / "orders.json"
    orders.write_text(
        json.dumps(
            {
                "scenarios": list(scenarios),
                "results": editors.inside(results),
                "seconds": seconds,
                "address": server.address,
                "size": size,
                "own": {"address": own.address, "pid": own.process.pid} if own else None,
                **orders_besides,
            }
        ),
        "utf-8",
    )
    _settle(profile, {"address": server.address, **(settings or {})})
    with open_screen(editors, profile, size=size) as screen, (profile.home / "krita.log").open("w+") as output:
        process = editors.popen(
            ["dbus-run-session", "--", "krita", "--nosplash"],
            profile,
            display=screen.name,
            env={"PLEINAIR_DRIVER": editors.inside(orders), "PYTHONFAULTHANDLER": "1", **(env or {})},
            stdout=output.fileno(),
        )
        status = _watch(process, results, screen, artifacts, time.monotonic() + _MOST_SECONDS)
        output.seek(0)
        said = output.read()
    outcomes = {path.stem: json.loads(path.read_text("utf-8")) for path in results.glob("*.json")}
    return Played(outcomes, status, said)


def _settle(profile: Profile, changes: Mapping[str, object]) -> None:
    file = profile.krita_resources / "pleinair/settings.json"
    file.parent.mkdir(exist_ok=True)
    before = json.loads(file.read_text("utf-8")) if file.exists() else {}
    file.write_text(json.dumps({**before, **changes}), "utf-8")


def _watch(process: subprocess.Popen[str], results: Path, screen: Screen, artifacts: Path, late: float) -> int:
    """Takes the screenshots that scenarios wish for, until Krita ends."""
    while process.poll() is None and time.monotonic() < late:
        for wish in results.glob("*.shot"):
            screen.screenshot(artifacts / f"{wish.stem}.png")
            wish.unlink()
        time.sleep(0.05)
    if process.poll() is None:
        screen.screenshot(artifacts / "krita-stuck.png")
        end_group(process)
    return process.wait(timeout=20)
