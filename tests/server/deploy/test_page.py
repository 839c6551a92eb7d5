"""The page for operators names what there is."""

from __future__ import annotations

import re
from dataclasses import fields

from server.config import ServerConfig
from server.errors import Reason
from server.metrics.calls import EndedCall
from server.metrics.exposition import Exposition
from server.metrics.state import Places, ServerState
from server.options.loading import flag
from tests.server.deploy.reading import DEPLOY

PAGE = (DEPLOY / "README.md").read_text("utf-8")
OF_CLIENTS = {"--tls-client-certificate", "--tls-client-key"}  # of server.translate and server.train


def test_the_options_that_it_names_are_the_servers() -> None:
    named = set(re.findall(r"`(--[a-z-]+)", PAGE))
    assert len(named) > 15
    assert named - OF_CLIENTS - {flag(option) for option in fields(ServerConfig)} == set()


def test_the_metrics_and_reasons_that_it_names_are_told() -> None:
    state = ServerState({"translations": Places(1, 2)}, 1, 2, 1, 0, {"running": 1})
    exposition = Exposition([], lambda: state)
    exposition.observe(EndedCall("m", "OK", "", 0.1, "f", "8 x 8"))
    named = set(re.findall(r"`((?:pleinair|process)_\w+)", PAGE))
    assert len(named) > 9
    told = {family.name for family in exposition.registry.collect()}
    assert {name.removesuffix("_total") for name in named} <= told
    assert set(re.findall(r"`([A-Z]+_[A-Z_]+)`", PAGE)) <= {reason.value for reason in Reason}


def test_the_fifteen_promises_are_there_in_order() -> None:
    numbers = [int(number) for number in re.findall(r"^(\d+)\. \*\*", PAGE, re.MULTILINE)]
    assert numbers == list(range(1, 16))
