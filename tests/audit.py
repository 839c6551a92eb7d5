"""Asks a database of advisories about everything that pyproject.toml lets in: ``python -m tests.audit FOLDER``.

Both the lowest versions that are allowed and those that are installed are asked about, by pip-audit in an environment
of its own in FOLDER. The exit status is 0 when no advisory is known, 1 when there are some, and 3 when nobody could be
asked, which proves nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from tests.lowest import lowest_versions

PIP_AUDIT = "pip-audit==2.10.1"
KNOWN, NOBODY_ASKED = 1, 3


@dataclass(frozen=True)
class Verdict:
    """The exit status, and what to say."""

    status: int
    lines: list[str]


def main(folder: Path) -> int:
    """The exit status."""
    problem = prepare(folder)
    verdicts = [Verdict(NOBODY_ASKED, [problem])] if problem else []
    for what, versions in {} if problem else {"lowest versions": lowest_versions(), "installed": installed()}.items():
        answer, errors = ask(folder, versions)
        verdicts.append(judge(what, answer, errors))
    print("\n".join(line for verdict in verdicts for line in verdict.lines))
    statuses = {verdict.status for verdict in verdicts}
    return KNOWN if KNOWN in statuses else max(statuses)


def prepare(folder: Path) -> str:
    """Makes the environment, if it is not there; says what went wrong, if something did."""
    if not (folder / "bin" / "pip-audit").exists():
        venv.create(folder, clear=True, with_pip=True)
        python, quiet = str(folder / "bin" / "python"), ["--quiet", "--disable-pip-version-check"]
        made = subprocess.run([python, "-m", "pip", "install", *quiet, PIP_AUDIT], capture_output=True, text=True)
        if made.returncode:
            return f"not audited: {PIP_AUDIT} cannot be installed ({_last(made.stderr)}); try again where it can."
    return ""


def installed() -> list[str]:
    """NAME==VERSION of each package beside this Python, without the parts that name a build ("+cpu")."""
    found = ((one.metadata["Name"], one.version.partition("+")[0]) for one in metadata.distributions())
    return sorted({f"{name}=={version}" for name, version in found if name != "pleinair"})


def ask(folder: Path, versions: list[str]) -> tuple[str, str]:
    """What pip-audit says as JSON, empty if it failed, and its errors."""
    with tempfile.TemporaryDirectory() as temporary:
        requirements = Path(temporary) / "requirements.txt"
        requirements.write_text("\n".join(versions), "utf-8")
        command = [str(folder / "bin" / "pip-audit"), "--vulnerability-service", "osv", "--format", "json", "--no-deps"]
        ran = subprocess.run(
            [*command, "--disable-pip", "--progress-spinner", "off", "--requirement", str(requirements)],
            capture_output=True,
            text=True,
        )
        return ran.stdout, ran.stderr


def judge(what: str, answer: str, errors: str) -> Verdict:
    """What pip-audit's answer means. A package that it left out counts as not asked about."""
    try:
        packages = json.loads(answer)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Verdict(NOBODY_ASKED, [f"{what}: not audited, the advisories' source did not answer: {_last(errors)}"])
    known = [_advisory(package, one) for package in packages for one in package.get("vulns", [])]
    left_out = [package["name"] for package in packages if "vulns" not in package]
    lines = [f"{what}: {line}" for line in known]
    if left_out:
        lines.append(f"{what}: not audited, the source does not know {', '.join(left_out)}")
    if not lines:
        lines.append(f"{what}: no advisory is known for any of {len(packages)} packages")
    return Verdict(KNOWN if known else NOBODY_ASKED if left_out or not packages else 0, lines)


def _advisory(package: dict[str, str], advisory: dict[str, list[str]]) -> str:
    fixed = ", ".join(advisory.get("fix_versions", [])) or "no version"
    return f"{package['name']} {package['version']} has {advisory['id']}, fixed in {fixed}"


def _last(errors: str) -> str:
    return next((line for line in reversed(errors.split("\n")) if line.strip()), "it said nothing")[:300]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
