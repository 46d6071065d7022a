"""Train once more exactly as recorded, away from the project's own files, and compare."""

import tempfile
from collections.abc import Sequence
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
from .action import Action

__all__ = ["RerunOutcome", "rerun_training"]

LOSS_TOLERANCE = 0.02  # of the best validation loss: other hardware rounds otherwise, and training amplifies that


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
