#!/usr/bin/env bash
# torch 2.13.0: torch.load looks at the suffix of a path before it looks at the file. A path that ends in .safetensors
# is handed to the package safetensors, and refused where that is not installed, even if the file was written by
# torch.save; given the same file opened, torch.load reads it.
# Seen (30 Nov 2026, Python 3.11):
#   path: RuntimeError: Attempting to load a safetensors file but safetensors is not installed. Please install ...
#   file: {'weight': tensor([1.])}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
"$folder/env/bin/python" - "$folder" <<'END'
import sys
from pathlib import Path

import torch

path = Path(sys.argv[1], "weights.safetensors")
with path.open("wb") as file:
    torch.save({"weight": torch.ones(1)}, file)
try:
    by_path = f"{torch.load(path, weights_only=True)}"
except Exception as error:
    by_path = f"{type(error).__name__}: {error}"
with path.open("rb") as file:
    by_file = torch.load(file, weights_only=True)
print("path:", by_path.splitlines()[0])
print("file:", by_file)
if "safetensors" not in by_path or by_file["weight"].item() != 1:
    sys.exit("changed")
END
