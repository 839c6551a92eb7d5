"""ONNX files that are damaged, contradict themselves or ask for odd things, in the folder of a server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import onnx
from onnx import TensorProto

from tests import factories
from tests.fuzz.dice import NUMBERS, TEXTS, mutated
from tests.server.engine.tiled.drafts import INPUT, OUTPUT
from tests.server.filters.networks import channels_last, residual, skipping

FOREIGN = f'input = "{INPUT}"\noutput = "{OUTPUT}"\nlayout = "NCHW"\nrange = [-1, 1]\nmultiple = 4\n'
_NUMBERS = (*(number for number in NUMBERS if number < 1 << 63), -1, -2, 4, 7, 1000)
_OPERATORS = (
    "Abs Add ArgMax AveragePool BatchNormalization Cast Clip Concat ConstantOfShape Conv ConvTranspose CumSum"
    " DepthToSpace Div DynamicQuantizeLinear Einsum Expand Gather GridSample GroupNormalization Identity If"
    " InstanceNormalization LayerNormalization Loop MatMul MaxPool Mod Nope NonZero OneHot Pad RandomNormal Range"
    " ReduceMean Reshape Resize Scan ScatterND SequenceAt Shape Slice Softmax SpaceToDepth Split Sqrt Tile TopK"
    " Transpose Unsqueeze Upsample Where"
)


def network(dice: Random) -> tuple[bytes, str | None]:
    """An ONNX file and the sidecar that it needs, if it needs one; changed in one to three places."""
    seed, described = dice.choice(_SEEDS)
    made = onnx.ModelProto()
    made.CopyFrom(seed)
    for _ in range(dice.randint(1, 3)):
        dice.choice(_CHANGES)(made, dice)
    data = made.SerializeToString()
    return (mutated(data, dice) if dice.random() < 0.2 else data), described


def put(folder: Path, name: str, data: bytes, described: str | None) -> None:
    """Writes them as NAME.onnx and NAME.toml."""
    if described is not None:
        (folder / f"{name}.toml").write_text(described)
    factories.put_bytes(folder / f"{name}.onnx", data)


def remove(folder: Path, name: str) -> None:
    for suffix in (".onnx", ".toml"):
        (folder / f"{name}{suffix}").unlink(missing_ok=True)


def _seeds() -> Sequence[tuple[onnx.ModelProto, str | None]]:
    own = [
        factories.identity(identifier="seed"),
        factories.normalising(identifier="seed"),
        factories.half(identifier="seed"),
        factories.centring(identifier="seed"),
        factories.darkening(identifier="seed"),
    ]
    foreign = [onnx.load_model_from_string(data) for data in (residual(1), skipping(1))]
    last = onnx.load_model_from_string(channels_last(residual(1)))
    return [
        *((made, None) for made in own),
        *((made, FOREIGN) for made in foreign),
        (last, FOREIGN.replace("NCHW", "NHWC")),
    ]


def _operator(model: onnx.ModelProto, dice: Random) -> None:
    dice.choice(model.graph.node).op_type = dice.choice(_OPERATORS.split())


def _attribute(model: onnx.ModelProto, dice: Random) -> None:
    with_any = [node for node in model.graph.node if node.attribute]
    if not with_any:
        return
    one = dice.choice(dice.choice(with_any).attribute)
    if one.ints:
        one.ints[dice.randrange(len(one.ints))] = dice.choice(_NUMBERS)
    else:
        one.i, one.f = dice.choice(_NUMBERS), dice.choice((0.0, -1.0, 1e30, float("nan")))


def _wiring(model: onnx.ModelProto, dice: Random) -> None:
    node = dice.choice(model.graph.node)
    ends = dice.choice((node.input, node.output))
    names = [name for other in model.graph.node for name in (*other.input, *other.output)]
    if ends:
        ends[dice.randrange(len(ends))] = dice.choice((*names, "", "nope"))


def _nodes(model: onnx.ModelProto, dice: Random) -> None:
    nodes = list(model.graph.node)
    place = dice.randrange(len(nodes))
    if dice.random() < 0.5 and len(nodes) > 1:
        del model.graph.node[place]
    else:
        model.graph.node.insert(dice.randint(0, len(nodes)), nodes[place])


def _weights(model: onnx.ModelProto, dice: Random) -> None:
    if not model.graph.initializer:
        return
    tensor = dice.choice(model.graph.initializer)
    match dice.randrange(4):
        case 0 if tensor.dims:
            tensor.dims[dice.randrange(len(tensor.dims))] = dice.choice(_NUMBERS)
        case 1:
            tensor.data_type = dice.randrange(30)
        case 2:
            tensor.raw_data = mutated(tensor.raw_data, dice)
        case _:
            tensor.data_location = TensorProto.EXTERNAL
            location = dice.choice(("weights.bin", "../weights.bin", "/etc/hostname", "", "nul\0"))
            tensor.external_data.add(key="location", value=location)


def _ends(model: onnx.ModelProto, dice: Random) -> None:
    end = dice.choice((*model.graph.input, *model.graph.output)).type.tensor_type
    if dice.random() < 0.4 or not end.shape.dim:
        end.elem_type = dice.randrange(25)
    elif dice.random() < 0.5:
        end.shape.dim[dice.randrange(len(end.shape.dim))].dim_value = dice.choice(_NUMBERS)
    else:
        del end.shape.dim[dice.randrange(len(end.shape.dim))]


def _versions(model: onnx.ModelProto, dice: Random) -> None:
    if dice.random() < 0.5:
        model.ir_version = dice.choice((0, 1, 3, 99, 1 << 40))
    elif model.opset_import:
        model.opset_import[0].version = dice.choice((0, 1, 7, 9, 11, 13, 19, 99, -1))


def _texts(model: onnx.ModelProto, dice: Random) -> None:
    text = dice.choice(TEXTS)
    if model.metadata_props and dice.random() < 0.6:
        dice.choice(model.metadata_props).value = text
    else:
        dice.choice(model.graph.node).name = text


def _domain(model: onnx.ModelProto, dice: Random) -> None:
    dice.choice(model.graph.node).domain = dice.choice(("com.microsoft", "ai.onnx.ml", "nope", "ai.onnx.training"))


_SEEDS = _seeds()
_CHANGES: Sequence[Callable[[onnx.ModelProto, Random], None]] = (
    _operator,
    _attribute,
    _attribute,
    _wiring,
    _nodes,
    _weights,
    _weights,
    _ends,
    _versions,
    _texts,
    _domain,
)
