#!/usr/bin/env bash
# onnxruntime 1.24.1 (CPU): AveragePool of opset 19 and newer with count_include_pad=1 gives wrong values along an edge
# where the padding of two opposite sides differs, and at opsets 19 and 20 so does a Pad of zeros before an AveragePool
# without padding, which the optimiser joins into one node. Nothing is raised. Up to opset 18, and in 1.31.1, it is right.
# Seen (30 Nov 2026, Python 3.11), greatest error for values from 0 to 1, pads 1, 0, 2, 1, opset 20:
#   1.24.1: one node off by 0.54, pair off by 0.54, pair without optimisation right
#   1.31.1: one node right, pair right, pair without optimisation right
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/average.py" <<'END'
import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

PADS = [1, 0, 2, 1]
picture = np.random.default_rng(0).random((1, 3, 25, 17), np.float32)
padded = np.pad(picture, ((0, 0), (0, 0), PADS[::2], PADS[1::2]))
right = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3)).mean(axis=(-1, -2))


def error(nodes, optimise=True):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, "h", "w" + name]) for name in "xy"]
    sides = numpy_helper.from_array(np.array([0, 0, *PADS[:2], 0, 0, *PADS[2:]]), "sides")
    graph = helper.make_graph(nodes, "average", ends[:1], ends[1:], [sides])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if not optimise:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    off = np.abs(session.run(None, {"x": picture})[0] - right).max()
    return "right" if off < 1e-5 else f"off by {off:.2f}"


one = [helper.make_node("AveragePool", ["x"], ["y"], kernel_shape=[3, 3], pads=PADS, count_include_pad=1)]
pair = [
    helper.make_node("Pad", ["x", "sides"], ["padded"]),
    helper.make_node("AveragePool", ["padded"], ["y"], kernel_shape=[3, 3]),
]
print(f"one node {error(one)}, pair {error(pair)}, pair without optimisation {error(pair, optimise=False)}")
END
check() { # VERSION EXPECTED
    python3 -m venv --clear "$folder/env"
    "$folder/env/bin/pip" install --quiet --disable-pip-version-check "onnxruntime==$1" onnx==1.20.0 numpy==2.4.6
    said=$("$folder/env/bin/python" "$folder/average.py")
    echo "$1: $said"
    [[ "$said" == "$2" ]] || { echo "changed: expected $2" >&2; exit 1; }
}
check 1.24.1 "one node off by 0.54, pair off by 0.54, pair without optimisation right"
check 1.31.1 "one node right, pair right, pair without optimisation right"
