"""The table of transports itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.transports import TRANSPORTS, Transport

SUITE = "".join(file.read_text("utf-8") for file in sorted(Path(__file__).parent.glob("test_*.py")))


@pytest.mark.parametrize("transport", TRANSPORTS, ids=lambda transport: transport.name)
def test_what_a_transport_lacks_is_in_the_suite_and_has_a_reason(transport: Transport) -> None:
    for test, reason in transport.lacks.items():
        assert f"def {test}(" in SUITE
        assert reason.endswith(".")


def test_one_transport_lacks_nothing() -> None:
    assert not all(transport.lacks for transport in TRANSPORTS)
