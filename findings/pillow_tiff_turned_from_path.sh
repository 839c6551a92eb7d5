#!/usr/bin/env bash
# Pillow 13.0.0: an uncompressed grey TIFF (of 8 or 16 bits) with an orientation of 5 to 8 (a scan on its side) has other pixels when it is
# opened by its path than when the same bytes are opened as a stream. By path Pillow maps the file into memory, turns the
# size for the orientation first, and then reads rows of the turned width. Nothing is raised. Compressed files, files of
# three channels, and streams are right.
# Seen (30 Nov 2026, Python 3.11), for the rows 0 1 2 and 3 4 5 with orientation 6 (turn by 90 degrees to the right):
#   stream [[3, 0], [4, 1], [5, 2]]
#   path   [[4, 2, 0], [5, 3, 1]]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 numpy==2.4.6
"$folder/env/bin/python" - "$folder" <<'END'
import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image

path = Path(sys.argv[1], "turned.tif")
Image.fromarray(np.arange(6, dtype=np.uint8).reshape(2, 3)).save(path, tiffinfo={274: 6})


def pixels(image: Image.Image) -> list[list[int]]:
    image.load()
    return np.asarray(image).tolist()


from_stream, from_path = pixels(Image.open(io.BytesIO(path.read_bytes()))), pixels(Image.open(path))
print("stream", from_stream)
print("path  ", from_path)
if (from_stream, from_path) != ([[3, 0], [4, 1], [5, 2]], [[4, 2, 0], [5, 3, 1]]):
    sys.exit("changed")
END
