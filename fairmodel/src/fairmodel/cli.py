"""The command line: one subcommand for each node of the DAG. Heavy libraries are imported only when a step runs."""

import argparse
import errno
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from . import PACKAGE
from .commands.common import Step, add_command, add_profile, as_action
from .commands.data import add_data, add_source
from .commands.engines import add_engines
from .commands.explain import add_explain
from .commands.fair import add_fair
from .commands.portability import add_portability
from .commands.predict import add_predict
from .commands.reproduce import add_reproduction
from .commands.serving import add_serving
from .errors import UserError

if TYPE_CHECKING:
    from .config import RunConfig
    from .interface import Project
    from .paths import Paths

__all__ = ["main", "make_parser"]

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


def _train(project: "Project", config: "RunConfig", paths: "Paths", _: argparse.Namespace) -> None:
    from .training.train import train

    train(project, config, paths)


def _evaluate(project: "Project", config: "RunConfig", paths: "Paths", _: argparse.Namespace) -> None:
    from .evaluation.evaluate import evaluate

    evaluate(project, config, paths)


def _export(project: "Project", config: "RunConfig", paths: "Paths", _: argparse.Namespace) -> None:
    from .export.onnx import export

    export(project, config, paths)


def _quantise(project: "Project", config: "RunConfig", paths: "Paths", _: argparse.Namespace) -> None:
    from .export.precision import quantise

    quantise(project, config, paths)


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

    write_sections(config, paths.sections, manifest=paths.manifest, source=arguments.source)


def _graph(project: "Project", config: "RunConfig", paths: "Paths", _: argparse.Namespace) -> None:
    del project, config
    from .report.dag import draw_dag

    sys.stdout.write(f"{draw_dag(sys.stdin.read(), paths.root / 'reports' / 'dag.png')}\n")


STEPS: dict[str, tuple[Step, str]] = {
    "train": (_train, "train the network; a killed training goes on where it stopped"),
    "evaluate": (_evaluate, "metrics with bootstrap errors on the test split"),
    "export": (_export, "write the ONNX graph, after checking it against PyTorch"),
    "quantise": (_quantise, "write the ONNX graph with fewer bits, and what that costs"),
    "report": (_report, "draw the figures and write the HTML report"),
    "summary": (_summary, "print the headline metrics and where the report is"),
    "graph": (_graph, "draw the DAG from `make --print-data-base` on standard input"),
    "sections": (
        _sections,
        "write each section of the configuration to a file that changes only when it does (for make)",
    ),
}


def main(argv: Sequence[str] | None = None, project: "Project | None" = None) -> int:
    """Run a command; returns 0, or 1 for a problem stated in one line.

    2 stands for wrong usage, 3 for hardware that the machine lacks, 130 for a command that was interrupted.
    """
    if project is None:
        from . import project as face

        project = cast("Project", face)
    try:
        arguments = make_parser(project).parse_args(argv)
        arguments.words = tuple(sys.argv[1:] if argv is None else argv)
        arguments.run(arguments)
    except UserError as error:
        return _fail(str(error), error.code)
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


def make_parser(project: "Project") -> argparse.ArgumentParser:
    """The parser of all commands, with the studies of the project."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {PACKAGE}",
        description="Every step of the model's life. The steps build on each other: `make all` runs them in order.",
        epilog=f"Example: python -m {PACKAGE} train --profile quick",
    )
    commands = parser.add_subparsers(title="steps", metavar="STEP", required=True)
    add_data(commands, project)
    for name, (step, text) in STEPS.items():
        command = add_command(commands, name, text)
        add_profile(command)
        if name == "sections":
            add_source(command)
        command.set_defaults(run=as_action(step, project))
    add_explain(commands, project)
    add_predict(commands, project)
    add_engines(commands, project)
    add_portability(commands, project)
    add_reproduction(commands, project)
    add_serving(commands, project)
    add_fair(commands, project)
    _add_studies(commands, project)
    return parser


def _add_studies(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", project: "Project") -> None:
    for name, study in project.STUDIES.items():
        if name in commands.choices:
            message = f"project.STUDIES names a study {name!r}, which is a command of the core already; rename it"
            raise UserError(message)
        command = add_command(commands, name, study.help)
        if study.arguments:
            study.arguments(command)
        command.set_defaults(run=lambda arguments, study=study: study.load()(arguments))
