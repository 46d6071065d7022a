"""Train the other project until a checkpoint is all but renamed, then die by SIGKILL (a program for test_resume)."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..files import atomic_path
from ..paths import Paths
from ..training import checkpoint
from ..training.train import train
from .projects import PROFILE, other_config, other_project

__all__ = ["main"]


def main(root: Path, checkpoints: int) -> None:
    """Die while checkpoint number `checkpoints` + 1 is written, before it has its name."""
    left = checkpoints

    @contextmanager
    def deadly(path: Path) -> Iterator[Path]:
        nonlocal left
        with atomic_path(path) as temporary:
            yield temporary
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    checkpoint.atomic_path = deadly  # type: ignore[attr-defined]
    train(other_project(), other_config(), Paths.of_project(root, PROFILE))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
