"""The source of the kernels: one CUDA program, from several files."""

from __future__ import annotations

from importlib.resources import files

_FILES = ("values.cu", "glue.cu", "statistics.cu", "transfer.cu")


def kernel_source() -> str:
    """All files in the order in which they build on each other. The compiler's messages name each by its own name."""
    folder = files(__package__).joinpath("cuda")
    return "".join(f'#line 1 "{name}"\n{folder.joinpath(name).read_text("utf-8")}' for name in _FILES)
