"""Compare what is on disk with the record of how it was made, and repeat a training as recorded."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from ...config import RunConfig
from ...errors import UserError
from ...files import read_json, sha256
from ...interface import Project, Run
from ...paths import Paths
from ...progress import progress
from .action import Action, current
from .graph import CRATE
from .record import read_actions

__all__ = ["Finding", "RerunOutcome", "actions_of", "rerun_training", "verify", "verify_record"]

LOSS_TOLERANCE = 0.02  # of the best validation loss: other hardware rounds otherwise, and training amplifies that


@dataclass(frozen=True)
class Finding:
    """What is wrong with a file: where the record speaks of it, and what to do."""

    path: str
    problem: str


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


@dataclass(frozen=True)
class RerunOutcome:
    """Whether the training gave the same model, and how it compares in words."""

    same: bool
    text: str


def rerun_training(run: Run, actions: Sequence[Action]) -> RerunOutcome:
    """Repeat the recorded training with its configuration on its inputs, whose checksums must be the recorded ones.

    Raises UserError where no training is recorded or where an input has changed.
    """
    from ...training.train import train

    project, paths = run.project, run.paths
    action = next((action for action in reversed(actions) if action.step == "train"), None)
    if action is None:
        message = f"no training of the profile {paths.profile!r} is recorded; run `make train PROFILE={paths.profile}`"
        raise UserError(message)
    config = _configuration(project, action.settings["configuration"])
    with tempfile.TemporaryDirectory() as folder:
        again = Paths(Path(folder), paths.profile)
        for split in ("train", "val"):
            _link(paths, again.split(split), action)
        train(Run(project, config, again))
        return _compare(paths, again)


def _configuration(project: Project, content: dict[str, Any]) -> RunConfig:
    """The recorded configuration, with the project's own parts in the project's own types."""
    options = project.data_options.model_validate(content["data"]["options"])
    data = content["data"] | {"options": options}
    return RunConfig.model_validate(
        content | {"data": data, "model": project.model_options.model_validate(content["model"])}
    )


def _link(paths: Paths, target: Path, action: Action) -> None:
    source = paths.processed / target.name
    name = source.relative_to(paths.root).as_posix()
    if not source.is_file() or sha256(source) != action.inputs.get(name):
        message = f"{source} is not what the recorded training read; run `make train PROFILE={paths.profile}` again"
        raise UserError(message)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(source.resolve())


def _compare(paths: Paths, again: Paths) -> RerunOutcome:
    """The weights bit by bit; if they differ, the best validation loss decides."""
    if sha256(paths.weights) == sha256(again.weights):
        return RerunOutcome(True, "training repeated: the same weights, bit for bit")
    first, second = load_file(paths.weights), load_file(again.weights)
    losses = [float(read_json(run.run)["training"]["best_loss"]) for run in (paths, again)]
    if first.keys() != second.keys() or any(first[name].shape != second[name].shape for name in first):
        return RerunOutcome(False, "training repeated: another network")
    largest = max(float(np.abs(first[name] - second[name]).max(initial=0.0)) for name in first)
    same = abs(losses[0] - losses[1]) <= LOSS_TOLERANCE * abs(losses[0])
    text = f"training repeated: weights differ by up to {largest:.2g}, best validation loss "
    return RerunOutcome(same, f"{text}{losses[0]:.6g} and {losses[1]:.6g}")
