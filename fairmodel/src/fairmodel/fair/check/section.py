"""The principles in the HTML report, as they were last checked."""

import re
from html import escape
from typing import Any

from ...files import read_json
from ...paths import Paths
from .command import results_file
from .results import as_badge

__all__ = ["fair_sections"]

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
