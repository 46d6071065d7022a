"""Processor time and memory of a function."""

import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

__all__ = ["alternate", "peak_memory"]


def alternate(functions: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median CPU seconds of each function; they take turns, so that a change of the machine's pace meets all."""
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for function in functions.values():
        function()
    for _ in range(rounds):
        for name, function in functions.items():
            start = time.process_time()
            function()
            seconds[name].append(time.process_time() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def peak_memory(work: Callable[[int], object], size: int) -> int:
    """Bytes by which `work(size)` raises the peak of a new process, in which `work(1)` ran before."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (work, size))


def _measure(work: Callable[[int], object], size: int) -> int:
    work(1)
    before = _peak()
    work(size)
    return _peak() - before


def _peak() -> int:
    status = Path("/proc/self/status")
    if status.exists():  # there ru_maxrss begins with the memory of the process that started this one
        lines = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
