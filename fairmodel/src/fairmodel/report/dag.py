"""Draw the DAG of the steps as make itself sees it."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from matplotlib.figure import Figure

from ..errors import UserError
from ..present.style import figure_style, save_figure

__all__ = ["draw_dag", "levels", "parse_database", "step_graph"]

RULE = re.compile(r"^([^\s#:=][^:=]*?)\s*&?:(?!=)\s*([^|=]*)(?:\|.*)?$")
BOX = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": "0.3"}


def parse_database(text: str) -> dict[str, list[str]]:
    """Targets and their normal prerequisites, from the output of `make --print-data-base`."""
    rules: dict[str, list[str]] = {}
    skip = False
    for line in text.splitlines():
        match = RULE.match(line)
        if match and not skip:
            for target in match.group(1).split():
                rules.setdefault(target, []).extend(match.group(2).split())
        skip = line.startswith("# Not a target")
    return rules


def step_graph(rules: Mapping[str, Iterable[str]], goal: str) -> dict[str, set[str]]:
    """For each step that `goal` names, the steps whose files it needs (through any number of other files)."""
    steps = list(dict.fromkeys(rules.get(goal, ())))
    owner = {path: step for step in steps for path in rules.get(step, ())}
    graph: dict[str, set[str]] = {}
    for step in steps:
        found: set[str] = set()
        stack = [need for path in rules.get(step, ()) for need in rules.get(path, ())] + list(rules.get(step, ()))
        seen: set[str] = set()
        while stack:
            path = stack.pop()
            if path in seen:
                continue
            seen.add(path)
            if owner.get(path, step) != step or (path in steps and path != step):
                found.add(owner.get(path, path))
            else:
                stack.extend(rules.get(path, ()))
        graph[step] = found
    return graph


def levels(graph: Mapping[str, set[str]]) -> dict[str, int]:
    """Length of the longest chain of steps before each step."""
    depth: dict[str, int] = {}

    def visit(step: str) -> int:
        if step not in depth:
            depth[step] = 1 + max((visit(need) for need in graph[step]), default=-1)
        return depth[step]

    for step in graph:
        visit(step)
    return depth


def draw_dag(database: str, path: Path, goal: str = "all") -> Path:
    """Draw the steps of `goal` and what each needs, from left to right, as PNG and PDF; returns the PNG's path."""
    graph = step_graph(parse_database(database), goal)
    if not graph:
        message = f"standard input names no steps of {goal!r}; draw them with `make graph`"
        raise UserError(message)
    depth = levels(graph)
    columns = [[step for step in graph if depth[step] == level] for level in range(max(depth.values(), default=0) + 1)]
    place = {
        step: (level, (len(column) - 1) / 2 - row)
        for level, column in enumerate(columns)
        for row, step in enumerate(column)
    }
    with figure_style():
        height = max(len(column) for column in columns)
        figure = Figure(figsize=(1.9 * len(columns) + 0.6, 1.0 * height + 0.6))
        axes = figure.subplots()
        axes.set_axis_off()
        axes.set_xlim(-0.6, len(columns) - 0.4)
        axes.set_ylim(-height / 2, height / 2)
        for step, needs in graph.items():
            for need in needs:
                arrow = {"arrowstyle": "-|>", "color": "0.4", "shrinkA": 28, "shrinkB": 28}
                axes.annotate("", place[step], place[need], arrowprops=arrow)
            axes.text(*place[step], step, ha="center", va="center", bbox=BOX)
        return save_figure(figure, path)
