"""What an audit of the dependencies says, and when it says nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests import audit
from tests.lowest import lowest_versions

FINE = {"name": "pillow", "version": "13.0.0", "vulns": []}
BAD = {"name": "tqdm", "version": "4.66.0", "vulns": [{"id": "GHSA-g7vv-2v7x-gj9p", "fix_versions": ["4.66.3"]}]}
UNKNOWN = {"name": "h2", "skip_reason": "Dependency not found on PyPI and could not be audited: h2 (4.4.1)"}


def judged(*packages: object) -> audit.Verdict:
    return audit.judge("lowest versions", json.dumps({"dependencies": packages, "fixes": []}), "")


def test_no_advisories_are_a_good_end() -> None:
    assert judged(FINE) == audit.Verdict(0, ["lowest versions: no advisory is known for any of 1 packages"])


def test_an_advisory_is_named_with_the_version_that_mends_it() -> None:
    verdict = judged(FINE, BAD, UNKNOWN)
    assert verdict.status == audit.KNOWN
    assert verdict.lines[0] == "lowest versions: tqdm 4.66.0 has GHSA-g7vv-2v7x-gj9p, fixed in 4.66.3"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (json.dumps({"dependencies": [FINE, UNKNOWN]}), "the source does not know h2"),
        ("", "did not answer: ConnectionError: api.osv.dev"),
        ("{}", "did not answer"),
        (json.dumps({"dependencies": []}), "0 packages"),
    ],
)
def test_what_nobody_was_asked_about_is_no_good_end(answer: str, words: str) -> None:
    verdict = audit.judge("installed", answer, "Traceback\nConnectionError: api.osv.dev\n\n")
    assert verdict.status == audit.NOBODY_ASKED
    assert words in verdict.lines[0]


def test_what_is_installed_is_asked_about_without_the_names_of_builds() -> None:
    found = audit.installed()
    assert any(line.startswith("pillow==") for line in found)
    assert all(re.fullmatch(r"[\w.-]+==[\w.!]+", line) for line in found)


@pytest.mark.slow
def test_a_pip_audit_that_cannot_be_installed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    for name in ("PIP_FIND_LINKS", "PIP_CONFIG_FILE"):
        monkeypatch.setenv(name, "/dev/null" if name == "PIP_CONFIG_FILE" else "")
    assert "cannot be installed" in audit.prepare(tmp_path / "environment")


def test_each_requirement_has_one_lowest_version() -> None:
    found = lowest_versions()
    assert "pillow==13" in found
    assert len(found) == len({line.partition("==")[0] for line in found}) > 30
