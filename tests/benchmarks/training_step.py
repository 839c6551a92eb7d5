"""What a training step costs: ``python -m tests.benchmarks.training_step [--device cuda]``.

The paper's networks at 256 x 256, batch 1 (SinCUT: 16 patches of 64 x 64), against ``published``: the same networks,
stepped as the code of 2020 steps them (float32, eager, features encoded again for the keys, one picture set after the
other through the discriminator, Adam without fusion). Both are timed in turns in one run; each one's peak memory is
measured in a process of its own. On a GPU it is what PyTorch allocated, on a CPU how far the process grew.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from training.computing.device import choose_device
from training.computing.precision import Precision, use_cudnn
from training.config import FitConfig
from training.methods.cut.step import Cut, Forward
from training.methods.registry import preset_config, presets

# Steps that do not count, for compilation and algorithm searches, of FastCUT's mirrored step too.
WARM_UP = {"cpu": 2, "cuda": 8, "mps": 4}
MODES = ("published", "ours")


class Published(Cut):
    """The step of the published code: every feature map is encoded anew, and nothing is batched or fused."""

    def __init__(self, config: FitConfig, device: torch.device) -> None:
        if device.type == "cuda":
            use_cudnn(tf32=False)
        plain = Precision(device, bfloat16=False, channels_last=False, compile=False, fused_optimiser=False)
        super().__init__(config, device, precision=plain)
        for optimiser in self.optimisers.values():
            for group in optimiser.param_groups:
                group["foreach"] = False

    def forward(self, source: Tensor, target: Tensor, *, mirror: bool) -> Forward:
        self.source = source
        pictures = source.flip(-1) if mirror else source
        if not self.options.identity:
            return Forward(self.generator(pictures), None, [], [], mirror)
        outputs = self.generator(torch.cat([pictures, target]))
        return Forward(outputs[: len(source)], outputs[len(source) :], [], [], mirror)

    def discriminator_losses(self, forward: Forward, target: Tensor) -> dict[str, Tensor]:
        fake = self.adversarial(self.discriminator(forward.translated.detach()), False).mean()
        real = self.adversarial(self.discriminator(target), True).mean()
        losses = {"D_real": real, "D_fake": fake, "D": (real + fake) / 2}
        if self.options.r1_weight:
            pictures = target.detach().requires_grad_()
            score = self.discriminator(pictures).sum()
            (gradient,) = torch.autograd.grad(score, pictures, create_graph=True)
            losses["D"] = losses["D"] + self.options.r1_weight / 2 * gradient.square().flatten(1).sum(1).mean()
        return losses

    def generator_losses(self, forward: Forward, target: Tensor) -> dict[str, Tensor]:
        """The keys' encoder runs with a graph that nothing uses, as published."""
        options = self.options
        losses = {"G_GAN": options.gan_weight * self.adversarial(self.discriminator(forward.translated), True).mean()}
        queries = self.contrast.query_features(forward.translated)
        if forward.mirrored:
            queries = [query.flip(-1) for query in queries]
        nce = options.nce_weight * self.contrast.loss(queries, self.contrast.query_features(self.source), "source")
        if forward.identity is not None:
            keys, queries = (self.contrast.query_features(pictures) for pictures in (target, forward.identity))
            nce = (nce + options.nce_weight * self.contrast.loss(queries, keys, "target")) / 2
        losses["G"] = losses["G_GAN"] + nce
        if forward.identity is not None and options.l1_identity_weight:
            losses["G"] = losses["G"] + options.l1_identity_weight * (forward.identity - target).abs().mean()
        return losses


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    device = choose_device(options.device)
    if options.memory:
        print(json.dumps(_peak_memory(options.memory, preset_config(options.presets[0]), device)))
        return 0
    print(f"{_describe(device)}; medians of {options.steps} steps")
    print(f"{'':>8} {'published':>24} {'ours':>24} {'time':>6} {'memory':>6}   ours is")
    for preset in options.presets:
        _row(preset, device, options)
    return 0


def _row(preset: str, device: torch.device, options: argparse.Namespace) -> None:
    config = preset_config(preset)
    ours = Cut(config, device)
    theirs, mine = _alternate(Published(config, device), ours, config, device, options.steps)
    memory = {mode: _memory_of_process(mode, preset, options.device) for mode in MODES}
    print(
        f"{preset:>8} {theirs:>7.3f} s/img {memory['published'] / 2**20:>6.0f} MiB {mine:>9.3f} s/img"
        f" {memory['ours'] / 2**20:>6.0f} MiB {mine / theirs:>6.2f} {memory['ours'] / memory['published']:>6.2f}"
        f"   {_policy(ours.precision)}, {1 / (mine * config.batch):.3g} it/s",
        flush=True,
    )


def _alternate(theirs: Cut, ours: Cut, config: FitConfig, device: torch.device, steps: int) -> tuple[float, float]:
    """Median seconds per image of each."""
    seconds: dict[int, list[float]] = {0: [], 1: []}
    warm_up = WARM_UP[device.type]
    for _ in range(warm_up + steps):
        for place, method in enumerate((theirs, ours)):
            seconds[place].append(_timed(_stepper(method, config, device), device) / config.batch)
    return statistics.median(seconds[0][warm_up:]), statistics.median(seconds[1][warm_up:])


def _stepper(method: Cut, config: FitConfig, device: torch.device) -> Callable[[], object]:
    shape = (config.batch, 3, config.crop_size, config.crop_size)
    source, target = (torch.rand(shape, device=device) * 2 - 1 for _ in range(2))
    return lambda: method.step(source, target)


def _timed(action: Callable[[], object], device: torch.device) -> float:
    _wait(device)
    start = time.perf_counter()
    action()
    _wait(device)
    return time.perf_counter() - start


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _memory_of_process(mode: str, preset: str, device: str) -> int:
    command = [sys.executable, "-m", "tests.benchmarks.training_step", "--memory", mode]
    options = ["--presets", preset, "--device", device]
    answer = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
    return int(json.loads(answer.stdout.splitlines()[-1]))


def _peak_memory(mode: str, config: FitConfig, device: torch.device) -> int:
    """Bytes that networks, optimisers and a few steps need at most."""
    before = _largest_size()
    if device.type == "cuda":
        use_cudnn(tf32=config.tf32)
    method = Published(config, device) if mode == "published" else Cut(config, device)
    step = _stepper(method, config, device)
    for _ in range(WARM_UP[device.type] + 1):
        step()
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return _largest_size() - before


def _largest_size() -> int:
    """Bytes that this process held at most. Linux's getrusage counts the parent that it was forked from as well."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("The peak of a CPU's memory is measured on Linux only; use --device cuda.")


def _describe(device: torch.device) -> str:
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} CPU threads"
    return f"PyTorch {torch.__version__} on {name}"


def _policy(precision: Precision) -> str:
    values = dataclasses.asdict(precision)
    return ", ".join(name for name, value in values.items() if value is True) or "float32"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.training_step", description=__doc__)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    parser.add_argument("--steps", type=int, default=7, help="timed steps of each (default: 7)")
    parser.add_argument("--presets", nargs="+", default=list(presets()), choices=presets(), help="(default: all)")
    parser.add_argument("--memory", choices=MODES, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
