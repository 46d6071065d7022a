"""Call the function of a command with what it takes."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..interface import Command, Project, Run
from ..lazy import Lazy

if TYPE_CHECKING:
    from ..workers import Workers

__all__ = ["call"]


def call(command: Command, project: Project | None, arguments: argparse.Namespace, words: Sequence[str]) -> None:
    """Run a command with its parsed options; `words` is the command line, for the record of what was made."""
    function = Lazy(command.function)
    options = {name: getattr(arguments, name) for name in map(destination, command.options)}
    if command.takes == "nothing":
        function(**options)
        return
    assert project is not None, command
    if command.takes == "project":
        function(project, **options)
        return
    run = Run.of(project, arguments.folder, arguments.profile)
    if command.workers:
        options["workers"] = _workers(command.workers, run, arguments)
    if not command.recorded:
        function(run, **options)
        return
    from ..fair.crate.record import recorded

    with recorded(run, tuple(words)):
        function(run, **options)


def destination(option: Any) -> str:
    """The name under which argparse keeps an option, which is that of the function's argument."""
    name: str = option.settings.get("dest") or option.names[0]
    return name.lstrip("-").replace("-", "_")


def _workers(kind: str, run: Run, arguments: argparse.Namespace) -> "Workers":
    """As many processes as there are cores, or trainings as fit onto them, unless the options say otherwise."""
    if kind == "chunks":
        return _shared(run, arguments, run.paths.raw)
    from ..paths import trials_folder
    from ..training.device import find_device

    workers = _shared(run, arguments, trials_folder(run.paths))
    on_cpu = find_device(run.config.training.device).type == "cpu"
    fitting = max(1, workers.processes // run.config.training.threads) if on_cpu else 1
    return replace(workers, processes=fitting) if arguments.workers is None else workers


def _shared(run: Run, arguments: argparse.Namespace, folder: Path) -> "Workers":
    from ..workers import Workers

    processes = _cores() if arguments.workers is None else arguments.workers
    return Workers(processes, arguments.scheduler, folder, run.project.package)


def _cores() -> int:
    """Cores that this process may use, where the system can say so."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
