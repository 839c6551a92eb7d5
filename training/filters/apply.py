"""Translates pictures with a filter on this machine, without a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image
from pleinair.common.files import write_whole
from pleinair.common.metadata import key

from training.data.display import encode
from training.errors import InputError
from training.metrics.picture_files import PictureFiles

_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
_DEFAULT_MULTIPLE = 4


class Filter:
    """An ONNX filter on the CPU. Raises InputError for a file that does not exist or is not a filter."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise InputError(f"There is no filter {path}; name a filter's ONNX file.")
        try:
            options = onnxruntime.SessionOptions()
            options.log_severity_level = 4
            self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            told = self._session.get_modelmeta().custom_metadata_map
            self._multiple = max(1, int(told.get(key("spatial_multiple"), _DEFAULT_MULTIPLE)))
            ends = {end.name: end for end in (*self._session.get_inputs(), *self._session.get_outputs())}
            self._type: Any = _TYPES[ends["image"].type]
            ends["translated"]
        except Exception:  # damaged models raise nearly anything
            raise InputError(
                f"{path} is not a filter; name an ONNX file from python -m training.export, "
                "with the input image and the output translated."
            ) from None

    def translate(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Translates (h, w, 3) -> the same shape; pads by reflection to the filter's multiple and crops again.

        Raises whatever onnxruntime raises, and ValueError for an answer of another shape.
        """
        height, width, _ = picture.shape
        missing = [(0, -length % self._multiple) for length in (height, width)]
        padded = np.pad(picture, (*missing, (0, 0)), mode="reflect")
        image = (padded.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None].astype(self._type)
        (answer,) = self._session.run(["translated"], {"image": image})
        values = np.asarray(answer, np.float32)[0, :, :height, :width].transpose(1, 2, 0)
        if values.shape != picture.shape:
            raise ValueError("the filter answers with another size or another number of channels")
        return ((np.clip(values, -1, 1) + 1) * 127.5).round().astype(np.uint8)


def translate_folder(filter_: Filter, source: PictureFiles, folder: Path) -> Iterator[tuple[int, Path | str]]:
    """Writes each translation as a PNG below ``folder``; yields the source's index and the file, or what went wrong.

    Raises InputError when the folder cannot be written.
    """
    taken: set[Path] = set()
    for index, file in enumerate(source.files):
        name = file.relative_to(source.path)
        target = folder / name.with_suffix(".png")
        if target in taken:  # a.jpg beside a.png
            target = folder / name.with_name(f"{name.name}.png")
        taken.add(target)
        try:
            translated = filter_.translate(source[index])
        except InputError:
            raise
        except Exception:
            yield index, f"{name}: the filter fails on a picture of {source.sizes[index][0]}x{source.sizes[index][1]}"
            continue
        _write(target, translated)
        yield index, target


def _write(path: Path, pixels: NDArray[np.uint8]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, encode(Image.fromarray(pixels), "PNG"))
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}); choose another folder.") from None
