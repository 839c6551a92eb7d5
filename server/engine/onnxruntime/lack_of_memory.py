"""How onnxruntime and what it runs on say that memory does not suffice."""

from __future__ import annotations

# onnxruntime, cuDNN, cuBLAS and CUDA have no type for it, only words.
_WORDS = (
    "out of memory",
    "failed to allocate",
    "bad_alloc",
    "bad allocation",
    "alloc_failed",
    "resource allocation failed",
    "available memory",
)


def is_lack_of_memory(error: BaseException) -> bool:
    """Also for Python's own MemoryError."""
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in _WORDS)
