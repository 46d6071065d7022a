"""Run the checks and write what they found."""

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...config import RunConfig
from ...errors import UserError
from ...files import write_text
from ...interface import Project
from ...paths import Paths
from ...progress import progress
from .network import Network
from .principles import CHECKS
from .registry import Result, evaluate
from .results import as_badge, as_ftr, as_json, as_markdown
from .subject import Subject

__all__ = ["IncompleteError", "results_file", "run"]

Writer = Callable[[dict[str, Any]], str]


class IncompleteError(UserError):
    """The checks could not be run at all."""

    code = 2


def results_file(paths: Paths) -> Path:
    """Where the results of a profile's last check are."""
    return paths.report / "fair" / "check.json"


def run(project: Project, config: RunConfig, paths: Paths, arguments: argparse.Namespace) -> None:
    """Check every principle, write the results beside the report, print them.

    Raises UserError (exit code 1) if a check fails, IncompleteError (2) if there is nothing to check.
    """
    network = Network(arguments.resolver, arguments.datacite) if arguments.online else None
    subject = Subject(project, config, paths, network, rerun=arguments.rerun)
    try:
        content = as_json(_results(subject), subject, datetime.now(UTC).isoformat(timespec="seconds"))
    except UserError as error:  # fair.toml itself cannot be read
        raise IncompleteError(str(error)) from error
    _write(content, paths, arguments)
    sys.stdout.write(_last_line(content) if arguments.no_fail else _lines(content))
    failed = content["counts"]["fail"]
    if failed and not arguments.no_fail:
        message = (
            f"{failed} of {len(CHECKS)} checks fail; evidence and remedies: {results_file(paths).with_suffix('.md')}"
        )
        raise UserError(message)


def _results(subject: Subject) -> list[Result]:
    return [evaluate(check, subject) for check in progress(CHECKS, total=len(CHECKS), title="FAIR", unit="checks")]


def _write(content: dict[str, Any], paths: Paths, arguments: argparse.Namespace) -> None:
    """The four forms, beside each other and wherever the options say."""
    forms: dict[str, tuple[str, Writer]] = {
        "json": ("check.json", _dump),
        "markdown": ("check.md", as_markdown),
        "ftr": ("check.ftr.jsonld", lambda found: _dump(as_ftr(found))),
        "badge": ("badge.svg", as_badge),
    }
    folder = results_file(paths).parent
    for option, (name, form) in forms.items():
        text = form(content)
        for path in (folder / name, getattr(arguments, option)):
            if path:
                write_text(path, text)


def _dump(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _lines(content: dict[str, Any]) -> str:
    """One line for each check, and below a failure what is wrong and what to do."""
    lines = []
    for principle in content["principles"]:
        lines.append(f"{principle['principle']}: {principle['text']}")
        for check in principle["checks"]:
            lines.append(f"  {check['status']:<14} {check['check']:<16} {check['title']}")
            if check["remedy"]:
                lines += [
                    f"{'':17}- {item['where']}: {item['found']}" for item in check["evidence"] if not item["good"]
                ]
                lines.append(f"{'':17}-> {check['remedy']}")
    return "\n".join([*lines, _last_line(content)])


def _last_line(content: dict[str, Any]) -> str:
    number = content["counts"]
    return f"FAIR: {number['pass']} checks pass, {number['fail']} fail, {number['not applicable']} do not apply\n"
