from __future__ import annotations

import pytest

from plugins.client.messages import TrainingJob, TrainingState
from plugins.core.training_seen import SeenTraining
from plugins.core.training_words import time_line


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -1.0, 1e300])
def test_times_that_are_none_are_not_shown(odd: float) -> None:
    seen = SeenTraining()
    seen.show(TrainingJob(state=TrainingState.ENDING, elapsed_seconds=odd, seconds_left=odd))
    assert (seen.elapsed, seen.seconds_left) == (0.0, None)
    assert seen.job is not None
    assert time_line(seen.job, seen.elapsed, seen.seconds_left)
