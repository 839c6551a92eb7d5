#!/usr/bin/env bash
# torch 2.13.0 with onnxscript 0.7.2: torch.onnx.export(..., dynamo=True, opset_version=13) of a U-Net's kind of network,
# one that resizes a map to the size of another, with dynamic height and width, raises nothing and writes opset 18. The
# conversion to 13 fails inside ("No Adapter From Version ... for Shape"), which only a log line tells; a runtime that
# takes opset 13 at most refuses the file. A network without such sizes is converted.
# Seen (30 Nov 2026, Python 3.11):
#   asked for 13: a convolution has opset 13, a network that resizes to another map's size has 18
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
from torch import nn


class Resizing(nn.Module):
    def forward(self, picture):
        small = nn.functional.avg_pool2d(picture, 2)
        return nn.functional.interpolate(small, size=picture.shape[2:]) + picture


def opset(network):
    path = str(Path(sys.argv[1], "network.onnx"))
    sizes = {2: torch.export.Dim("height"), 3: torch.export.Dim("width")}
    picture = torch.zeros(1, 3, 64, 96)
    torch.onnx.export(network, (picture,), path, dynamo=True, opset_version=13, dynamic_shapes=(sizes,), verbose=False)
    return onnx.load(path).opset_import[0].version


seen = opset(nn.Conv2d(3, 3, 3, padding=1)), opset(Resizing())
print(f"asked for 13: a convolution has opset {seen[0]}, a network that resizes to another map's size has {seen[1]}")
if seen != (13, 18):
    sys.exit("changed")
END
