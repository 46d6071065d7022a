"""The results of a profile that are stale: code, settings or inputs are not those that the record names any more."""

import sys
from collections.abc import Iterator

from ...identity import code_of, settings_of
from ...interface import Run
from ...metadata.engine import engine_line
from .action import FOOTPRINT_OF, Action, Checksums
from .record import read_actions, redacted

__all__ = ["print_status", "stale_reasons"]

CODE = {"engine": "another engine", "project": "changed code", "declared": "changed code"}


def print_status(run: Run) -> None:
    """Print for each recorded step whether its result still is what the step would make now, and if not, why."""
    lines = [engine_line()]
    known = Checksums(run.paths.root)
    actions = [action for action in read_actions(run.paths.root) if action.profile == run.paths.profile]
    for action in actions:
        reasons = list(dict.fromkeys(stale_reasons(run, action, known)))
        lines.append(f"  {action.step:<17}{'stale: ' + ', '.join(reasons) if reasons else 'up to date'}")
    known.save()
    none = f"  no step of the profile {run.paths.profile} is recorded; run `make all PROFILE={run.paths.profile}`"
    sys.stdout.write("\n".join([*lines, *([] if actions else [none])]) + "\n")


def stale_reasons(run: Run, action: Action, known: Checksums) -> Iterator[str]:
    """Yield, in words, all that has changed since a step was run."""
    step = FOOTPRINT_OF.get(action.step, action.step)
    before = action.settings.get("code", {})
    if before:
        now = code_of(step, run.project)
        yield from (CODE[name] for name in CODE if before.get(name) != now[name])
        recorded = action.settings["configuration"]
        yield from (
            "settings" for name, value in settings_of(step, run.config).items() if recorded[name] != redacted(value)
        )
    for name, digest in action.inputs.items():
        path = run.paths.root / name
        if name.startswith(("data/", "models/", "reports/")) and (not path.is_file() or known.of(path) != digest):
            yield f"another {name}" if path.is_file() else f"{name} is missing"
    yield from (f"{name} is missing" for name in action.outputs if not (run.paths.root / name).is_file())
