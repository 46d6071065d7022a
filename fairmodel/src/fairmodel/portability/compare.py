"""Two platforms beside each other, from the files that `portability` wrote on them."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UserError
from ..files import read_json
from ..interface import Run
from ..present.style import figure_style, save_figure
from ..present.tables import Cell, Column, Table, write_tables
from .figures import speed_figure
from .run import portability_folder, times_of
from .tables import NOT_RUN, platform_table

__all__ = ["compare_platforms"]


def compare_platforms(run: Run, *, a: Path, b: Path) -> None:
    """Write `compare-A-B.*`: what the runtimes answered on both platforms, how fast they were, and the platforms.

    Raises UserError for files of another kind, and for measurements of different models or rows.
    """
    left, right = (_read(path) for path in (a, b))
    if left["record"]["inputs"] != right["record"]["inputs"]:
        message = f"{a} and {b} are of different models or test rows (their checksums differ)"
        raise UserError(message)
    names = _names(a, b)
    _check_sizes(left, right)
    tables = [
        _speed(left["runtimes"], right["runtimes"], names),
        _answers(left["runtimes"], right["runtimes"], names),
        platform_table({name: _platform(content) for name, content in zip(names, (left, right), strict=True)}),
    ]
    times = {name: times_of(content["runtimes"]) for name, content in zip(names, (left, right), strict=True)}
    path = portability_folder(run.paths) / f"compare-{names[0]}-{names[1]}"
    with figure_style():
        save_figure(speed_figure(times, left["entity"]), path)
    command = f"make portability-compare A={a} B={b} PROFILE={run.paths.profile}"
    content = {"schema": 1, "title": f"{names[0]} and {names[1]}", "command": command}
    markdown = write_tables(path, tables, content)
    sys.stdout.write(f"{markdown}\n{path}.json, .md, .tex, .png and .pdf\n")


def _read(path: Path) -> dict[str, Any]:
    content: Any = read_json(path)
    wanted = {"runtimes", "platform", "entity", "record", "settings"}
    if not isinstance(content, dict) or not wanted <= content.keys():
        message = f"{path} was not written by `make portability`; give two of its files portability.json"
        raise UserError(message)
    return content


def _platform(content: Mapping[str, Any]) -> dict[str, str]:
    """The platform, and how it was used."""
    return {**content["platform"], "Threads": str(content["settings"]["threads"])}


def _check_sizes(a: Mapping[str, Any], b: Mapping[str, Any]) -> None:
    """Raise UserError where no size of batch was measured on both."""
    sizes = [sorted(content["settings"]["batches"]) for content in (a, b)]
    if not set(sizes[0]) & set(sizes[1]):
        message = f"no size of batch was measured on both: {sizes[0]} and {sizes[1]}; measure again with --batches"
        raise UserError(message)


def _names(first: Path, second: Path) -> tuple[str, str]:
    """Short names for two files: their own, or those of the first folders in which they differ."""
    for left, right in zip(reversed(first.resolve().parts), reversed(second.resolve().parts), strict=False):
        if left != right:
            a, b = (re.sub(r"[^A-Za-z0-9_.]+", "-", part).removesuffix(".json") for part in (left, right))
            return a, b
    return "A", "B"


def _speed(a: Mapping[str, Any], b: Mapping[str, Any], names: tuple[str, str]) -> Table:
    """Throughput at the largest batch that both have, and latency."""
    columns = [Column("runtime", "Runtime")]
    for key, title, digits in (("latency", "one row [ms]", 3), ("throughput", "rows per second", 0)):
        columns += [
            Column(f"{key}_{place}", f"{name}: {title}", digits) for place, name in zip("ab", names, strict=True)
        ]
    columns.append(Column("ratio", "Ratio of throughputs", 2))
    rows: dict[str, dict[str, Cell]] = {}
    for name in dict.fromkeys([*a, *b]):
        row: dict[str, Cell] = {"runtime": name}
        for place, runtimes in zip("ab", (a, b), strict=True):
            row |= _numbers(runtimes.get(name), place, _largest(a, b))
        left, right = row.get("throughput_a"), row.get("throughput_b")
        if isinstance(left, float) and isinstance(right, float):
            row["ratio"] = right / left
        rows[name] = row
    return Table("platforms", f"{names[0]} and {names[1]}, batches of {_largest(a, b)} rows.", tuple(columns), rows)


def _numbers(found: Mapping[str, Any] | None, place: str, size: int) -> dict[str, Cell]:
    if found is None or found["status"] != "measured":
        return {f"latency_{place}": NOT_RUN}
    single, batch = (float(np.median(found["seconds"][str(each)])) for each in (1, size))
    return {f"latency_{place}": 1e3 * single, f"throughput_{place}": size / batch}


def _largest(a: Mapping[str, Any], b: Mapping[str, Any]) -> int:
    """The largest size of batch that all have measured."""
    sizes = [set(found["seconds"]) for runtimes in (a, b) for found in runtimes.values() if "seconds" in found]
    return max(map(int, set.intersection(*sizes)))


def _answers(a: Mapping[str, Any], b: Mapping[str, Any], names: tuple[str, str]) -> Table:
    """AUC and largest logit difference to PyTorch on the same platform."""
    columns = [Column("runtime", "Runtime")]
    rows: dict[str, dict[str, Cell]] = {name: {"runtime": name} for name in dict.fromkeys([*a, *b])}
    for place, name, runtimes in zip("ab", names, (a, b), strict=True):
        columns.append(Column(f"auc_{place}", f"{name}: AUC", 4, percent=True))
        columns.append(Column(f"difference_{place}", f"{name}: largest logit difference"))
        for key, found in runtimes.items():
            if found["status"] == "measured":
                difference = f"{found['largest_logit_difference']:.1e}"
                rows[key] |= {f"auc_{place}": found["auc"], f"difference_{place}": difference}
    return Table("platforms_answers", "The answers on both platforms.", tuple(columns), rows)
