from __future__ import annotations

import platform
import sys

import pytest

from server.engine.fused import compiler
from server.engine.fused.compiler import CompilerError, compile_program
from server.engine.fused.kernel_source import kernel_source

pytestmark = pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="the compiler is installed on Linux only"
)


@pytest.mark.parametrize("options", [[], ["-DHALF"]])
@pytest.mark.parametrize("architecture", ["sm_75", "sm_90", "sm_120"])
def test_the_kernels_compile(architecture: str, options: list[str]) -> None:
    module = compile_program(kernel_source(), [f"--gpu-architecture={architecture}", *options])
    assert module.startswith(b"\x7fELF")
    assert b"same_wide" in module


def test_what_the_compiler_says_is_told() -> None:
    with pytest.raises(CompilerError, match="undefined") as raised:
        compile_program("__global__ void kernel() { nothing(); }", ["--gpu-architecture=sm_75"])
    assert "\0" not in str(raised.value)


def test_where_there_is_no_compiler_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "_NAME", "libnowhere.so")
    with pytest.raises(CompilerError, match=r"libnowhere\.so is not installed; pip install"):
        compile_program("", [])
