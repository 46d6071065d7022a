"""Train the other project until a checkpoint is all but renamed, then die by SIGKILL (a program for test_resume)."""

import sys
from pathlib import Path

from fairmodel.interface import Run
from fairmodel.paths import Paths
from fairmodel.training import checkpoint
from fairmodel.training.train import train

from .deadly import deadly_after
from .projects import PROFILE, other_config, other_project

__all__ = ["main"]


def main(checkpoints: int, root: Path) -> None:
    """Die while checkpoint number `checkpoints` + 1 is written, before it has its name."""
    checkpoint.atomic_path = deadly_after(checkpoints)  # type: ignore[attr-defined, assignment]
    train(Run(other_project(), other_config(), Paths.of_project(root, PROFILE)))


if __name__ == "__main__":
    main(int(sys.argv[2]), Path(sys.argv[1]))
