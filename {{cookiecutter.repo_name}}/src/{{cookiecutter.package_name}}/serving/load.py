"""How a server does under load: latency and throughput against the number of clients that ask at a time."""

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..errors import UserError
from ..files import write_json
from ..progress import progress
from ..report.style import figure_style, save_figure
from .client import Client, ServerError

__all__ = ["Level", "draw_load", "load_test", "measure", "table"]

PERCENTILES = (50, 90, 99)
WARM_UP = 5  # requests of each client that are not counted


@dataclass(frozen=True)
class Level:
    """What so many clients saw: times in seconds from request to answer, and how many requests were sent away."""

    clients: int
    requests: int
    refused: int
    seconds: float
    latency: dict[str, float]
    throughput: float  # rows per second


def load_test(
    address: str, rows: Mapping[str, np.ndarray], clients: Sequence[int], seconds: float, folder: Path, entity: str
) -> list[Level]:
    """Ask with each number of clients for so many seconds; writes `load.json` and `load.png` into `folder`.

    Every request holds all of `rows`. Raises UserError where no server answers.
    """
    with Client(address) as client:
        about = client.metadata()
        client.infer(rows)
    levels = [
        measure(address, rows, number, seconds)
        for number in progress(clients, total=len(clients), title="load test", unit="levels")
    ]
    size = len(next(iter(rows.values())))
    content = {
        "schema": 1,
        "model": {"name": about.get("name"), "versions": about.get("versions")},
        "rows": size,
        "levels": [asdict(level) for level in levels],
    }
    write_json(folder / "load.json", content)
    draw_load(levels, size, entity, folder / "load.png")
    return levels


def measure(address: str, rows: Mapping[str, np.ndarray], clients: int, seconds: float) -> Level:
    """Let so many clients ask, each again as soon as it has its answer."""
    ready = threading.Barrier(clients)
    end = [0.0]

    def ask(_: int) -> tuple[list[float], int]:
        times, refused = [], 0
        with Client(address) as client:
            for _ in range(WARM_UP):
                _timed(client, rows)
            if ready.wait() == 0:
                end[0] = time.perf_counter() + seconds
            ready.wait()
            while time.perf_counter() < end[0]:
                found = _timed(client, rows)
                refused += found is None
                times += [] if found is None else [found]
        return times, refused

    with ThreadPoolExecutor(clients) as executor:
        results = list(executor.map(ask, range(clients)))
    took = time.perf_counter() - (end[0] - seconds)
    times = [one for answered, _ in results for one in answered]
    if not times:
        message = f"{address} answered no request of {clients} clients within {seconds:g} s; use fewer, or more seconds"
        raise UserError(message)
    latency = {f"p{percent}": float(np.percentile(times, percent)) for percent in PERCENTILES}
    size = len(next(iter(rows.values())))
    refused = sum(number for _, number in results)
    return Level(clients, len(times), refused, took, latency | {"max": max(times)}, len(times) * size / took)


def _timed(client: Client, rows: Mapping[str, np.ndarray]) -> float | None:
    """Seconds until the answer; None where the server had too much to do."""
    start = time.perf_counter()
    try:
        client.infer(rows)
    except ServerError as error:
        if error.status != 503:
            raise
        time.sleep(0.01)
        return None
    return time.perf_counter() - start


def table(levels: Sequence[Level], entity: str) -> str:
    """The levels as lines of text."""
    head = ["clients", *(f"p{percent} [ms]" for percent in PERCENTILES), "max [ms]", f"{entity}/s", "refused"]
    lines: list[list[Any]] = [
        [
            level.clients,
            *(f"{1e3 * time:.2f}" for time in level.latency.values()),
            f"{level.throughput:.0f}",
            level.refused,
        ]
        for level in levels
    ]
    return "\n".join("  ".join(f"{cell!s:>10}" for cell in line) for line in [head, *lines])


def draw_load(levels: Sequence[Level], rows: int, entity: str, path: Path) -> Path:
    """Latency and throughput against the number of clients, one above the other."""
    clients = [level.clients for level in levels]
    with figure_style():
        figure = Figure(figsize=(6.4, 6.4))
        upper, lower = figure.subplots(2, 1, sharex=True)
        for name in (f"p{percent}" for percent in PERCENTILES):
            values = [1e3 * level.latency[name] for level in levels]
            upper.plot(clients, values, marker="o", label=f"{name[1:]}th percentile")
        upper.set_ylabel("Time to the answer [ms]")
        upper.set_yscale("log")
        upper.legend(title=f"{entity} per request: {rows}")
        lower.plot(clients, [level.throughput for level in levels], marker="o")
        lower.set_ylim(bottom=0)
        lower.set_ylabel(f"Throughput [{entity}/s]")
        lower.set_xlabel("Clients that ask at a time")
        lower.set_xscale("log", base=2)
        lower.set_xticks(clients, [str(number) for number in clients])
        lower.minorticks_off()
        return save_figure(figure, path)
