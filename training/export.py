"""Turns a checkpoint into a one-file filter: ``python -m training.export runs/monet -o filters/monet.onnx``.

The filter is an ONNX file that carries its own description. Before it is written, onnxruntime's answers are compared
with PyTorch's at three sizes.
"""

from __future__ import annotations

import argparse
import base64
import copy
import logging
import re
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from training.checkpoint import Checkpoint
from training.config import IDENTIFIER
from training.ema import NAME as AVERAGE
from training.errors import InputError
from training.files import write_whole
from training.methods import METHODS
from training.networks.resnet import SPATIAL_MULTIPLE
from training.preview import thumbnail_webp
from training.provenance import commit, package_version
from training.run import RunFolder

FORMAT = "1"
OPSET = 20
CHECKED_SIZES = ((64, 64), (72, 100), (130, 66))
TOLERANCE = {torch.float32: 1e-4, torch.float16: 2e-2}


def export_filter(checkpoint: Checkpoint, path: Path, *, identifier: str, half: bool = False) -> float:
    """Writes the checkpoint's generator, or the averaged one where there is one, as a filter, float16 if ``half``.

    Returns the largest difference to PyTorch's float32 answer that was seen, in units of [-1, 1]. Raises InputError
    when the file cannot be written, RuntimeError when the differences are above the tolerance (1e-4; float16 2e-2).
    """
    method = METHODS[checkpoint.config.method](checkpoint.config, torch.device("cpu"))
    generator = method.networks["generator"]
    generator.load_state_dict(dict(checkpoint.networks.get(AVERAGE, checkpoint.networks["generator"])))
    generator.eval()
    model = _to_onnx(copy.deepcopy(generator).half() if half else generator)
    with torch.no_grad():
        _describe(model, checkpoint, identifier, thumbnail_webp(checkpoint.sample, generator(checkpoint.sample)))
    contents = model.SerializeToString()
    difference = _difference(generator, contents)
    tolerance = TOLERANCE[torch.float16 if half else torch.float32]
    if not difference <= tolerance:
        raise RuntimeError(f"The exported filter differs from PyTorch by {difference:.2g}, more than {tolerance:.0e}.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, contents)
    except OSError as error:
        raise InputError(f"The filter cannot be written to {path} ({error.strerror}); choose another place.") from None
    return difference


def identifier_from(name: str) -> str:
    """Any name as a filter identifier: ``Étretat (2)`` becomes ``tretat-2``."""
    return re.sub(r"[^a-z0-9._]+", "-", name.lower()).strip("-._")[:64] or "filter"


def _to_onnx(network: nn.Module) -> onnx.ModelProto:
    dtype = next(network.parameters()).dtype
    axes = {axis: torch.export.Dim(name) for axis, name in {0: "batch", 2: "height", 3: "width"}.items()}
    example = torch.zeros(2, 3, 64, 96, dtype=dtype)
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
    """The exporter notes on every part which lines of which files made it: the trainer's own paths."""
    for part in (graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        del part.metadata_props[:]


def _describe(model: onnx.ModelProto, checkpoint: Checkpoint, identifier: str, thumbnail: bytes) -> None:
    config = checkpoint.config
    source = config.source_domain or Path(config.source).stem
    target = config.target_domain or Path(config.target).stem
    description = {
        "format": FORMAT,
        "identifier": identifier,
        "title": config.title or identifier.replace("-", " ").replace("_", " ").capitalize(),
        "description": config.description,
        "source_domain": source,
        "target_domain": target,
        "method": config.method,
        "spatial_multiple": str(SPATIAL_MULTIPLE),
        "value_range": "-1,1",
        "licence": config.licence,
        "images_seen": str(checkpoint.images_seen),
        "data_fingerprint": checkpoint.data_fingerprint,
        "package_version": package_version(),
        "commit": commit(),
        "thumbnail": base64.b64encode(thumbnail).decode("ascii"),
    }
    onnx.helper.set_model_props(model, {f"pleinair.{key}": value for key, value in description.items()})


def _difference(generator: nn.Module, contents: bytes) -> float:
    """The largest absolute difference between onnxruntime and PyTorch, over pictures of three sizes."""
    session = onnxruntime.InferenceSession(contents, providers=["CPUExecutionProvider"])
    random = torch.Generator().manual_seed(0)
    differences = []
    for height, width in CHECKED_SIZES:
        picture = torch.rand(1, 3, height, width, generator=random) * 2 - 1
        with torch.no_grad():
            expected = generator(picture)
        differences.append(np.abs(_run(session, picture) - expected.numpy()).max())
    return float(max(differences))


def _run(session: onnxruntime.InferenceSession, picture: Tensor) -> np.ndarray:
    dtype = np.float16 if session.get_inputs()[0].type == "tensor(float16)" else np.float32
    (answer,) = session.run(["translated"], {"image": picture.numpy().astype(dtype)})
    return np.asarray(answer, dtype=np.float32)


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        path, difference = _export(options)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, differs from PyTorch by at most {difference:.1e}")
    return 0


def _export(options: argparse.Namespace) -> tuple[Path, float]:
    place = Path(options.checkpoint)
    checkpoint = Checkpoint.load(RunFolder(place).latest_checkpoint() if place.is_dir() else place)
    run_name = place.name if place.is_dir() else place.parent.parent.name
    identifier = options.identifier or checkpoint.config.identifier or identifier_from(run_name)
    if options.half and not options.identifier:
        identifier = f"{identifier[:59]}-fp16"  # beside the float32 filter in one folder
    if not IDENTIFIER.fullmatch(identifier):
        raise InputError(f"--identifier is {identifier!r}, but must be 1 to 64 of a-z, 0-9, dot, dash and underscore.")
    path = Path(options.output or f"{identifier}.onnx")
    return path, export_filter(checkpoint, path, identifier=identifier, half=options.half)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.export", description="Exports a filter from a run.")
    parser.add_argument("checkpoint", help="a run's folder (its latest checkpoint is taken) or one checkpoint")
    parser.add_argument("-o", "--output", help="the file to write (default: IDENTIFIER.onnx here)")
    parser.add_argument("--identifier", help="the filter's identifier (default: the run's)")
    parser.add_argument("--fp16", dest="half", action="store_true", help="half precision: half the size, for GPUs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
