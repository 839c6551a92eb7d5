"""What errors say of a network, in words that a caller can be told."""

from __future__ import annotations

import pytest

from server.engine.failure import NetworkFault, cause

PREFIX = "[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : "
RUNNING = f"{PREFIX}Non-zero status code returned while running Add node. Name:'node_add' Status Message: "
SOURCES = "/onnxruntime_src/onnxruntime/core"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            f"{RUNNING}{SOURCES}/providers/cpu/math/element_wise_ops.h:540 void onnxruntime::BroadcastIterator::Append("
            "ptrdiff_t, ptrdiff_t) axis == 1 || axis == largest was false. Attempting to broadcast an axis by a"
            " dimension other than 1. 16 by 20\n",
            "its operation Add says: Attempting to broadcast an axis by a dimension other than 1. 16 by 20",
        ),
        (f"{RUNNING}invalid expand shape", "its operation Add says: invalid expand shape"),
        (
            f"{RUNNING}concatbase.h:133 PrepareForComputeImpl Non concat axis dimensions must match: Axis 3",
            "its operation Add says: Non concat axis dimensions must match: Axis 3",
        ),
        (
            f"{PREFIX}{SOURCES}/graph/model.cc:181 onnxruntime::Model::Model(ModelProto&&, const PathString&, const"
            " std::function<void(int)>&) Unsupported model IR version: 99, max supported IR version: 13\n",
            "Unsupported model IR version: 99, max supported IR version: 13",
        ),
        (
            f"{PREFIX}Node () Op (Pad) {SOURCES}/graph/graph.cc:2810 virtual const onnx::TensorProto*"
            " onnxruntime::InferenceContextImpl::getInputData(size_t) const [ONNXRuntimeError] : 1 : FAIL :"
            " tensorprotoutils.cc:1534 ValidateEmbedded Initializer 'axes' has another size\n",
            "Node () Op (Pad) Initializer 'axes' has another size",
        ),
        (
            f"{PREFIX}Deserialize tensor shift failed.endian_utils.cc:66 CopyLittleEndian size mismatch",
            "Deserialize tensor shift failed. size mismatch",
        ),
        (
            f"{PREFIX}Node () Op (Transpose) [TypeInferenceError] Invalid attribute perm",
            "Node () Op (Transpose) Invalid attribute perm",
        ),
        (f"{PREFIX}{'x' * 1000}", "x" * 300),
    ],
)
def test_onnxruntimes_words_are_told_without_its_sources(text: str, words: str) -> None:
    assert cause(RuntimeError(text)) == words


def test_what_a_network_does_and_what_the_system_says_is_told() -> None:
    assert cause(NetworkFault("The network answered with nothing.")) == "the network answered with nothing"
    assert cause(OSError(28, "No space left on device", "/home/someone")) == "No space left on device"


@pytest.mark.parametrize("error", [KeyError("secret"), RuntimeError("/home/someone"), ValueError("x"), MemoryError()])
def test_what_nobody_foresaw_is_not(error: Exception) -> None:
    assert cause(error) is None
