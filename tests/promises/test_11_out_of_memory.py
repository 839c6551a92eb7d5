"""Where the memory does not suffice, a picture is computed in smaller pieces or refused, and the next call works."""

from __future__ import annotations

from pathlib import Path

import grpc
import numpy as np
import pytest

from tests import factories
from tests.contract.connection import Connection, Reply, chunks_of, failing, frame_of, header_frame
from tests.processes import serving

pytestmark = pytest.mark.slow

# The system refuses the server more than this, whatever its --memory says.
LIMIT = 600 << 20
LIMITED = f"""
import resource, runpy
resource.setrlimit(resource.RLIMIT_DATA, ({LIMIT}, {LIMIT}))
runpy.run_module("server", run_name="__main__", alter_sys=True)
"""
OPTIONS = ("--training", "off", "--threads", "1")
SIDE = 4096


@pytest.fixture
def filters(tmp_path: Path) -> Path:
    folder = tmp_path / "filters"
    folder.mkdir()
    for made in (factories.identity(), factories.normalising()):
        factories.put(folder, made)
    return folder


def test_what_the_system_does_not_give_is_planned_anew_in_smaller_pieces(filters: Path, tmp_path: Path) -> None:
    pixels = np.random.default_rng(11).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    said = tmp_path / "log.txt"
    with (
        said.open("wb") as log,
        serving(filters, "--memory", "4GiB", *OPTIONS, program=("-c", LIMITED), log=log.fileno()) as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        connection = Connection(channel, filters)
        frames = [frame_of("normalising", pixels), *chunks_of(pixels)]
        reply = Reply(list(connection.translation.Translate(iter(frames), timeout=120)))
        assert len(reply.pixels) == pixels.nbytes
        assert f"Memory was exhausted; the picture goes on in {reply.summary.pieces} pieces." in said.read_text()
        assert connection.is_well()


def test_what_can_never_fit_is_refused_before_its_pixels_are_read(filters: Path) -> None:
    with (
        serving(filters, "--memory", "64MiB", *OPTIONS) as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        connection = Connection(channel, filters)
        with failing() as failures:
            connection.send([header_frame(width=SIDE, height=2 * SIDE)])
        assert (failures[0].code, failures[0].reason) == ("RESOURCE_EXHAUSTED", "OUT_OF_MEMORY")
        assert "64 MiB" in failures[0].sentence and "--memory" in failures[0].sentence
        assert connection.is_well()
