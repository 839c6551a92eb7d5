"""Which of ONNX's operations a filter may have: those whose work the picture's size tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import onnx

from server.errors import FilterProblem

# How often these repeat what is in them may depend on the picture: a picture could keep the device for ever.
_ENDLESS = {"Loop", "Scan", "SequenceMap"}

# These are about texts and files, not about pictures that are being computed.
_NOT_FOR_PICTURES = {
    "ImageDecoder",
    "RegexFullMatch",
    "StringConcat",
    "StringNormalizer",
    "StringSplit",
    "TfIdfVectorizer",
}

# onnxruntime's own, as its optimisers and quantisers write them into files.
_ONNXRUNTIME = "com.microsoft"
_CONTRIBUTED = {
    "Attention",
    "BiasAdd",
    "BiasGelu",
    "BiasSoftmax",
    "BiasSplitGelu",
    "ConvTransposeWithDynamicPads",
    "CropAndResize",
    "DequantizeLinear",
    "DynamicQuantizeMatMul",
    "FastGelu",
    "FusedConv",
    "FusedGemm",
    "FusedMatMul",
    "Gelu",
    "GridSample",
    "GroupNorm",
    "Inverse",
    "Irfft",
    "MatMulInteger16",
    "MatMulIntegerToFloat",
    "MatMulNBits",
    "MultiHeadAttention",
    "NhwcConv",
    "NhwcFusedConv",
    "NhwcMaxPool",
    "Pad",
    "QAttention",
    "QGemm",
    "QLinearAdd",
    "QLinearAveragePool",
    "QLinearConcat",
    "QLinearConv",
    "QLinearGlobalAveragePool",
    "QLinearLeakyRelu",
    "QLinearMul",
    "QLinearReduceMean",
    "QLinearSigmoid",
    "QLinearSoftmax",
    "QLinearWhere",
    "QuantizeLinear",
    "QuickGelu",
    "ReduceSumInteger",
    "Rfft",
    "SkipGroupNorm",
    "SkipLayerNormalization",
    "SkipSimplifiedLayerNormalization",
    "TransposeMatMul",
    "Trilu",
    "UnfoldTensor",
}

# Of networks that make pictures of pictures the largest have some thousands.
_MOST = 20_000


def check_operators(model: onnx.ModelProto) -> None:
    """Raises FilterProblem for the first operation, also of a subgraph or function, that a filter may not have, and for
    more operations than can be loaded in seconds."""
    nodes = list(_nodes(model))
    if len(nodes) > _MOST:
        raise FilterProblem(f"It has {len(nodes)} operations, and at most {_MOST} are taken; export a smaller network.")
    own = {(_domain(function.domain), function.name) for function in model.functions}
    for node in nodes:
        domain = _domain(node.domain)
        if (domain, node.op_type) in own or node.op_type in _allowed(domain):
            continue
        name = f"{domain[:50]}.{node.op_type[:50]}" if domain else node.op_type[:50]
        if node.op_type in _ENDLESS and not domain:
            raise FilterProblem(
                f"It has the operation {name!r}, so that nobody can tell how long a picture takes; export it with its"
                " rounds written out."
            )
        raise FilterProblem(
            f"It has the operation {name!r}, which is none of ONNX's operations on pictures; export it with those"
            " alone."
        )


def _nodes(model: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    yield from _with_subgraphs(model.graph.node)
    for function in model.functions:
        yield from _with_subgraphs(function.node)


def _with_subgraphs(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    for node in nodes:
        yield node
        for attribute in node.attribute:
            for graph in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                yield from _with_subgraphs(graph.node)


def _domain(name: str) -> str:
    return "" if name == "ai.onnx" else name


@cache
def _allowed(domain: str) -> frozenset[str]:
    if domain == _ONNXRUNTIME:
        return frozenset(_CONTRIBUTED)
    if domain:
        return frozenset()
    known = {schema.name for schema in onnx.defs.get_all_schemas_with_history() if not schema.domain}
    return frozenset(known - _ENDLESS - _NOT_FOR_PICTURES)
