"""CUDA's run-time compiler, NVRTC, which is installed with what onnxruntime needs for CUDA."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from ctypes import byref, c_char_p, c_size_t, c_void_p
from pathlib import Path

# The version of CUDA that onnxruntime-gpu is built for.
_FOLDER = "cu13/bin/x86_64" if sys.platform == "win32" else "cu13/lib"
_NAME = "nvrtc64_130_0.dll" if sys.platform == "win32" else "libnvrtc.so.13"
_BUILTINS = "nvrtc-builtins64_13*.dll" if sys.platform == "win32" else "libnvrtc-builtins.so.13*"


class CompilerError(RuntimeError):
    """The compiler is not installed, or it refused the program; the text then is its own."""


def compile_program(source: str, options: Sequence[str]) -> bytes:
    """The module, as CUDA loads it, of a program's source. ``options`` are the compiler's. Raises CompilerError."""
    library = _library()
    program = c_void_p()
    _check(library, library.nvrtcCreateProgram(byref(program), source.encode(), b"kernels.cu", 0, None, None))
    try:
        given = (c_char_p * len(options))(*(option.encode() for option in options))
        if library.nvrtcCompileProgram(program, len(options), given):
            log = _text(library, "nvrtcGetProgramLog", program).rstrip(b"\0\n")
            raise CompilerError(log.decode(errors="replace"))
        return _text(library, "nvrtcGetCUBIN", program)
    finally:
        library.nvrtcDestroyProgram(byref(program))


def _library() -> ctypes.CDLL:
    for folder in _folders():
        with contextlib.suppress(OSError):
            return _from(folder)
    try:
        return ctypes.CDLL(_NAME)  # wherever the system looks
    except OSError:
        raise CompilerError(f"{_NAME} is not installed; pip install 'onnxruntime-gpu[cuda,cudnn]'.") from None


def _folders() -> Iterator[Path]:
    """Where pip installs the library."""
    package = importlib.util.find_spec("nvidia")
    for folder in package.submodule_search_locations or [] if package else []:
        yield Path(folder, _FOLDER)


def _from(folder: Path) -> ctypes.CDLL:
    # NVRTC 13.0, which PyTorch 2.13 brings along, looks for its builtins everywhere but in its own folder; it takes
    # those that are loaded already.
    for builtins in folder.glob(_BUILTINS):
        ctypes.CDLL(str(builtins))
    return ctypes.CDLL(str(folder / _NAME))


def _text(library: ctypes.CDLL, name: str, program: c_void_p) -> bytes:
    size = c_size_t()
    _check(library, library[f"{name}Size"](program, byref(size)))
    text = ctypes.create_string_buffer(size.value)
    _check(library, library[name](program, text))
    return text.raw


def _check(library: ctypes.CDLL, status: int) -> None:
    if status:
        library.nvrtcGetErrorString.restype = c_char_p
        raise CompilerError(library.nvrtcGetErrorString(status).decode())
