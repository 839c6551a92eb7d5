"""The editors' own Pythons."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import plugins.core

FOLDER = Path(plugins.core.__file__).parent


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_every_module_is_python_3_9(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"), feature_version=(3, 9))
    imported = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 0]
    if len(tree.body) > 1:  # more than a docstring
        assert "__future__" in imported
