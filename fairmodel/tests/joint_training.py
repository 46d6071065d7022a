"""Train a plain network in one of several processes, and note what it did (a program for test_processes)."""

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from fairmodel.cli import main
from fairmodel.interface import Project

from .projects import PROFILE, other_project

__all__ = ["Plain", "joint_project", "run"]


class Plain(nn.Module):
    """Two layers on the flattened slots."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(20, 8), nn.Tanh(), nn.Linear(8, 3))

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.layers(cells)
        return logits


def plain(_: Any) -> Plain:
    """Make the network."""
    return Plain()


def joint_project() -> Project:
    """The other project with a network that draws no random numbers and has no statistics of a batch."""
    return replace(other_project(), build=".joint_training:plain")


def run(root: Path) -> int:
    """Train in a project's folder; `gradients.pt` there gets the gradients of the first step."""
    path = root / "gradients.pt"

    def note(optimiser: torch.optim.Optimizer, *_: Any) -> None:
        if not path.exists():
            torch.save([weight.grad for group in optimiser.param_groups for weight in group["params"]], path)

    with register_optimizer_step_pre_hook(note):
        return main(joint_project(), ["train", "--profile", PROFILE, "--project", str(root)])


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1].format(rank=os.environ["RANK"]))))
