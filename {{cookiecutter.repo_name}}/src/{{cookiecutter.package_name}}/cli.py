"""The command line: one subcommand for each node of the DAG. Heavy libraries are imported only when a step runs."""

import argparse
import errno
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from .errors import UserError

if TYPE_CHECKING:
    from .config import RunConfig
    from .interface import Project
    from .paths import Paths

__all__ = ["main"]

MENDABLE = (
    errno.EACCES,
    errno.EDQUOT,
    errno.EEXIST,
    errno.EFBIG,
    errno.EISDIR,
    errno.ENOSPC,
    errno.ENOTDIR,
    errno.EROFS,
)

Step = Callable[["Project", "RunConfig", "Paths", argparse.Namespace], None]


def _data(project: "Project", config: "RunConfig", paths: "Paths", arguments: argparse.Namespace) -> None:
    from .workers import Workers

    paths.processed.mkdir(parents=True, exist_ok=True)
    source = arguments.source or config.data.source
    workers = Workers(arguments.workers or _cores(), arguments.scheduler)
    data = config.data.model_copy(update={"source": source})
    project.prepare(data, paths.processed, raw=paths.raw, source=source, workers=workers)


def _cores() -> int:
    """Cores that this process may use, where the system can say so."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _train(project: "Project", config: "RunConfig", paths: "Paths", _: argparse.Namespace) -> None:
    from .training.train import train

    train(project, config, paths)


def _evaluate(project: "Project", config: "RunConfig", paths: "Paths", _: argparse.Namespace) -> None:
    from .training.evaluate import evaluate

    evaluate(project, config, paths)


def _export(project: "Project", config: "RunConfig", paths: "Paths", _: argparse.Namespace) -> None:
    from .export.onnx import export

    export(project, config, paths)


def _explain(project: "Project", config: "RunConfig", paths: "Paths", _: argparse.Namespace) -> None:
    from .interpret.permutation import explain

    explain(project, config, paths)


def _report(project: "Project", config: "RunConfig", paths: "Paths", _: argparse.Namespace) -> None:
    from .report.page import report

    report(project, config, paths)


def _summary(project: "Project", config: "RunConfig", paths: "Paths", _: argparse.Namespace) -> None:
    del project, config
    from .report.summary import summary

    sys.stdout.write(summary(paths) + "\n")


def _sections(project: "Project", config: "RunConfig", paths: "Paths", arguments: argparse.Namespace) -> None:
    del project
    from .sections import write_sections

    write_sections(config, paths.sections, source=arguments.source)


def _graph(project: "Project", config: "RunConfig", paths: "Paths", _: argparse.Namespace) -> None:
    del project, config
    from .report.dag import draw_dag

    sys.stdout.write(f"{draw_dag(sys.stdin.read(), paths.root / 'reports' / 'dag.png')}\n")


STEPS: dict[str, tuple[Step, str]] = {
    "data": (_data, "make the data set: train.h5, val.h5 and test.h5"),
    "train": (_train, "train the network; a killed training goes on where it stopped"),
    "evaluate": (_evaluate, "metrics with bootstrap errors on the test split"),
    "export": (_export, "write the ONNX graph, after checking it against PyTorch"),
    "explain": (_explain, "rank the features by the AUC that is lost when each is shuffled"),
    "report": (_report, "draw the figures and write the HTML report"),
    "summary": (_summary, "print the headline metrics and where the report is"),
    "graph": (_graph, "draw the DAG from `make --print-data-base` on standard input"),
    "sections": (
        _sections,
        "write each section of the configuration to a file that changes only when it does (for make)",
    ),
}


def main(argv: Sequence[str] | None = None, project: "Project | None" = None) -> int:
    """Run a command; returns 0, or 1 for a problem stated in one line, 2 for wrong usage, 130 when interrupted."""
    if project is None:
        from . import project as face

        project = cast("Project", face)
    try:
        arguments = _parser(project).parse_args(argv)
        arguments.run(arguments)
    except UserError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return _fail("interrupted; run the same command again to go on", code=130)
    except OSError as error:
        if error.errno not in MENDABLE:
            raise
        return _fail(f"{error.filename or 'a file'}: {error.strerror}; check what is there, permissions and free space")
    return 0


def _fail(message: str, code: int = 1) -> int:
    line = " ".join(part.strip() for part in message.splitlines())
    sys.stderr.write(f"error: {line}\n")
    return code


def _parser(project: "Project") -> argparse.ArgumentParser:
    package = __package__ or ""
    parser = argparse.ArgumentParser(
        prog=f"python -m {package}",
        description="Every step of the model's life. The steps build on each other: `make all` runs them in order.",
        epilog=f"Example: python -m {package} train --profile quick",
    )
    commands = parser.add_subparsers(title="steps", metavar="STEP", required=True)
    for name, (step, text) in STEPS.items():
        command = commands.add_parser(name, help=text, description=text.capitalize() + ".")
        _add_profile(command)
        if name in ("data", "sections"):
            command.add_argument("--source", choices=("simulation", "zenodo", "cern"), help="instead of [data] source")
        if name == "data":
            where = command.add_mutually_exclusive_group()
            text = "local processes to use (default: all cores); never changes the result"
            where.add_argument("--workers", type=int, metavar="N", help=text)
            text = "use the dask.distributed cluster there instead, for example tcp://127.0.0.1:8786"
            where.add_argument("--scheduler", metavar="ADDRESS", help=text)
        command.set_defaults(run=_runner(step, project))
    _add_fair(commands)
    _add_studies(commands, project)
    return parser


def _add_profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", default="quick", help="which config/<profile>.toml to use (default: %(default)s)")
    parser.add_argument("--project", type=Path, default=Path(), help="the project's folder (default: the current one)")


def _runner(step: Step, project: "Project") -> Callable[[argparse.Namespace], None]:
    def run(arguments: argparse.Namespace) -> None:
        from .config import load_config
        from .paths import Paths

        paths = Paths.of_project(arguments.project.resolve(), arguments.profile)
        config = load_config(paths.config, project.DataOptions, project.ModelOptions)
        step(project, config, paths, arguments)

    return run


def _add_fair(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from .fair.metadata import add_arguments, run

    text = "metadata and checks that make the model findable, accessible, interoperable and reusable"
    actions = commands.add_parser("fair", help=text, description=text.capitalize() + ".").add_subparsers(
        title="actions", metavar="ACTION", required=True
    )
    text = "write the files that are generated from fair.toml"
    action = actions.add_parser("metadata", help=text, description=text.capitalize() + ".")
    add_arguments(action)
    action.set_defaults(run=run)


def _add_studies(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", project: "Project") -> None:
    for name, study in project.STUDIES.items():
        if name in commands.choices:
            message = f"project.STUDIES names a study {name!r}, which is a command of the core already; rename it"
            raise UserError(message)
        command = commands.add_parser(name, help=study.help, description=study.help)
        if study.arguments:
            study.arguments(command)
        command.set_defaults(run=lambda arguments, study=study: study.load()(arguments))
