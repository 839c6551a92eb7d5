#!/usr/bin/env bash
# onnxruntime 1.31.1 (CPU): Conv with auto_pad SAME_UPPER (or SAME_LOWER) and dilations above 1, which ONNX defines and
# its checker and reference implementation take, is refused when it runs. The same convolution with its padding written
# out is computed. Converters from TensorFlow write such nodes for dilated networks.
# Seen (30 Nov 2026, Python 3.11):
#   reference implementation: shape (1, 1, 8, 8)
#   onnxruntime: InvalidArgument
#   onnxruntime, padding written out: shape (1, 1, 8, 8)
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
from onnx.reference import ReferenceEvaluator

picture = np.random.default_rng(0).random((1, 1, 8, 8), np.float32)


def dilated(**padding):
    node = helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=[3, 3], dilations=[2, 2], **padding)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, "h", "w"]) for name in "xy"]
    weight = numpy_helper.from_array(np.ones((1, 1, 3, 3), np.float32), "w")
    graph = helper.make_graph([node], "dilated", ends[:1], ends[1:], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return model


def run(model):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return f"shape {session.run(None, {'x': picture})[0].shape}"


seen = [f"shape {ReferenceEvaluator(dilated(auto_pad='SAME_UPPER')).run(None, {'x': picture})[0].shape}"]
try:
    seen.append(run(dilated(auto_pad="SAME_UPPER")))
except Exception as error:
    seen.append(type(error).__name__)
seen.append(run(dilated(pads=[2, 2, 2, 2])))
print(f"reference implementation: {seen[0]}\nonnxruntime: {seen[1]}\nonnxruntime, padding written out: {seen[2]}")
if seen != ["shape (1, 1, 8, 8)", "InvalidArgument", "shape (1, 1, 8, 8)"]:
    sys.exit("changed")
END
