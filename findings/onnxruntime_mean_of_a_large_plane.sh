#!/usr/bin/env bash
# onnxruntime 1.31.1 (CPU, float32): ReduceMean over the two last axes at once loses digits of the mean of a large plane
# whose values lie far from 0, more than half a value's deviation here. ReduceMean over the last axis, then over the one
# before it, is right, though it is the same mean; numpy and PyTorch are right with both axes at once. A network that
# normalises by such a mean shows it.
# Seen (30 Nov 2026, Python 3.11, x86-64), a plane of 2048 x 2048 with values from 248 to 252, deviation 1.41:
#   over both axes at once: off by 0.6; over one, then the other: off by 0.000073
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check onnxruntime==1.31.1 onnx==1.23.2 numpy==2.4.6
"$folder/env/bin/python" - <<'END'
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def off_by(plane: np.ndarray, *steps: list[int]) -> float:
    nodes, stored, name = [], [], "x"
    for index, axes in enumerate(steps):
        stored.append(numpy_helper.from_array(np.array(axes, np.int64), f"axes{index}"))
        nodes.append(helper.make_node("ReduceMean", [name, f"axes{index}"], [f"mean{index}"]))
        name = f"mean{index}"
    ends = [helper.make_tensor_value_info(end, TensorProto.FLOAT, None) for end in ("x", name)]
    graph = helper.make_graph(nodes, "mean", ends[:1], ends[1:], stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return abs(float(session.run(None, {"x": plane})[0].item()) - plane.mean(dtype=np.float64))


plane = (250 + np.random.default_rng(0).integers(-2, 3, (1, 1, 2048, 2048))).astype(np.float32)
both, apart = off_by(plane, [2, 3]), off_by(plane, [3], [2])
print(f"over both axes at once: off by {both:.1f}; over one, then the other: off by {apart:.6f}")
if not (both > 0.5 and apart < 0.001):
    sys.exit("changed")
END
