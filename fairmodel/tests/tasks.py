"""Tasks for the tests of workers: other processes import them from here."""

import os
import signal
import threading
import time
from pathlib import Path

from fairmodel.errors import UserError
from fairmodel.files import atomic_path

__all__ = [
    "about_me",
    "allocate",
    "burn",
    "busy",
    "content",
    "deadly",
    "fail",
    "refuse",
    "square",
    "write",
    "write_once",
]

REFUSED = 3


def square(number: int) -> int:
    """The square."""
    return number**2


def refuse(number: int) -> int:
    """The number, or an error that a user can mend."""
    if number == REFUSED:
        message = f"no {number} here; take another number"
        raise UserError(message)
    return number


def fail(path: Path) -> None:
    """Fail after leaving a line that counts the attempt."""
    with path.open("a") as stream:
        stream.write("x")
    message = "a mistake in the program"
    raise ZeroDivisionError(message)


def deadly(number: int) -> int:
    """Kill the process that takes the number on."""
    if number == REFUSED:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def about_me(_: int) -> tuple[int, str, bool]:
    """Process, number of threads for libraries, and whether it prints to where nobody looks."""
    os.write(1, b"a banner of a library\n")
    return os.getpid(), os.environ.get("OMP_NUM_THREADS", ""), os.fstat(1).st_rdev == Path(os.devnull).stat().st_rdev


def burn(seconds: float) -> None:
    """Use the processor for that long."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def allocate(size: int) -> int:
    """Touch that many bytes."""
    return len(bytearray(b"1" * size))


def busy(folder: Path) -> int:
    """Stay a moment; the largest number of tasks that were in this process at that time."""
    mark = folder / f"{os.getpid()}-{threading.get_ident()}-{time.monotonic_ns()}"
    mark.touch()
    time.sleep(0.1)
    together = len(list(folder.glob(f"{os.getpid()}-*")))
    mark.unlink()
    return together


def content(number: int) -> bytes:
    """What the file of a task holds."""
    return bytes((number * index) % 251 for index in range(5000))


def write(number: int, folder: Path) -> int:
    """Write the file of a task; returns its length."""
    with atomic_path(folder / f"{number}.bin") as temporary:
        temporary.write_bytes(content(number))
    return len(content(number))


def write_once(number: int, folder: Path) -> int:
    """The same, but whoever comes first to number 3 gets stuck in the middle of its file, and says who it is."""
    stuck = folder / "stuck"
    if number == REFUSED and not stuck.exists():
        with atomic_path(folder / f"{number}.bin") as temporary:
            temporary.write_bytes(content(number)[:100])
            stuck.write_text(str(os.getpid()))
            time.sleep(600)
    time.sleep(0.02)
    return write(number, folder)
