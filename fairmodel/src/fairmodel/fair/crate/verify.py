"""Compare what is on disk with the record of how it was made."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import UserError
from ...files import sha256
from ...interface import Run
from ...paths import Paths
from ...progress import progress
from .action import Action, current
from .graph import CRATE
from .record import read_actions
from .rerun import rerun_training

__all__ = ["Finding", "actions_of", "verify", "verify_record"]


@dataclass(frozen=True)
class Finding:
    """What is wrong with a file: where the record speaks of it, and what to do."""

    path: str
    problem: str


def actions_of(paths: Paths) -> list[Action]:
    """The recorded actions of a profile. Raises UserError where there are none."""
    found = [action for action in read_actions(paths.root) if action.profile == paths.profile]
    if not found:
        message = (
            f"{paths.root / CRATE} has no step of the profile {paths.profile!r}; run `make all PROFILE={paths.profile}`"
        )
        raise UserError(message)
    return found


def verify(root: Path, actions: Sequence[Action]) -> list[Finding]:
    """Take the checksum of every file that the actions read or wrote, and compare them with each other."""
    return [*_changed(root, actions), *_outdated(actions)]


def _changed(root: Path, actions: Sequence[Action]) -> Iterator[Finding]:
    """Files that are no longer what the last step left; each is read anew."""
    files = current(actions)
    for name, digest in progress(files.items(), total=len(files), title="verify", unit="files"):
        path = root / name
        if not path.is_file():
            yield Finding(name, "was recorded, but is missing; run its step again")
        elif sha256(path) != digest:
            yield Finding(name, "has another content than its step recorded; run the step again, or restore the file")


def _outdated(actions: Sequence[Action]) -> Iterator[Finding]:
    """Outputs of steps that read a file which another step, or an edit before one, has replaced since."""
    present = current(actions)
    for action in actions:
        old = [name for name, digest in action.inputs.items() if present[name] != digest]
        wrote = [name for name, digest in action.outputs.items() if present[name] == digest]
        if old and wrote:
            problem = f"was made by `{action.step}` from an earlier {', '.join(old)}; run `{action.step}` again"
            yield Finding(wrote[0], problem)


def verify_record(run: Run, *, rerun: bool = False) -> None:
    """Print what was found. Raises UserError if anything differs from the record."""
    actions = actions_of(run.paths)
    findings = verify(run.paths.root, actions)
    for finding in findings:
        sys.stdout.write(f"{finding.path} {finding.problem}\n")
    if findings:
        message = f"{len(findings)} of {len(current(actions))} recorded files or steps differ from {CRATE}"
        raise UserError(message)
    steps = ", ".join(action.step for action in actions)
    sys.stdout.write(f"{len(current(actions))} files are what was recorded; steps: {steps}\n")
    if rerun:
        outcome = rerun_training(run, actions)
        sys.stdout.write(f"{outcome.text}\n")
        if not outcome.same:
            message = "the training cannot be repeated on this machine; compare software and hardware with the record"
            raise UserError(message)
