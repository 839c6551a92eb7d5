from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.training.known import picture
from tests.training.published_files import saved, small_resnet
from training.errors import InputError
from training.filters.published import read_published
from training.filters.safetensors import LARGEST_HEADER

KINDS = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64", torch.int64: "I64"}


def contents_of(state: Mapping[str, Tensor], *, pad: int = 0) -> bytes:
    """A file as the format describes it, written with nothing but that description."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    values = b""
    for name, tensor in state.items():
        data = tensor.contiguous().view(-1).view(torch.uint8).numpy().tobytes()
        place = [len(values), len(values) + len(data)]
        header[name] = {"dtype": KINDS[tensor.dtype], "shape": list(tensor.shape), "data_offsets": place}
        values += data
    return with_header(header, values, pad=pad)


def with_header(header: object, values: bytes = b"", *, pad: int = 0) -> bytes:
    text = json.dumps(header).encode() + b" " * pad
    return len(text).to_bytes(8, "little") + text + values


def written(folder: Path, contents: bytes, name: str = "netG.safetensors") -> Path:
    (folder / name).write_bytes(contents)
    return folder / name


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("pad", [0, 1, 2])
def test_a_generator_is_read_with_every_kind_of_float(dtype: torch.dtype, pad: int, tmp_path: Path) -> None:
    network, state = small_resnet()
    kept = {name: value.to(dtype) for name, value in state.items()}
    network.load_state_dict({name: value.to(dtype).float() for name, value in network.state_dict().items()})
    found = read_published(written(tmp_path, contents_of(kept, pad=pad))).generator.eval()
    assert torch.equal(found(picture(3)), network.eval()(picture(3)))


def test_the_contents_count_and_not_the_name(tmp_path: Path) -> None:
    _, state = small_resnet()
    counted = {**state, "model.2.num_batches_tracked": torch.tensor(1)}
    assert read_published(written(tmp_path, contents_of(counted), "a.pth")).method == "cut"
    assert read_published(saved(state, tmp_path, "b.safetensors")).method == "cut"


def entry(**changed: Any) -> dict[str, Any]:
    return {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changed}}


VALUES = b"\0" * 8


@pytest.mark.parametrize(
    ("contents", "sentence"),
    [
        (b"", "its header should have 0 bytes"),
        (b"\x05\0\0", "its header should have 5 bytes, and the file has 3"),
        ((1 << 63).to_bytes(8, "little") + b"{}", "its header should have 9,223,372,036,854,775,808 bytes"),
        (
            (LARGEST_HEADER + 1).to_bytes(8, "little") + b"{" + b" " * LARGEST_HEADER,
            "its header should have 16,777,217",
        ),
        (b"\x02\0\0\0\0\0\0\0{:", "its header is no JSON"),
        (b"\x02\0\0\0\0\0\0\0{\xff", "its header is no JSON"),
        ((10000).to_bytes(8, "little") + b'{"a":' + b"[" * 9995, "its header is no JSON"),
        (with_header([1]), "its header names no tensors"),
        (with_header({"a": 1}), "its header does not say where 'a' is"),
        (with_header(entry(shape=[-2]), VALUES), "its header does not say where 'a' is"),
        (with_header(entry(shape=[1 << 70]), VALUES), "its header does not say where 'a' is"),
        (with_header(entry(shape=[True, 2]), VALUES), "its header does not say where 'a' is"),
        (with_header(entry(data_offsets=[0, 8, 8]), VALUES), "its header does not say where 'a' is"),
        (with_header(entry(dtype="F8_E5M2"), VALUES), "'a' has values of the kind F8_E5M2, of which only F64, F32,"),
        (with_header(entry(shape=[1 << 40, 1 << 40]), VALUES), "and its header gives it 8"),
        (with_header(entry(data_offsets=[8, 0]), VALUES), "'a' needs 8 bytes, and its header gives it -8"),
        (with_header(entry(), VALUES[:7]), "it has 7 bytes of values, which its tensors do not fill"),
        (with_header(entry(data_offsets=[4, 12]), VALUES + VALUES), "after byte 0 comes 4"),
        (with_header({**entry(), "b": entry()["a"]}, VALUES), "after byte 8 comes 0"),
        (contents_of(small_resnet()[1])[:-1], "which its tensors do not fill"),
    ],
)
def test_every_length_is_checked(contents: bytes, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=re.escape(sentence)) as caught:
        read_published(written(tmp_path, contents))
    assert "is not a whole .safetensors file" in str(caught.value)


def test_a_file_without_tensors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds nothing; expected the state_dict"):
        read_published(written(tmp_path, with_header({})))
