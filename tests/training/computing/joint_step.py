"""One step on this process's share of a joint batch; the first process saves the gradients and the banks to a file.

``python -m tests.training.computing.joint_step METHOD FILE``, alone or under torchrun.
"""

from __future__ import annotations

import sys

import torch

from tests.training.factories import tiny_config, tiny_sincut_config
from tests.training.known import picture
from training.computing.world import World, process_group
from training.config import FitConfig
from training.methods.cut.step import Cut

CONFIGS = {
    "cut": tiny_config(batch=4),
    "bank": tiny_config(batch=4, negatives="image+bank", bank_size=64, patches=8),
    "sincut": tiny_sincut_config(batch=4),
}
# A second step has the first one's keys in its bank; SinCUT's would have noise, which is not the same in other shapes.
STEPS = {"cut": 2, "bank": 2, "sincut": 1}
CPU = torch.device("cpu")


def share(seed: int, config: FitConfig, world: World) -> torch.Tensor:
    pictures = torch.cat([picture(seed + index, 32, 32) for index in range(config.batch)])
    return pictures.double()[list(world.share_of(config.batch))]


def main(name: str, file: str) -> None:
    config, world = CONFIGS[name], World.from_environment()
    with process_group(world, CPU):
        torch.manual_seed(0)
        method = Cut(config, CPU, world=world)
        for network in method.networks.values():  # in float32, Adam makes much of what rounding leaves of zeros
            network.double()
        # Noise takes more from the random generator for a joint batch, so positions drawn after it would differ.
        method.contrast.sample_patches = lambda positions: torch.arange(method.options.patches) * 7 % positions
        for _ in range(STEPS[name]):
            method.step(share(1, config, world), share(20, config, world))
        if world.is_first:
            values = {
                f"{key}.{name}": parameter.grad
                for key, network in method.trained.items()
                for name, parameter in network.named_parameters()
                if parameter.grad is not None and "noise" not in name
            }
            for domain, bank in method.contrast.banks.items():
                values |= {f"bank {domain} {name}": keys for name, keys in bank.state_dict().items()}
            torch.save(values, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
