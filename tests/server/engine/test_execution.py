"""One picture's computation: what happens when memory is out."""

from __future__ import annotations

import numpy as np
import pytest

from server.engine.cancel import CancelToken
from server.engine.execution import MOST_NEW_PLANS, Execution
from server.engine.pixels import Tensor
from server.engine.source import TensorSource
from tests.server.engine.stand_in import StandIn


def exhausted(*, enough: int, least: int = 1) -> StandIn:
    """Fails at its second piece while it has more than ``enough`` bytes."""
    network = StandIn(pieces=3, least=least, most=1000)

    def fail(number: int, token: CancelToken) -> None:
        if number == 1 and network.plans[-1].memory_bytes > enough:
            raise MemoryError

    network.before = fail
    return network


def finish(execution: Execution) -> list[float]:
    token, shares = CancelToken(), list[float]()
    while not shares or shares[-1] < 1:
        shares.append(execution.step(token))
    return shares


def made(network: StandIn) -> tuple[Execution, TensorSource, list[Tensor]]:
    source, rows = TensorSource(np.random.default_rng(0).random((1, 3, 9, 4), np.float32)), list[Tensor]()
    return Execution(network, source, rows.append, network.plan(9, 4, 1000)), source, rows


def test_out_of_memory_plans_with_half_and_gives_no_row_twice() -> None:
    network = exhausted(enough=250)
    execution, source, rows = made(network)
    shares = finish(execution)
    np.testing.assert_array_equal(np.concatenate(rows, axis=2), -source.tensor)
    assert [plan.memory_bytes for plan in network.plans] == [1000, 500, 250]
    assert shares == [1 / 3, 0, 1 / 3, 0, 1 / 3, 2 / 3, 1]
    assert (execution.peak_memory_bytes, execution.plan.memory_bytes) == (1000, 250)


def test_it_is_planned_anew_a_few_times_only() -> None:
    network = exhausted(enough=1)
    execution, _, _ = made(network)
    with pytest.raises(MemoryError):
        finish(execution)
    assert len(network.plans) == 1 + MOST_NEW_PLANS


def test_where_no_smaller_plan_is_left_the_devices_own_words_are_raised() -> None:
    network = exhausted(enough=1, least=900)
    execution, _, _ = made(network)
    with pytest.raises(MemoryError):
        finish(execution)
    assert len(network.plans) == 1


def test_another_failure_is_no_reason_for_another_plan() -> None:
    def fail(number: int, token: CancelToken) -> None:
        raise ValueError("broken")

    network = StandIn(before=fail, most=1000)
    execution, _, _ = made(network)
    with pytest.raises(ValueError, match="broken"):
        finish(execution)
    assert len(network.plans) == 1


def test_closing_ends_what_is_between_two_pieces() -> None:
    network = StandIn(pieces=3)
    execution, _, _ = made(network)
    execution.step(CancelToken())
    execution.close()
    assert network.closed == 1
