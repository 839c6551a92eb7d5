"""python -m tests.benchmarks.serving [--device cuda] [--sizes 256 1024 2048] [--ladder 1024 2048 4096 8192]"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from pathlib import Path

from pleinair.common.files import write_whole

from tests.benchmarks.serving.ladder import Limit, Rung, climb
from tests.benchmarks.serving.machine import Neighbours, cores, describe, gpu_is_there
from tests.benchmarks.serving.memory import LIMITS, read_bytes
from tests.benchmarks.serving.network import write_network
from tests.benchmarks.serving.operations import direct_operations
from tests.benchmarks.serving.peers import matmuls_for, names_for
from tests.benchmarks.serving.report import Report
from tests.benchmarks.serving.setting import Setting
from tests.benchmarks.serving.size_plot import draw
from tests.benchmarks.serving.turns import Result, measure

SIZES = {"cpu": [256, 1024], "cuda": [256, 1024, 4096]}
PRECISIONS = {"cpu": "float32", "cuda": "float16"}


def main(arguments: list[str] | None = None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(given)
    if options.device == "auto":
        options.device = "cuda" if gpu_is_there() else "cpu"
    with tempfile.TemporaryDirectory() as folder:
        report = _measure(options, Path(folder), shlex.join(["python", "-m", "tests.benchmarks.serving", *given]))
    print(report.markdown())
    if options.markdown:
        write_whole(options.markdown, report.markdown().encode())
    if options.plot:
        write_whole(options.plot, draw(report.results, report.rungs).encode())
    return 0


def _measure(options: argparse.Namespace, folder: Path, command: str) -> Report:
    setting = Setting(
        folder=str(folder),
        width=options.width,
        blocks=options.blocks,
        device=options.device,
        precision=options.precision or PRECISIONS[options.device],
        threads=options.threads,
    )
    neighbours = Neighbours()
    write_network(setting)
    results, rungs = _compare(options, setting), _climb(options, setting)
    operations = {side: direct_operations(setting.filter_path, side) for side in {result.side for result in results}}
    machine = describe(setting, neighbours)
    return Report(machine, command, setting, results, rungs, operations)


def _compare(options: argparse.Namespace, setting: Setting) -> list[Result]:
    asked = options.peers or names_for(setting.device)
    names = [name for name in names_for(setting.device) if name in asked] + matmuls_for(setting.device)
    results = []
    for side in SIZES[setting.device] if options.sizes is None else options.sizes:
        found = measure(names, setting, side=side, rounds=options.rounds, alone=side >= options.alone_from)
        for result in found:
            _tell(f"{side} x {side}, {result.name}: {result.problem or f'{result.median:.3f} s'}")
        results += found
    return results


def _climb(options: argparse.Namespace, setting: Setting) -> list[Rung]:
    limit = Limit(options.memory, options.limit_on, options.limit)
    rungs = []
    for side in options.ladder:
        rungs.append(climb(setting, side, limit))
        _tell(f"{side} x {side}, limited server: {rungs[-1].problem or f'{rungs[-1].seconds:.3f} s'}")
    return rungs


def _tell(news: str) -> None:
    print(news, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.serving",
        description="Times the same network through PyTorch, onnxruntime, OpenVINO and this server, in turns, and the"
        " server on pictures of growing size under a limit of memory. Sizes are sides of square pictures, in pixels.",
    )
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto", help="(default: auto)")
    parser.add_argument("--sizes", type=_side, nargs="*", help="(default: 256 1024, and 4096 on a GPU)")
    parser.add_argument("--peers", nargs="+", metavar="NAME", choices=_all_names(), help=", ".join(_all_names()))
    parser.add_argument("--rounds", type=_count, default=3, help="timed rounds after one that is not (default: 3)")
    parser.add_argument("--threads", type=_count, default=cores(), help="of each on a CPU (default: all cores)")
    parser.add_argument("--precision", choices=["float32", "float16"], help="the filter's (default: float16 on a GPU)")
    parser.add_argument("--width", type=_count, default=64, help="the generator's width (default: 64, the paper's)")
    parser.add_argument("--blocks", type=_count, default=9, help="its residual blocks (default: 9, the paper's)")
    parser.add_argument(
        "--alone-from",
        type=int,
        default=2048,
        metavar="SIDE",
        help="one process at a time from here on (default: 2048)",
    )
    ladder = parser.add_argument_group("the server on pictures of growing size")
    ladder.add_argument(
        "--ladder", type=int, nargs="+", default=[], metavar="SIDE", help="for example 1024 2048 4096 8192"
    )
    ladder.add_argument("--memory", default="4GiB", help="what the server may take for pictures (default: 4GiB)")
    ladder.add_argument("--limit", type=read_bytes, default="6GiB", help="what the system gives it (default: 6GiB)")
    ladder.add_argument("--limit-on", choices=list(LIMITS), default="addresses", help="(default: addresses)")
    parser.add_argument("--markdown", type=Path, metavar="FILE.md", help="write the tables there too")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw time and memory against size")
    return parser


def _side(text: str) -> int:
    if not text.isdecimal() or int(text) < 32 or int(text) % 4:
        raise argparse.ArgumentTypeError(f"{text} must be a multiple of 4, and 32 or more.")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} must be a whole number, 1 or more.")
    return int(text)


def _all_names() -> list[str]:
    return sorted({*names_for("cpu"), *names_for("cuda")})


if __name__ == "__main__":
    sys.exit(main())
