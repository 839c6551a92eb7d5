"""Krita and GIMP as the tests run them: from PATH, or inside a folder that `.ci/editors` made."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tests.hosts.processes import end_all, finish
from tests.hosts.unpacking import unpack

FOLDER_VARIABLE = "PLEINAIR_EDITORS"
PROGRAMS = ("krita", "kritarunner", "gimp", "gimp-console", "Xvfb", "xdotool", "import", "dbus-run-session")
# Krita puts i18n among the builtins; elsewhere its importer lacks it.
_RUN_IMPORTER = """
import builtins, runpy, sys
builtins.i18n = str
sys.argv.pop(0)
runpy.run_path(sys.argv[0], run_name="__main__")
"""
# What Krita unpacks into a new home; made by `.ci/editors`.
_RESOURCES = "var/lib/krita-resources"
# Without a graphics card every new view of a picture costs seconds of compiling shaders.
_KRITA_DISPLAY = "[General]\nOpenGLRenderer=none\n"
_PATH_INSIDE = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class NoEditors(Exception):
    """The editors cannot be run here; the sentence says why and what to do."""


@dataclass(frozen=True)
class Profile:
    """An artist's home that no editor has seen before, in the exchange folder. Whatever ran with it ends with it."""

    home: Path
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def krita_resources(self) -> Path:
        return self.home / ".local/share/krita"

    @property
    def gimp_folder(self) -> Path:
        return self.home / "gimp"


@dataclass(frozen=True)
class Editors:
    """``root`` is the folder to enter, None for this machine's own; ``exchange`` is seen by the editors and by us."""

    root: Path | None
    exchange: Path

    @classmethod
    def find(cls) -> Editors:
        """Those in the folder that PLEINAIR_EDITORS names, else those on PATH. Raises NoEditors."""
        named = os.environ.get(FOLDER_VARIABLE)
        found = cls._in_folder(Path(named).absolute()) if named else cls(None, Path(tempfile.gettempdir()))
        missing = [program for program in PROGRAMS if not found.which(program)]
        if missing:
            place = found.root or "PATH"
            raise NoEditors(
                f"{', '.join(missing)} not found in {place}; make a folder of editors with "
                f"`.ci/editors FOLDER` and name it in {FOLDER_VARIABLE}."
            )
        return found

    @classmethod
    def _in_folder(cls, root: Path) -> Editors:
        if os.geteuid() != 0:
            raise NoEditors(f"Only root can enter {root}, which {FOLDER_VARIABLE} names; run the tests as root.")
        exchange = root.with_name(f"{root.name}.work")
        if not (_same(exchange, root / "exchange") and (root / "proc/self").exists()):
            raise NoEditors(f"{root} is not ready, its mounts are missing; run `.ci/editors {root}`.")
        return cls(root, exchange)

    def which(self, program: str) -> str | None:
        """The program's path as the editors see it."""
        if self.root is None:
            return shutil.which(program)
        for folder in _PATH_INSIDE.split(":"):
            if os.path.lexists(self.root / folder[1:] / program):
                return f"{folder}/{program}"
        return None

    def inside(self, path: Path) -> str:
        """How the editors see a path that lies in the exchange folder."""
        if self.root is None:
            return str(path)
        return str(PurePosixPath("/exchange") / path.relative_to(self.exchange).as_posix())

    @contextmanager
    def profile(self) -> Iterator[Profile]:
        """A fresh home; at the end all processes that were started with it are ended and it is removed."""
        with tempfile.TemporaryDirectory(prefix="home-", dir=self.exchange, ignore_cleanup_errors=True) as folder:
            profile = Profile(Path(folder))
            for name in ("tmp", "run", ".config"):
                (profile.home / name).mkdir(mode=0o700)
            profile.krita_resources.mkdir(parents=True)
            (profile.gimp_folder / "plug-ins").mkdir(parents=True)
            try:
                yield profile
            finally:
                end_all(profile.mark)

    def popen(
        self,
        arguments: Sequence[str],
        profile: Profile,
        *,
        display: str | None = None,
        env: Mapping[str, str] | None = None,
        stdout: int | None = subprocess.PIPE,
        pass_fds: Sequence[int] = (),
    ) -> subprocess.Popen[str]:
        """Starts a program in a session of its own, its errors on its output; on the ``display`` of this name, if
        there is one."""
        enter = ["chroot", str(self.root)] if self.root else []
        return subprocess.Popen(
            [*enter, *arguments],
            env=self._environment(profile, display) | dict(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            pass_fds=pass_fds,
        )

    def run(
        self,
        arguments: Sequence[str],
        profile: Profile,
        *,
        display: str | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        """The status and the output (with the errors in it) of a program. On timeout its whole group is ended and
        TimeoutExpired raised, with the output so far."""
        return finish(self.popen(arguments, profile, display=display, env=env), timeout)

    def install_krita(self, plugin: Path, profile: Profile, *, first_start: bool = False) -> None:
        """Imports a plug-in's zip with Krita's own importer and switches it on, as its dialogs do. Krita has been
        started in this home before, where `.ci/editors` has prepared that, unless ``first_start``."""
        if not first_start and self.root and (self.root / _RESOURCES).is_dir():
            shutil.copytree(self.root / _RESOURCES, profile.krita_resources, dirs_exist_ok=True)
        krita = self.which("krita")
        assert krita
        importer = PurePosixPath(krita).parents[1] / "share/krita/pykrita/plugin_importer/plugin_importer.py"
        copy = Path(shutil.copy(plugin, profile.home))
        arguments = [str(importer), self.inside(copy), self.inside(profile.krita_resources)]
        done = self.run(["python3", "-c", _RUN_IMPORTER, *arguments], profile)
        assert done.returncode == 0 and "Imported plugin" in done.stdout, done.stdout
        (profile.home / ".config/kritadisplayrc").write_text(_KRITA_DISPLAY)
        with (profile.home / ".config/kritarc").open("a") as settings:
            settings.write("\n[python]\nenable_pleinair=true\n")

    def install_gimp(self, plugin: Path, profile: Profile) -> None:
        """Unpacks a plug-in's zip into the plug-ins folder, as an archive manager does."""
        unpack(plugin, profile.gimp_folder / "plug-ins")

    def _environment(self, profile: Profile, display: str | None) -> dict[str, str]:
        home = self.inside(profile.home)
        return {
            "PATH": os.environ["PATH"] if self.root is None else _PATH_INSIDE,
            "HOME": home,
            "TMPDIR": f"{home}/tmp",
            "XDG_RUNTIME_DIR": f"{home}/run",
            "GIMP3_DIRECTORY": self.inside(profile.gimp_folder),
            "LANG": "C.UTF-8",
            # No accessibility bus, no portals: they would start services that outlive the editor.
            "NO_AT_BRIDGE": "1",
            "GTK_USE_PORTAL": "0",
            "GTK_A11Y": "none",
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PLEINAIR_HOST_TEST": profile.mark,
            **({"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"} if display else {"QT_QPA_PLATFORM": "offscreen"}),
        }


def _same(folder: Path, other: Path) -> bool:
    """Whether one is mounted on the other."""
    return folder.exists() and other.exists() and folder.samefile(other)
