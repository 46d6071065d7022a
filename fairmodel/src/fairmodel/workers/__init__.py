"""Work shared out over processes, here or on a cluster: a function is applied to every task."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from ..errors import UserError
from ..progress import progress
from .cost import COST_FILE, Cost, measured
from .local import Results, run_locally

__all__ = ["Workers"]

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Workers:
    """Who does the work: so many local processes, or the dask.distributed cluster at the address `scheduler`.

    Tasks write below `folder`: the workers of a cluster must see it, and it gets the record of what the work cost.
    `package` is that of the project, whose source must be the same there.
    """

    processes: int
    scheduler: str | None = None
    folder: Path | None = None
    package: str = ""

    def __post_init__(self) -> None:
        if self.processes < 1:
            message = f"--workers {self.processes}: at least one process has to do the work; give a positive number"
            raise UserError(message)

    def run(
        self,
        function: Callable[[T], R],
        tasks: Sequence[T],
        *,
        title: str,
        unit: str,
        rows: Callable[[R], int] = lambda _: 0,
    ) -> Iterator[tuple[int, R]]:
        """Apply `function` to every task; yields (index of the task, result) as they finish, each task once.

        The function is one of a module, or a `functools.partial` of one, so that another process can import it. What it
        writes must be whole or absent, and the same however often it is written: a task whose worker died is run again.
        A `UserError` of a task ends the run with that error. `rows` tells from a result how many rows the task made,
        for the progress bar and for the record of the cost.
        """
        if not tasks:
            return
        cost = Cost(title, unit, len(tasks))
        with (
            closing(self._results(partial(measured, function), tasks, title)) as results,
            progress(None, total=len(tasks), title=title, unit=unit) as bar,
        ):
            for index, (result, usage) in results:
                cost.add(usage, rows(result))
                bar.set_postfix({"rows": cost.rows} if cost.rows else None, refresh=False)
                bar.update()
                yield index, result
        sys.stderr.write(f"{cost}\n")
        if self.folder:
            cost.append_to(self.folder / COST_FILE)

    def _results(self, function: Callable[[T], R], tasks: Sequence[T], title: str) -> Results[R]:
        if self.scheduler is None:
            return run_locally(function, tasks, min(self.processes, len(tasks)))
        from .cluster import run_on_cluster

        return run_on_cluster(
            function, tasks, address=self.scheduler, folder=self.folder, title=title, package=self.package
        )
