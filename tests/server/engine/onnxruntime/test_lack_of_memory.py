"""How onnxruntime says that memory does not suffice."""

from __future__ import annotations

import pytest

from server.engine.onnxruntime.lack_of_memory import is_lack_of_memory


@pytest.mark.parametrize("text", ["CUDA failure 2: out of memory", "std::bad_alloc", "CUDNN_STATUS_ALLOC_FAILED"])
def test_lack_of_memory_is_known_by_its_words(text: str) -> None:
    assert is_lack_of_memory(RuntimeError(text))
    assert not is_lack_of_memory(RuntimeError("no such file"))
