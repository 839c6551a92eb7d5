"""What the stubs in plugins/stubs promise of the editors' interfaces, and whether an editor keeps it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

STUBS = Path(__file__).parents[2] / "plugins/stubs"
ASKING = Path(__file__).with_name("asking.py")


def promised(*modules: str) -> dict[str, list[str]]:
    """By module the dotted names that its stub declares; a property that is given to a class in brackets, such as
    Box(spacing). Private names, and those of Python's own protocols, are left out."""
    return {module: list(_declared(ast.parse(_stub(module).read_text("utf-8")))) for module in modules}


def _stub(module: str) -> Path:
    path = STUBS.joinpath(*module.split("."))
    return path / "__init__.pyi" if path.is_dir() else path.with_suffix(".pyi")


def _declared(scope: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[str]:
    for node in scope.body:
        name = _name(node)
        if name == "__init__" and isinstance(node, ast.FunctionDef):
            yield from (f"{prefix[:-1]}({argument.arg})" for argument in node.args.kwonlyargs)
        if name.startswith("_"):
            continue
        yield f"{prefix}{name}"
        if isinstance(node, ast.ClassDef):
            yield from _declared(node, f"{prefix}{name}.")


def _name(node: ast.stmt) -> str:
    """Private where nothing is declared."""
    if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        return node.name
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    return target.id if isinstance(target, ast.Name) else "_"
