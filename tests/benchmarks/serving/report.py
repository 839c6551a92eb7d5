"""All that was measured, as tables in Markdown that can be read in a terminal too."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.benchmarks.serving.ladder import Rung
from tests.benchmarks.serving.operations import MATRIX_SIDES, matrix_rate
from tests.benchmarks.serving.peers import AT_ONCE, BARE, EAGER, MATMULS, PLEINAIR, SERVER, title
from tests.benchmarks.serving.setting import Setting
from tests.benchmarks.serving.turns import Result

_WRONG = 3  # 8-bit levels: whose largest difference is at least this much has not answered the same question
_LINE = 120  # characters, as elsewhere in the README
_NOTHING = ""
_ABSENT = "not available"  # the reason stands below the table
_EXPLANATION = (
    "A bare session and OpenVINO compute tensors from tensors, PyTorch 8-bit pixels from tensors, and Pleinair 8-bit"
    " pixels from 8-bit pixels. Core seconds are those of all threads of the computing process; other programs disturb"
    " them less. Memory is the most of the machine's own that this process had; differences are from PyTorch's eager"
    " answer, in 8-bit levels."
)


@dataclass(frozen=True)
class Report:
    """``operations`` are what direct convolution computes for one picture, by the picture's side."""

    machine: str
    command: str
    setting: Setting
    results: Sequence[Result]
    rungs: Sequence[Rung]
    operations: Mapping[int, int]

    def markdown(self) -> str:
        parts = [paragraph(self._about()), f"```sh\n{self.command}\n```\n"]
        if self.results:
            parts += [paragraph(self._about_peak()), table(self._peer_rows()), *self._peer_problems()]
            parts.append(table(self._ratio_rows()))
        if self.rungs:
            parts += [f"The server under a limit of {self.rungs[0].limit}:\n", table(self._rung_rows())]
            parts += [paragraph(f"{r.megapixels:g} megapixels: {r.problem}") for r in self.rungs if r.problem]
        return "\n".join(parts)

    @property
    def sides(self) -> list[int]:
        return sorted({result.side for result in self.results})

    def peak(self) -> float | None:
        """Operations a second of the fastest matrix product of the whole run."""
        fastest = [r.fastest for r in self.results if r.name in MATMULS and r.measured]
        return matrix_rate(MATRIX_SIDES[self.setting.device], min(fastest)) if fastest else None

    def _about(self) -> str:
        generator = f"The generator has width {self.setting.width} and {self.setting.blocks} blocks"
        return f"Measured on {self.machine} {generator}, the filter is {self.setting.precision}."

    def _about_peak(self) -> str:
        peak, side = self.peak(), MATRIX_SIDES[self.setting.device]
        if peak is None:
            return f"The machine's peak was not measured. {_EXPLANATION}"
        return (
            f"The peak is the fastest product of two {side} x {side} matrices in this run, {peak / 1e9:.0f} billion"
            " operations a second; a share is what direct convolution would have to compute in the time, against it,"
            f" and can be above 1 where an algorithm needs fewer operations. {_EXPLANATION}"
        )

    def _peer_problems(self) -> list[str]:
        return [paragraph(f"{title(r.name)}, {r.side}: {r.problem}") for r in self.results if r.problem]

    def _peer_rows(self) -> list[list[str]]:
        figures = ["seconds", "/ Pleinair", "core seconds", "share of peak", "memory", "differs by at most, on average"]
        rows = [self._peer_row(result) for result in self.results if result.name not in MATMULS]
        return [["size", "", *figures], *rows]

    def _peer_row(self, result: Result) -> list[str]:
        start = [str(result.side), title(result.name)]
        if result.problem is not None:
            return [*start, _ABSENT, *[_NOTHING] * 5]
        ours, peak = self._find(PLEINAIR, result.side), self.peak()
        return [
            *start,
            f"{result.median:.3f}",
            f"{result.median / ours.median:.2f}" if ours else _NOTHING,
            core_time(result.core_seconds),
            f"{self.operations[result.side] / result.median / peak:.2f}" if peak else _NOTHING,
            mebibytes(result.memory),
            _differences(result),
        ]

    def _ratio_rows(self) -> list[list[str]]:
        """The ratios that this project promises, for each size, where both sides of one were measured."""
        eager = [self._ratio(EAGER, SERVER, side) for side in self.sides]
        at_once = [self._ratio(EAGER, AT_ONCE, side) for side in self.sides]
        bare = [self._ratio(SERVER, BARE, side) for side in self.sides]
        rows = [
            ["fastest other / Pleinair, engine", *map(self._fastest_over_ours, self.sides), "CPU: 1 or more"],
            ["PyTorch eager / Pleinair, server", *eager, _NOTHING],
            ["PyTorch eager / Pleinair, server, 4 callers at once", *at_once, "GPU: 8 or more"],
            ["Pleinair, server / bare session", *bare, "GPU: 1.15 or less from 1024 on"],
        ]
        heading = ["ratio of times", *map(str, self.sides), "goal"]
        return [heading, *(row for row in rows if any(row[1:-1]))]

    def _fastest_over_ours(self, side: int) -> str:
        ours = self._find(PLEINAIR, side)
        others = [result for result in self.results if result.side == side and _competes(result)]
        if ours is None or not others:
            return _NOTHING
        fastest = min(others, key=lambda result: result.median)
        return f"{fastest.median / ours.median:.2f} ({fastest.name})"

    def _ratio(self, above: str, below: str, side: int) -> str:
        first, second = self._find(above, side), self._find(below, side)
        return f"{first.median / second.median:.2f}" if first and second else _NOTHING

    def _find(self, name: str, side: int) -> Result | None:
        """None when it was not measured."""
        found = (result for result in self.results if (result.name, result.side) == (name, side) and result.measured)
        return next(found, None)

    def _rung_rows(self) -> list[list[str]]:
        times = ["seconds", "a megapixel", f"/ that of {self.rungs[0].side} x {self.rungs[0].side}", "core seconds"]
        heading = ["megapixels", *times, "server's memory", "as it declares", "pieces"]
        return [heading, *map(self._rung_row, self.rungs)]

    def _rung_row(self, rung: Rung) -> list[str]:
        if rung.seconds is None:
            return [f"{rung.megapixels:g}", _ABSENT, *[_NOTHING] * 6]
        pace, first = rung.seconds / rung.megapixels, self.rungs[0]
        return [
            f"{rung.megapixels:g}",
            f"{rung.seconds:.2f}",
            f"{pace:.2f}",
            f"{pace / (first.seconds / first.megapixels):.2f}" if first.seconds else _NOTHING,
            core_time(rung.core_seconds),
            mebibytes(rung.memory),
            mebibytes(rung.declared_memory),
            _NOTHING if rung.pieces is None else str(rung.pieces),
        ]


def table(rows: Sequence[Sequence[str]]) -> str:
    """The first row is the heading; columns are aligned for who reads it as text."""
    rows = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    widths = [max(3, *(len(row[column]) for row in rows)) for column in range(len(rows[0]))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return "".join(f"| {line} |\n" for line in lines)


def paragraph(sentences: str) -> str:
    return "\n".join(textwrap.wrap(sentences, _LINE, break_long_words=False, break_on_hyphens=False)) + "\n"


def core_time(seconds: float | None) -> str:
    return _NOTHING if seconds is None else f"{seconds:.2f}"


def mebibytes(count: int | None) -> str:
    return _NOTHING if count is None else f"{count / (1 << 20):.0f} MiB"


def _competes(result: Result) -> bool:
    """Whether it is somebody else's and right."""
    ours = result.name in (PLEINAIR, SERVER, AT_ONCE, *MATMULS)
    return result.measured and not ours and (result.largest_difference or 0) < _WRONG


def _differences(result: Result) -> str:
    if result.largest_difference is None:
        return _NOTHING
    return f"{result.largest_difference}, {result.mean_difference:.4f}"
