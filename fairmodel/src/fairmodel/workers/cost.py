"""What work cost: wall time, processor time and memory, measured in the processes that did it."""

import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from ..errors import UserError
from ..files import read_json, write_json
from ..metadata.provenance import processor

__all__ = ["COST_FILE", "Cost", "Usage", "measured", "read_costs", "step_cost"]

T = TypeVar("T")
R = TypeVar("R")

COST_FILE = "cost.json"
SCHEMA_VERSION = 1
GIGABYTE = 1e9


@dataclass(frozen=True)
class Usage:
    """What one task took: processor time, and the most memory that its process ever had; which process, on what."""

    cpu_seconds: float
    peak_bytes: int
    process: str
    processor: str


def measured(function: Callable[[T], R], task: T) -> tuple[R, Usage]:
    """The function's result and what it took, in the process that calls this."""
    before = time.process_time()
    result = function(task)
    return result, _usage(before)


def _usage(before: float) -> Usage:
    """What this process took since its processor time was `before`."""
    seconds = time.process_time() - before
    return Usage(seconds, _peak_bytes(), f"{platform.node()}:{os.getpid()}", processor())


def _peak_bytes() -> int:
    """The most memory that this process ever had.

    Linux gives a new process the `ru_maxrss` of the one that started it, so the kernel's other figure goes first.
    """
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@dataclass
class Cost:
    """Sums over the tasks of one run; `rows` counts what they made."""

    title: str
    unit: str
    tasks: int
    done: int = 0
    rows: int = 0
    cpu_seconds: float = 0.0
    peak_bytes: int = 0
    processes: set[str] = field(default_factory=set)
    processors: set[str] = field(default_factory=set)
    started: float = field(default_factory=time.perf_counter)
    wall_seconds: float = 0.0

    def add(self, usage: Usage, rows: int = 0) -> None:
        """Count one more task."""
        self.done += 1
        self.rows += rows
        self.cpu_seconds += usage.cpu_seconds
        self.peak_bytes = max(self.peak_bytes, usage.peak_bytes)
        self.processes.add(usage.process)
        self.processors.add(usage.processor)
        self.wall_seconds = time.perf_counter() - self.started

    def __str__(self) -> str:
        rows = f", {self.rows} rows" if self.rows else ""
        return (
            f"{self.title}: {self.done} of {self.tasks} {self.unit}{rows} in {_duration(self.wall_seconds)}, "
            f"{self.cpu_seconds:.0f} CPU s, at most {self.peak_bytes / GIGABYTE:.2f} GB per process"
        )

    def append_to(self, path: Path) -> None:
        """Add a record to a file of costs, which keeps one of every run."""
        record = {
            "title": self.title,
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "unit": self.unit,
            "tasks": self.done,
            "rows": self.rows,
            "processes": len(self.processes),
            "processors": sorted(self.processors),
            "wall_seconds": round(self.wall_seconds, 3),
            "cpu_seconds": round(self.cpu_seconds, 3),
            "peak_bytes": self.peak_bytes,
        }
        runs = read_costs(path) if path.exists() else []
        write_json(path, {"schema": SCHEMA_VERSION, "runs": [*runs, record]})


def read_costs(path: Path) -> list[dict[str, Any]]:
    """The records of a file of costs, oldest first."""
    content = read_json(path)
    if not isinstance(content, dict) or content.get("schema") != SCHEMA_VERSION:
        message = f"{path} holds no costs in the form of schema {SCHEMA_VERSION}; delete it"
        raise UserError(message)
    runs: list[dict[str, Any]] = content["runs"]
    return runs


@contextmanager
def step_cost(title: str, folder: Path) -> Iterator[None]:
    """Say, and record in `folder`, what the block took by itself, in this process."""
    cost, before = Cost(title, "step", 1), time.process_time()
    yield
    cost.add(_usage(before))
    sys.stderr.write(
        f"{title}: {_duration(cost.wall_seconds)} in all; this process itself used {cost.cpu_seconds:.0f} CPU s "
        f"and at most {cost.peak_bytes / GIGABYTE:.2f} GB\n"
    )
    cost.append_to(folder / COST_FILE)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or f"{seconds:.1f} s"
