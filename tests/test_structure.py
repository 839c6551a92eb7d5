"""Files stay short, no modules import each other in a circle, and folders import what CONTRIBUTING.md lets them."""

from __future__ import annotations

import ast
import doctest
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest

import tests.structure.circles
import tests.structure.sizes
from tests.structure.circles import circles
from tests.structure.imports import own_imports
from tests.structure.sizes import file_sizes
from tests.structure.sources import Source, read_sources
from tests.structure.table import read_table, trespasses

LONGEST_FILE = 300  # lines


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    return read_sources()


def test_no_modules_import_each_other_in_a_circle(sources: list[Source]) -> None:
    assert circles(own_imports(sources)) == []


def test_folders_import_only_what_contributing_lets_them(sources: list[Source]) -> None:
    assert list(trespasses(sources)) == []


def test_no_file_is_longer_than_contributing_says(sources: list[Source]) -> None:
    assert [place for lines, place in file_sizes(sources) if lines > LONGEST_FILE] == []


def made_up(files: Mapping[str, str]) -> list[Source]:
    return [Source(Path(path), text.count("\n"), ast.parse(text)) for path, text in files.items()]


@pytest.mark.parametrize(
    "statement",
    [
        "import server.a",
        "from server import a",
        "from server.a import A",
        "from . import a",
        "from .a import A",
        "def late():\n    import server.a",
        "if TYPE_CHECKING:\n    from server.a import A",
        "try:\n    pass\nfinally:\n    if True:\n        import server.a",
    ],
)
def test_a_circle_is_found_however_the_import_is_written(statement: str) -> None:
    files = {"server/__init__.py": "", "server/a.py": "import server.b", "server/b.py": statement}
    assert circles(own_imports(made_up(files))) == [["server.a", "server.b"]]


def test_a_package_that_imports_its_module_is_in_a_circle_with_it_only_if_that_needs_the_package() -> None:
    package = {"server/__init__.py": "from .a import A", "server/a.py": "from . import b", "server/b.py": ""}
    assert circles(own_imports(made_up(package))) == []
    assert circles(own_imports(made_up(package | {"server/b.py": "from server import A"}))) == [
        ["server", "server.a", "server.b"]
    ]


def test_what_the_table_does_not_name_may_not_be_imported() -> None:
    text = "| folder | what | may import |\n| --- | --- | --- |\n| `server/` | all | `server/`, `grpc` |\n"
    text += "| `server/engine/` | it | `server/errors.py`, `numpy` |\n\nThe end.\n"
    door, engine = read_table(text)
    assert all(map(door.allows, ["os.path", "server.engine.a", "grpc.aio"])) and not door.allows("torch")
    assert all(map(engine.allows, ["__future__", "server.engine.a.b", "server.errors", "numpy.typing"]))
    assert not any(map(engine.allows, ["server.wire", "server.errors_too", "grpc", "pleinair.common.files"]))


@pytest.mark.parametrize("module", [tests.structure.circles, tests.structure.sizes])
def test_examples_of_the_tools_are_true(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0
