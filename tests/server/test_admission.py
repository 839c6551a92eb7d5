"""Who may come in, and for how long."""

from __future__ import annotations

import asyncio

import pytest

from server.admission import Admission
from server.errors import Reason, Refusal


async def outcome(admission: Admission, *, client_seconds: float | None = None) -> str:
    """Of a request that would stay for ever."""
    try:
        async with admission.admit(client_seconds):
            await asyncio.Event().wait()
    except Refusal as refusal:
        return refusal.reason.value
    raise AssertionError("it waits for ever")


def test_who_comes_when_all_places_are_taken_is_refused_until_one_is_free() -> None:
    async def scenario() -> None:
        admission = Admission(places=2, deadline_seconds=None)
        async with admission.admit(None):
            async with admission.admit(None):
                with pytest.raises(Refusal) as caught:
                    async with admission.admit(None):
                        pass
            async with admission.admit(None):
                pass
        assert caught.value.reason is Reason.QUEUE_FULL
        assert caught.value.retry_seconds == 1.0
        assert "busy with 2 requests" in caught.value.sentence

    asyncio.run(scenario())


def test_one_client_leaves_a_quarter_of_the_places_to_others() -> None:
    async def scenario() -> None:
        admission = Admission(places=4, deadline_seconds=None)
        async with admission.admit(None, "a"), admission.admit(None, "a"), admission.admit(None, "a"):
            with pytest.raises(Refusal) as caught:
                async with admission.admit(None, "a"):
                    pass
            async with admission.admit(None, "b"):
                pass
        assert (caught.value.reason, caught.value.retry_seconds) == (Reason.QUEUE_FULL, 1.0)
        assert "You already have 3 requests waiting or running, the most one client may have" in caught.value.sentence
        async with admission.admit(None, "a"):
            pass

    asyncio.run(scenario())


@pytest.mark.parametrize(("server", "client"), [(0.01, None), (None, 0.01), (60, 0.01), (0.01, 60), (60, -1)])
def test_the_earlier_deadline_ends_a_request(server: float | None, client: float | None) -> None:
    admission = Admission(places=1, deadline_seconds=server)
    assert asyncio.run(outcome(admission, client_seconds=client)) == "DEADLINE_EXCEEDED"


def test_a_timeout_of_the_requests_own_is_not_called_a_deadline() -> None:
    async def scenario() -> None:
        async with Admission(places=1, deadline_seconds=60).admit(None):
            raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        asyncio.run(scenario())


def test_after_closing_nobody_comes_in_and_who_is_inside_may_finish() -> None:
    async def scenario() -> None:
        admission = Admission(places=2, deadline_seconds=None)
        async with admission.admit(None):
            admission.close()
            assert await outcome(admission) == "SHUTTING_DOWN"
        await admission.empty()

    asyncio.run(scenario())


def test_eviction_passes_over_who_is_ending_already() -> None:
    async def scenario() -> None:
        admission = Admission(places=1, deadline_seconds=0.01)
        late = asyncio.Event()

        async def stay() -> None:
            async with admission.admit(None):
                try:
                    await asyncio.Event().wait()
                finally:
                    late.set()
                    admission.close()
                    admission.evict()

        with pytest.raises(Refusal):
            await stay()
        assert late.is_set()
        await admission.empty()

    asyncio.run(scenario())


def test_eviction_ends_all_and_says_why() -> None:
    async def scenario() -> list[str]:
        admission = Admission(places=3, deadline_seconds=60)
        inside = [asyncio.create_task(outcome(admission)) for _ in range(3)]
        await asyncio.sleep(0)
        admission.close()
        admission.evict()
        await admission.empty()
        return await asyncio.gather(*inside)

    assert asyncio.run(scenario()) == ["SHUTTING_DOWN"] * 3


def test_a_cancelled_request_stays_cancelled() -> None:
    async def scenario() -> None:
        admission = Admission(places=1, deadline_seconds=60)
        inside = asyncio.create_task(outcome(admission))
        await asyncio.sleep(0)
        inside.cancel()
        await admission.empty()
        with pytest.raises(asyncio.CancelledError):
            await inside

    asyncio.run(scenario())
