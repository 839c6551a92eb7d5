"""Calls of every method that the server offers, with messages of any kind and number."""

from __future__ import annotations

from random import Random

import grpc
from google.protobuf.descriptor import MethodDescriptor
from grpc_reflection.v1alpha.reflection import SERVICE_NAME as REFLECTION
from pleinair.v1 import training_pb2

from tests.fuzz.dice import shuffled
from tests.fuzz.holding import Broken, check_request_id, check_status, check_text
from tests.fuzz.messages import Known, altered, message
from tests.fuzz.methods import KNOWN, METADATA, METHODS, is_own
from tests.fuzz.right import right_requests
from tests.fuzz.target import Target

SECONDS = 20.0  # a call that takes longer has no answer


class Calls:
    """Of one server. An attempt is a call of one method, read to its end, or cancelled where it has none."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def attempt(self, dice: Random) -> None:
        """Raises Broken unless the call ends as it may, and what it answers tells nothing that it must not."""
        method = dice.choice(METHODS)
        sent = _sent(method, dice, {**KNOWN, "id": (*KNOWN["id"], self._target.training_id)})
        try:
            self._call(method, sent, dice)
        except Broken as broken:
            raise Broken(f"{method.full_name} with {_shown(sent)}: {broken}") from broken

    def _call(self, method: MethodDescriptor, sent: list[bytes], dice: Random) -> None:
        method_of_bytes: grpc.StreamStreamMultiCallable[bytes, bytes]
        method_of_bytes = self._target.connection.channel.stream_stream(_path(method))
        call = method_of_bytes(iter(sent), timeout=SECONDS, metadata=_metadata(dice))
        try:
            for answer in call:
                self._take(method, answer)
                if _is_endless(method) or dice.random() < 0.02:
                    call.cancel()
        except grpc.RpcError:
            pass
        self._check(method, call)

    def _take(self, method: MethodDescriptor, answer: bytes) -> None:
        if method.containing_service.full_name != REFLECTION:  # which tells what our files are called
            check_text(answer.decode("latin-1"), *self._target.places)
        if method.name == "StartTraining":
            self._target.training_id = training_pb2.StartTrainingResponse.FromString(answer).job.id

    def _check(self, method: MethodDescriptor, call: grpc.Call) -> None:
        if is_own(method):
            check_status(call, *self._target.places)
            check_request_id(call)
        else:
            check_text(call.details() or "", *self._target.places)
        if call.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
            raise Broken(f"It was not answered within {SECONDS} seconds.")


def _path(method: MethodDescriptor) -> str:
    return f"/{method.containing_service.full_name}/{method.name}"


def _metadata(dice: Random) -> tuple[tuple[str, str | bytes], ...]:
    """What a client may well send, as gRPC's lets nothing else through."""
    return tuple(dice.choices(METADATA, k=dice.choice((0, 0, 1, 2))))


def _is_endless(method: MethodDescriptor) -> bool:
    return method.name.startswith("Watch")


def _sent(method: MethodDescriptor, dice: Random, known: Known) -> list[bytes]:
    right = right_requests(method.name, dice)
    if right and dice.random() < 0.8:
        whole, place = [one.SerializeToString() for one in right], dice.randrange(len(right))
        whole[place] = altered(right[place], dice, known)
        return shuffled(whole, dice) if dice.random() < 0.5 else whole
    count = dice.choice((0, 1, 2, 3, 8)) if method.client_streaming else dice.choice((1, 1, 1, 1, 1, 1, 1, 0, 2))
    return [message(method.input_type, dice, known) for _ in range(count)]


def _shown(sent: list[bytes]) -> str:
    return str([one if len(one) <= 100 else one[:100] + b"..." for one in sent[:3]])
