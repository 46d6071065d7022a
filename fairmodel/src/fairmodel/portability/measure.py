"""One runtime, measured in a process of its own: what it answers, how soon, and with how much of the machine."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from ..dataset import Dataset
from ..errors import MissingDeviceError, UserError
from ..inference.backends import Backend, open_backend
from ..interface import Project

__all__ = ["RuntimeMeasurement", "Task", "measure"]

BLOCK = 4096  # rows in memory at a time while all are predicted
SINGLE_ROWS = 100  # batches of one row, in each repeat


@dataclass(frozen=True)
class Task:
    """What to measure: a runtime and a precision, on the rows of a file, in batches of several sizes."""

    project: Project
    folder: Path
    rows: Path
    backend: str
    precision: str
    threads: int
    batches: tuple[int, ...]
    repeats: int


@dataclass(frozen=True)
class RuntimeMeasurement:
    """What was seen of a runtime; without `logits` it could not run, for the reason that `problem` gives.

    logits: float32 (row, class) of all rows; times: batch size -> seconds of each repeat; device: where it computed;
    busy: processor time over elapsed time; opening: seconds until it was ready; memory: largest of the process, MB.
    """

    problem: str = ""
    missing_device: bool = False
    logits: np.ndarray | None = None
    times: Mapping[int, Sequence[float]] | None = None
    device: str = ""
    busy: float = 0.0
    opening: float = 0.0
    memory: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The measurement without the logits."""
        if self.logits is None:
            return {"status": "not run here", "problem": self.problem, "missing_device": self.missing_device}
        times = {str(size): list(seconds) for size, seconds in (self.times or {}).items()}
        numbers = {
            "seconds": times,
            "busy": self.busy,
            "opening_seconds": self.opening,
            "memory_megabytes": self.memory,
        }
        return {"status": "measured", "device": self.device, **numbers}


def measure(task: Task) -> RuntimeMeasurement:
    """Open the runtime and measure it; one that is not to be had here is a result too."""
    started = time.perf_counter()
    project = task.project
    try:
        backend = open_backend(task.backend, task.folder, project, threads=task.threads, precision=task.precision)
    except UserError as error:
        return RuntimeMeasurement(problem=str(error), missing_device=isinstance(error, MissingDeviceError))
    opening = time.perf_counter() - started
    with Dataset(task.rows, project.schema) as dataset:
        parts = [backend.run(batch.inputs).logits for batch in dataset.batches(BLOCK)]
        memory = _memory()
        first = dataset.read(0, max(task.batches)).inputs
    clock = _Clock()
    times = {size: [*clock.times(backend, _repeated(first, size), task.repeats)] for size in task.batches}
    times[1] = [*clock.single_rows(backend, first, task.repeats)]
    memory = max(memory, _memory())
    return RuntimeMeasurement("", False, np.concatenate(parts), times, backend.device, clock.busy, opening, memory)


def _memory() -> float:
    """Memory of this process, in megabytes."""
    return float(psutil.Process().memory_info().rss) / 1e6


def _repeated(inputs: Mapping[str, np.ndarray], rows: int) -> dict[str, np.ndarray]:
    """So many rows, of which the later ones are copies where there are not as many."""
    return {name: array[np.arange(rows) % len(array)] for name, array in inputs.items()}


class _Clock:
    """Elapsed time of batches, and how busy the processor was with them."""

    def __init__(self) -> None:
        self._elapsed = self._used = 0.0

    @property
    def busy(self) -> float:
        """Processor time over elapsed time: 2.0 stands for two cores that were busy all the time."""
        return self._used / self._elapsed

    def times(self, backend: Backend, inputs: Mapping[str, np.ndarray], repeats: int) -> Iterator[float]:
        """Seconds of each repeat, after one that does not count: it makes what is kept for later ones."""
        backend.run(inputs)
        for _ in range(repeats):
            yield self._time(lambda: backend.run(inputs))

    def single_rows(self, backend: Backend, inputs: Mapping[str, np.ndarray], repeats: int) -> Iterator[float]:
        """Seconds for a batch of one row: in each repeat, the mean over the same different rows."""
        rows = min(SINGLE_ROWS, len(next(iter(inputs.values()))))
        singles = [{name: array[row : row + 1] for name, array in inputs.items()} for row in range(rows)]

        def run() -> None:
            for single in singles:
                backend.run(single)

        run()
        for _ in range(repeats):
            yield self._time(run) / rows

    def _time(self, run: Callable[[], object]) -> float:
        used, started = time.process_time(), time.perf_counter()
        run()
        elapsed = time.perf_counter() - started
        self._elapsed += elapsed
        self._used += time.process_time() - used
        return elapsed
