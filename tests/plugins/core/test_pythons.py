"""The editors' own Pythons."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import plugins
from plugins import bundle

FOLDER = Path(plugins.__file__).parent
MODULES = [
    path.relative_to(FOLDER).as_posix() for part in ("core", *bundle.EDITORS) for path in FOLDER.glob(f"{part}/**/*.py")
]


@pytest.mark.parametrize("name", sorted(MODULES))
def test_every_module_is_python_3_9(name: str) -> None:
    tree = ast.parse((FOLDER / name).read_text("utf-8"), feature_version=(3, 9))
    imported = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 0]
    if len(tree.body) > 1:  # more than a docstring
        assert "__future__" in imported
