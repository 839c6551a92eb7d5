#!/usr/bin/env bash
# torch 2.13.0 with onnxscript 0.7.2 and onnx 1.23.2: torch.onnx.export(..., dynamo=True, opset_version=13) of a network
# of dynamic height and width, a single convolution too, raises nothing and writes opset 18. Inside, the conversion from
# 18 fails ("No Adapter From Version $15 for Shape"), which a log line alone tells, and the model stays as it was. The
# same network of a fixed size becomes 13, and 17 is reached with dynamic sizes, too. Who needs 13 looks at opset_import.
# Seen (30 Nov 2026, Python 3.11):
#   fixed size, asked for 13: 13; dynamic, asked for 13: 18; dynamic, asked for 17: 17
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check \
    torch==2.13.0 onnx==1.23.2 onnxscript==0.7.2 numpy==2.4.6
"$folder/env/bin/python" - "$folder" 2>/dev/null <<'END'
import sys
from pathlib import Path

import onnx
import torch


def opset(asked, dynamic):
    path, picture = str(Path(sys.argv[1], "network.onnx")), torch.zeros(1, 3, 64, 96)
    sizes = ({2: torch.export.Dim("height"), 3: torch.export.Dim("width")},) if dynamic else None
    network = torch.nn.Conv2d(3, 3, 3, padding=1).eval()
    torch.onnx.export(
        network, (picture,), path, dynamo=True, opset_version=asked, dynamic_shapes=sizes, verbose=False
    )
    return onnx.load(path).opset_import[0].version


seen = opset(13, False), opset(13, True), opset(17, True)
print("fixed size, asked for 13: %d; dynamic, asked for 13: %d; dynamic, asked for 17: %d" % seen)
if seen != (13, 18, 17):
    sys.exit("changed")
END
