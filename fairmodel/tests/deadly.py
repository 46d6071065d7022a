"""A way to write a file that ends in the death of the process (for programs that tests run)."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from fairmodel.files import atomic_path

__all__ = ["deadly_after"]


def deadly_after(files: int) -> Callable[[Path], AbstractContextManager[Path]]:
    """An `atomic_path` that dies by SIGKILL once `files` files have their names and the next is about to get its."""
    left = files

    @contextmanager
    def deadly(path: Path) -> Iterator[Path]:
        nonlocal left
        with atomic_path(path) as temporary:
            yield temporary
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    return deadly
