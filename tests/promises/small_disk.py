"""Runs a server whose folder of filters is a disk of a few megabytes, which Linux mounts in memory for that process:
``python -m tests.promises.small_disk MIB --filters FOLDER ...``. It begins with the files that the folder has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

# The files are carried over in a folder beside, which the mount does not hide.
_MOUNT = (
    'cp -r "$1" "$1.begin" && mount -t tmpfs -o size="$2"m tmpfs "$1" && cp -r "$1.begin/." "$1" && rm -r "$1.begin"'
)


def can_mount() -> bool:
    """Whether this machine lets us."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*_namespace(), "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True).returncode == 0


def _namespace() -> list[str]:
    return ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]


def main(size: str, *arguments: str) -> None:
    folder = arguments[arguments.index("--filters") + 1]
    script = f'{_MOUNT} && shift 2 && exec "$@"'
    server = [sys.executable, "-m", "server", *arguments]
    os.execvp("unshare", [*_namespace(), "sh", "-c", script, "sh", folder, size, *server])


if __name__ == "__main__":
    main(*sys.argv[1:])
