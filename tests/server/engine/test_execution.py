"""One picture's computation: what happens when memory is out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from server.engine.any_size import TensorSource
from server.engine.execution import MOST_NEW_PLANS, Run
from server.engine.onnxruntime.backend import Device
from server.engine.pixels import Tensor
from tests.server.engine.stand_in import StandIn


def exhausted(*, enough: int, least: int = 1) -> StandIn:
    """Fails at its second piece while it has more than ``enough`` bytes."""
    canvas = StandIn(pieces=3, least=least, most=1000)

    def fail(number: int, options: Any) -> None:
        if number == 1 and canvas.plans[-1].memory_bytes > enough:
            raise MemoryError

    canvas.before = fail
    return canvas


def finish(run: Run, device: Device, memory: int = 1000) -> list[float]:
    options, shares = device.run_options(), list[float]()
    run.make_plan(memory)
    while not shares or shares[-1] < 1:
        shares.append(run.step(options))
    return shares


def made(canvas: StandIn) -> tuple[Run, TensorSource, list[Tensor]]:
    source, rows = TensorSource(np.random.default_rng(0).random((1, 3, 9, 4), np.float32)), list[Tensor]()
    return Run(canvas, source, rows.append), source, rows  # type: ignore[arg-type]


def test_out_of_memory_plans_with_half_and_gives_no_row_twice(device: Device) -> None:
    canvas = exhausted(enough=250)
    run, source, rows = made(canvas)
    shares = finish(run, device)
    np.testing.assert_array_equal(np.concatenate(rows, axis=2), -source.tensor)
    assert [plan.memory_bytes for plan in canvas.plans] == [1000, 500, 250]
    assert shares == [1 / 3, 0, 1 / 3, 0, 1 / 3, 2 / 3, 1]
    assert (run.peak_memory_bytes, run.plan.memory_bytes) == (1000, 250)


def test_it_is_planned_anew_a_few_times_only(device: Device) -> None:
    canvas = exhausted(enough=1)
    run, _, _ = made(canvas)
    with pytest.raises(MemoryError):
        finish(run, device)
    assert len(canvas.plans) == 1 + MOST_NEW_PLANS


def test_where_no_smaller_plan_is_left_the_devices_own_words_are_raised(device: Device) -> None:
    canvas = exhausted(enough=1, least=900)
    run, _, _ = made(canvas)
    with pytest.raises(MemoryError):
        finish(run, device)
    assert len(canvas.plans) == 1


def test_another_failure_is_no_reason_for_another_plan(device: Device) -> None:
    def fail(number: int, options: Any) -> None:
        raise ValueError("broken")

    canvas = StandIn(before=fail, most=1000)
    run, _, _ = made(canvas)
    with pytest.raises(ValueError, match="broken"):
        finish(run, device)
    assert len(canvas.plans) == 1


def test_closing_ends_what_is_between_two_pieces(device: Device) -> None:
    canvas = StandIn(pieces=3)
    run, _, _ = made(canvas)
    run.make_plan(1000)
    run.step(device.run_options())
    run.close()
    assert canvas.closed == 1
