"""Predict a file until a part is all but renamed, then die by SIGKILL (a program for test_predict)."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..files import atomic_path
from ..inference import predict
from .projects import other_project

__all__ = ["main"]


def main(parts: int, folder: Path, rows: Path, out: Path) -> None:
    """Die while part number `parts` + 1 is written, before it has its name."""
    left = parts

    @contextmanager
    def deadly(path: Path) -> Iterator[Path]:
        nonlocal left
        with atomic_path(path) as temporary:
            yield temporary
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    predict.atomic_path = deadly  # type: ignore[attr-defined]
    predict.predict_files(other_project(), predict.Request(folder, rows=10), [rows], out)


if __name__ == "__main__":
    main(int(sys.argv[1]), *map(Path, sys.argv[2:]))
