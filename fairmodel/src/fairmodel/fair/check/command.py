"""Run the checks and write what they found, for the terminal, for files and for the report."""

import json
import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from ...errors import UserError
from ...files import read_json, write_text
from ...interface import Run
from ...paths import Paths
from ...progress import progress
from .network import DATACITE, RESOLVER, Network
from .principles import CHECKS
from .registry import CheckResult, evaluate
from .results import as_badge, as_ftr, as_json, as_markdown
from .subject import Subject

__all__ = ["IncompleteError", "check", "fair_sections", "results_file"]

Writer = Callable[[dict[str, Any]], str]


class IncompleteError(UserError):
    """The checks could not be run at all."""

    code = 2


def results_file(paths: Paths) -> Path:
    """Where the results of a profile's last check are."""
    return paths.report / "fair" / "check.json"


def check(
    run: Run,
    *,
    online: bool = False,
    rerun: bool = False,
    resolver: str = RESOLVER,
    datacite: str = DATACITE,
    no_fail: bool = False,
    **copies: Path | None,
) -> None:
    """Check every principle, write the results beside the report, print them.

    `copies` are more files for a form of the results: json, markdown, ftr or badge. Raises UserError (exit code 1) if a
    check fails, IncompleteError (2) if there is nothing to check.
    """
    subject = Subject(run, Network(resolver, datacite) if online else None, rerun=rerun)
    try:
        content = as_json(_results(subject), subject, datetime.now(UTC).isoformat(timespec="seconds"))
    except UserError as error:  # fair.toml itself cannot be read
        raise IncompleteError(str(error)) from error
    _write(content, run.paths, copies)
    sys.stdout.write(_last_line(content) if no_fail else _lines(content))
    failed = content["counts"]["fail"]
    if failed and not no_fail:
        table = results_file(run.paths).with_suffix(".md")
        message = f"{failed} of {len(CHECKS)} checks fail; evidence and remedies: {table}"
        raise UserError(message)


def _results(subject: Subject) -> list[CheckResult]:
    return [evaluate(item, subject) for item in progress(CHECKS, total=len(CHECKS), title="FAIR", unit="checks")]


def _write(content: dict[str, Any], paths: Paths, copies: Mapping[str, Path | None]) -> None:
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
        for path in (folder / name, copies.get(option)):
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


WORDS = {"pass": "yes", "fail": "not yet", "not applicable": "not applicable"}


def fair_sections(paths: Paths) -> list[tuple[str, str, str]]:
    """Title, command and HTML fragment: one row for each principle; nothing before the first check."""
    path = results_file(paths)
    if not path.exists():
        return []
    content = read_json(path)
    rows = "".join(_row(principle) for principle in content["principles"])
    number = content["counts"]
    note = (
        f"{number['pass']} checks pass, {number['fail']} fail, {number['not applicable']} do not apply. "
        "Evidence for each is in fair/check.md beside this report."
    )
    head = "<tr><th>Principle</th><th></th><th>Holds</th><th>What to do</th></tr>"
    table = f'<div class="scroll"><table class="fair">{head}{rows}</table></div>'
    fragment = f'<p>{as_badge(content).strip()}</p><p class="soft">{escape(note)}</p>{table}'
    return [("FAIR", f"make fair PROFILE={escape(paths.profile)}", fragment)]


def _row(principle: dict[str, Any]) -> str:
    """The principle, whether it holds, and the remedies of the checks that failed."""
    states = {check["status"] for check in principle["checks"]}
    holds = "as far as checked" if states == {"pass", "not applicable"} else WORDS[principle["status"]]
    remedies = "; ".join(check["remedy"] for check in principle["checks"] if check["remedy"])
    cells = (escape(principle["text"]), holds, re.sub("`([^`]*)`", r"<code>\1</code>", escape(remedies)))
    row = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{escape(principle["principle"])}</th>{row}</tr>'
