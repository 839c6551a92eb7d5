"""The stubs of the editors' interfaces hold what the plug-ins use of them, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.hosts.interfaces import STUBS, promised

PLUGINS = STUBS.parent
MODULES = sorted(".".join(stub.relative_to(STUBS).with_suffix("").parts) for stub in STUBS.rglob("[A-Za-z]*.pyi"))


@pytest.mark.parametrize("module", MODULES)
def test_stubs_promise_only_what_the_plugins_use(module: str) -> None:
    stubs = "\n".join(stub.read_text("utf-8") for stub in STUBS.rglob("*.pyi"))
    used = words(*PLUGINS.glob("krita/*.py"), *PLUGINS.glob("gimp/*.py"))
    unused = [name for name in promised(module)[module] if last(name) not in used and mentions(last(name), stubs) < 2]
    assert unused == []


def words(*files: Path) -> set[str]:
    return {word for file in files for word in re.findall(r"\w+", file.read_text("utf-8"))}


def last(name: str) -> str:
    """Of a dotted name, or of a property in brackets."""
    return re.split(r"\W+", name.rstrip(")"))[-1]


def mentions(name: str, stubs: str) -> int:
    """How often it stands in the stubs: a class that the plug-ins do not name may be what a call gives."""
    return len(re.findall(rf"\b{name}\b", stubs))
