#!/usr/bin/env bash
# PyTorch 2.13.0 on a processor: in a process that may not have memory that is writable and executable (prctl
# PR_SET_MDWE, which is what systemd's MemoryDenyWriteExecute=yes asks for on a Linux of 6.3 or newer), conv2d raises
# RuntimeError "could not create a primitive": oneDNN writes its kernels when they are first wanted. matmul works there,
# and so does onnxruntime 1.31.1, whose kernels are compiled beforehand. A service that serves with onnxruntime can be
# hardened so, one that trains cannot.
# Seen (1 Dec 2026, Python 3.11, Linux 6.18): {'prctl': 0, 'matmul': 'works', 'conv2d': 'could not create a primitive',
# 'onnxruntime Conv': 'works'}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 onnxruntime==1.31.1 onnx==1.23.2 numpy==2.3.5
"$folder/env/bin/python" - <<'END'
import ctypes
import sys

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import helper

PR_SET_MDWE, REFUSE_EXEC_GAIN = 65, 1
seen = {"prctl": ctypes.CDLL(None, use_errno=True).prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0)}


def tried(name, work):
    try:
        work()
        seen[name] = "works"
    except RuntimeError as error:
        seen[name] = str(error).splitlines()[0]


picture, weight = torch.zeros(1, 16, 64, 64), torch.zeros(16, 16, 3, 3)
value = helper.make_tensor_value_info
graph = helper.make_graph(
    [helper.make_node("Conv", ["x", "w"], ["y"])],
    "g",
    [value("x", 1, [1, 16, 64, 64]), value("w", 1, [16, 16, 3, 3])],
    [value("y", 1, None)],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
tried("matmul", lambda: torch.ones(64, 64) @ torch.ones(64, 64))
tried("conv2d", lambda: torch.nn.functional.conv2d(picture, weight))
tried(
    "onnxruntime Conv",
    lambda: onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(
        None, {"x": picture.numpy(), "w": weight.numpy()}
    ),
)
print(seen)
expected = {"prctl": 0, "matmul": "works", "conv2d": "could not create a primitive", "onnxruntime Conv": "works"}
if seen != expected:
    sys.exit("changed")
END
