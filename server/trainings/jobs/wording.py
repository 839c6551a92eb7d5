"""What the trainer says, as callers may read it: options by callers' names, and nothing about the server's machine."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from server.trainings.jobs.store import JobFolder

# What Python says of a program's own lines; the lines that follow, indented, are of the same report.
_REPORT = re.compile(r"Traceback \(most recent call last\):|\s+File \"|\S+:\d+: \w*Warning: ")
# Not after a letter, a dot or a colon, which begin fractions, relative paths and addresses of the web.
_ABSOLUTE = re.compile(r"(?<![\w.:/\\-])(?:(?:file:/{2})?/|\\\\|[A-Za-z]:[\\/])(?:[^\s/\\'\"<>|]+[/\\])+")


def for_callers(sentence: str, folder: JobFolder) -> str:
    """The trainer's sentence with options named as callers name them, and files without where they lie."""
    return _without_places(re.sub(r"--(?=[a-z])", "", sentence), folder)


def log_for_callers(lines: Iterable[str], folder: JobFolder) -> list[str]:
    """Lines of the trainer's log, files without where they lie, without the program's own lines that Python quotes, and
    with a sign in place of each character that cannot be printed."""
    return [_printable(_without_places(line, folder)) for line in _without_reports(lines)]


def _without_places(text: str, folder: JobFolder) -> str:
    for place in (folder.path, folder.path.parent):
        text = text.replace(f"{place}{os.sep}", "")
    return _ABSOLUTE.sub("", text)


def _without_reports(lines: Iterable[str]) -> Iterator[str]:
    within = False
    for line in lines:
        within = bool(_REPORT.match(line)) or (within and line[0].isspace())
        if not within:
            yield line


def _printable(line: str) -> str:
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)
