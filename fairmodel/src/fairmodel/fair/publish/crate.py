"""The record of the steps as it travels with the model: the published folder is a Process Run Crate itself."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...files import sha256
from ...interface import Run
from ...metadata.source import Metadata
from ..crate.action import Action, current
from ..crate.graph import agent_entity, to_crate

__all__ = ["archive_crate"]

STEP = "fair publish"


def archive_crate(
    actions: Sequence[Action], metadata: Metadata, run: Run, folder: Path, names: Mapping[str, str]
) -> dict[str, Any]:
    """The crate of the files that are in `folder`; `names` are those that files of the project have there, by path.

    The steps speak of the folder's names where a file is in it. What is not, such as the data or a graph before it knew
    its DOI, is named with its checksum, outside of the crate. The publication is the last step.
    """
    files = {path.name: sha256(path) for path in sorted(folder.iterdir())}
    steps = [
        replace(action, inputs=_renamed(action.inputs, names), outputs=_renamed(action.outputs, names))
        for action in actions
    ]
    left = current(steps)
    day = metadata.identity.date_released or max((step.ended[:10] for step in steps), default="")
    publication = Action(
        step=STEP,
        profile=run.paths.profile,
        command=f"python -m {run.project.package} {STEP} --profile {run.paths.profile}",
        started=day,
        ended=day,
        agent=agent_entity(metadata.people[0])["@id"],
        settings={},
        inputs={name: digest for name, digest in left.items() if name in files},
        outputs={name: digest for name, digest in files.items() if left.get(name) != digest},
    )
    return to_crate([*steps, publication], metadata, run.project.package, files)


def _renamed(files: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    return {names.get(path, path): digest for path, digest in files.items()}
