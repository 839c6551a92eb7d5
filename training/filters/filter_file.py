"""Writes a generator as a filter: one ONNX file that carries its own description.

Before the file is written, onnxruntime's answers are compared with PyTorch's at three sizes.
"""

from __future__ import annotations

import base64
import copy
import logging
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from pleinair.common.files import write_whole
from pleinair.common.metadata import FORMAT, VALUE_RANGE, key
from torch import Tensor, nn

from training.data.channels import as_channels
from training.errors import InputError
from training.filters.provenance import commit, package_version
from training.filters.thumbnail import thumbnail_webp
from training.networks.generator import Generator

OPSET = 20
CHECKED_SIZES = ((64, 64), (72, 100), (130, 66))
TOLERANCE = {torch.float32: 1e-4, torch.float16: 2e-2}
MOST_CHANNELS = 4  # of a picture: RGB and alpha


class InexactFilter(RuntimeError):
    """Raised when onnxruntime's answers are not PyTorch's; the text says how far apart they are and what to do."""


def write_filter(
    generator: Generator, path: Path, *, about: Mapping[str, str], sample: Tensor | None = None, half: bool = False
) -> float:
    """Writes the generator to ``path`` as a filter, float16 if ``half``, described by ``about``.

    ``sample``: a source picture (1, c, h, w) in [-1, 1] for the thumbnail. Returns the largest difference to
    PyTorch's float32 answer that was seen, in units of [-1, 1]. Raises InputError when the file cannot be written, and
    InexactFilter when that difference is above the tolerance (1e-4; float16 2e-2).
    """
    network = FilterNetwork(generator)
    model = _to_onnx(copy.deepcopy(network).half() if half else network, network.channels)
    own = {
        "format": FORMAT,
        "spatial_multiple": str(generator.multiple),
        "value_range": VALUE_RANGE,
        "package_version": package_version(),
        "commit": commit(),
        "thumbnail": base64.b64encode(_thumbnail(network, sample)).decode("ascii"),
    }
    onnx.helper.set_model_props(model, {key(name): text for name, text in {**about, **own}.items()})
    contents = model.SerializeToString()
    difference = _difference(network, contents, generator.multiple)
    tolerance = TOLERANCE[torch.float16 if half else torch.float32]
    if not difference <= tolerance:
        advice = "leave out --fp16" if half else "try an earlier checkpoint"
        raise InexactFilter(
            f"The exported filter differs from PyTorch by {difference:.2g}, more than {tolerance:.0e}; {advice}."
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, contents)
    except OSError as error:
        raise InputError(f"The filter cannot be written to {path} ({error.strerror}); choose another place.") from None
    return difference


class FilterNetwork(nn.Module):
    """What a filter computes: (N, channels, H, W) -> (N, channels_out, H, W) in [-1, 1]; grey ends become RGB.

    A grey input is taken as the luma of RGB, a grey output is repeated; other numbers of channels stay as they are.
    """

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.network = generator.exportable()
        self.channels_in = generator.channels_in
        self.channels, self.channels_out = (
            3 if own == 1 else own for own in (generator.channels_in, generator.channels_out)
        )

    def forward(self, x: Tensor) -> Tensor:
        return as_channels(self.network(as_channels(x, self.channels_in)), self.channels_out)


def _thumbnail(network: FilterNetwork, sample: Tensor | None) -> bytes:
    """Returns a picture of before and after, or nothing without a sample or with channels that make no picture."""
    if sample is None:
        return b""
    before = sample.expand(-1, network.channels, -1, -1) if sample.shape[1] == 1 else sample
    if before.shape[1] != network.channels:
        return b""
    with torch.no_grad():
        after = network(before)
    return thumbnail_webp(before, after) if max(before.shape[1], after.shape[1]) <= MOST_CHANNELS else b""


def _to_onnx(network: nn.Module, channels: int) -> onnx.ModelProto:
    dtype = next(network.parameters()).dtype
    axes = {axis: torch.export.Dim(name) for axis, name in {0: "batch", 2: "height", 3: "width"}.items()}
    example = torch.zeros(2, channels, 64, 96, dtype=dtype)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own deprecations
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        file = Path(folder) / "filter.onnx"
        torch.onnx.export(
            network,
            (example,),
            file,
            input_names=["image"],
            output_names=["translated"],
            dynamic_shapes=(axes,),
            opset_version=OPSET,
            external_data=False,
            dynamo=True,
            verbose=False,
        )
        model = onnx.load(file)
    _forget_traces(model.graph)
    return model


def _forget_traces(graph: onnx.GraphProto) -> None:
    """Removes the paths on this machine: the exporter notes on every part which lines of which files made it."""
    for part in (graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        del part.metadata_props[:]


def _difference(network: FilterNetwork, contents: bytes, multiple: int) -> float:
    """Returns the largest absolute difference between onnxruntime and PyTorch, over pictures of three sizes."""
    session = onnxruntime.InferenceSession(contents, providers=["CPUExecutionProvider"])
    random = torch.Generator().manual_seed(0)
    differences = []
    for height, width in CHECKED_SIZES:
        size = [-(-length // multiple) * multiple for length in (height, width)]
        picture = torch.rand(1, network.channels, *size, generator=random) * 2 - 1
        with torch.no_grad():
            expected = network(picture)
        differences.append(np.abs(_run(session, picture) - expected.numpy()).max())
    return float(max(differences))


def _run(session: onnxruntime.InferenceSession, picture: Tensor) -> np.ndarray:
    dtype = np.float16 if session.get_inputs()[0].type == "tensor(float16)" else np.float32
    (answer,) = session.run(["translated"], {"image": picture.numpy().astype(dtype)})
    return np.asarray(answer, dtype=np.float32)
