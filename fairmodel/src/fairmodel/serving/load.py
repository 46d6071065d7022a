"""How a server does under load: latency and throughput against the number of clients that ask at a time."""

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ..errors import UserError
from ..present.style import figure_style, save_figure
from ..present.tables import Cell, Column, Table, write_tables
from ..progress import progress
from .client import Client, ServerError

__all__ = ["Level", "load_test", "measure"]

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
) -> Table:
    """Ask with each number of clients for so many seconds; writes `load.*` into `folder`: a table and a figure.

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
    found = _table(levels, size, entity)
    content = {
        "schema": 1,
        "title": "The server under load",
        "command": f"load-test {address}",
        "model": {"name": about.get("name"), "versions": about.get("versions")},
        "rows": size,
        "levels": [asdict(level) for level in levels],
    }
    write_tables(folder / "load", [found], content)
    _draw(levels, size, entity, folder / "load")
    return found


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


def _table(levels: Sequence[Level], rows: int, entity: str) -> Table:
    """The levels, one below the other."""
    columns = (
        Column("clients", "Clients"),
        *(Column(f"p{percent}", f"{percent}th percentile [ms]", digits=2) for percent in PERCENTILES),
        Column("max", "Slowest [ms]", digits=2),
        Column("throughput", f"{entity.capitalize()} per second", digits=0),
        Column("refused", "Refused"),
    )
    cells: dict[str, dict[str, Cell]] = {
        str(level.clients): {
            "clients": level.clients,
            **{name: 1e3 * seconds for name, seconds in level.latency.items()},
            "throughput": level.throughput,
            "refused": level.refused,
        }
        for level in levels
    }
    caption = f"Time to the answer and throughput of the server; {entity} per request: {rows}."
    return Table("load", caption, columns, cells)


def _draw(levels: Sequence[Level], rows: int, entity: str, path: Path) -> Path:
    """Latency and throughput against the number of clients, one above the other."""
    clients = [level.clients for level in levels]
    with figure_style():
        figure = Figure(figsize=(6.4, 6.4))
        upper, lower = figure.subplots(2, 1, sharex=True)
        for name in (f"p{percent}" for percent in PERCENTILES):
            values = [1e3 * level.latency[name] for level in levels]
            upper.plot(clients, values, marker="o", label=f"{name[1:]}th percentile")
        upper.set_ylabel("Time to the answer [ms]")
        upper.set_ylim(bottom=0)
        upper.legend(title=f"{entity} per request: {rows}")
        lower.plot(clients, [level.throughput for level in levels], marker="o")
        lower.set_ylim(bottom=0)
        lower.set_ylabel(f"Throughput [{entity}/s]")
        lower.set_xlabel("Clients that ask at a time")
        lower.set_xscale("log", base=2)
        lower.set_xticks(clients, [str(number) for number in clients])
        lower.minorticks_off()
        return save_figure(figure, path)
