"""Whatever frames come, a call ends with one documented status and the server is well."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import cast

import grpc
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pleinair.v1 import translation_pb2 as pb

from tests.contract.connection import SECONDS, Connection, failure_of, header_frame, pixel_frame

REASONS = {name.removeprefix("REASON_") for name, _ in pb.Reason.items()}

headers = st.builds(
    header_frame,
    filter_id=st.sampled_from(["identity", "failing", "nope", "", "\x00", "ü" * 100]),
    width=st.sampled_from([0, 1, 2, 40, 1 << 31]),
    height=st.sampled_from([0, 1, 2, 40]),
    channels=st.integers(0, 5),
    sample_type=st.integers(0, 4),
    transfer_function=st.integers(0, 3),
)
good_headers = st.builds(header_frame, channels=st.integers(1, 4))
pixels = st.integers(0, 20).map(lambda count: pixel_frame(bytes(count)))
frames = st.lists(st.one_of(headers, pixels, st.just(pb.TranslateRequest())), max_size=5)
sequences = st.one_of(frames, st.tuples(good_headers, frames).map(lambda parts: [parts[0], *parts[1]]))
endings = st.sampled_from(["close", "cancel", "deadline"])


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sequence=sequences, ending=endings)
def test_any_frames_end_in_one_documented_status_and_the_server_is_well(
    connection: Connection, sequence: list[pb.TranslateRequest], ending: str
) -> None:
    ended = threading.Event()

    def stream() -> Iterator[pb.TranslateRequest]:
        yield from sequence
        if ending != "close":
            ended.wait(SECONDS)

    call = connection.translation.Translate(stream(), timeout=0.05 if ending == "deadline" else SECONDS)
    if ending == "cancel":
        threading.Timer(0.005, call.cancel).start()
    try:
        kinds = [frame.WhichOneof("frame") for frame in call]
        assert kinds[-1] == "summary"
    except grpc.RpcError as error:
        failure = failure_of(cast(grpc.Call, error))
        if failure.reason is None:
            assert (failure.code, ending) in {("CANCELLED", "cancel"), ("DEADLINE_EXCEEDED", "deadline")}
        else:
            assert failure.reason in REASONS - {"INTERNAL", "UNSPECIFIED"}
            assert failure.sentence.endswith(".")
            assert "/" not in failure.sentence
            assert "Traceback" not in failure.sentence
    finally:
        ended.set()
    assert connection.is_well()
