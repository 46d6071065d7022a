"""`notebook-sample`: keep a profile's network and a few test jets beside the notebook that explains one of them."""

import argparse
import shutil
import sys
from typing import TYPE_CHECKING

from fairmodel.config import RunConfig
from fairmodel.errors import UserError
from fairmodel.files import atomic_path, read_json, sha256, write_json
from fairmodel.paths import Paths
from fairmodel.reproduce.subset import write_subset

if TYPE_CHECKING:
    from fairmodel.interface import Project

__all__ = ["FOLDER", "notebook_sample"]

FOLDER = "docs/project/one-jet"
JETS = 80


def notebook_sample(project: "Project", config: RunConfig, paths: Paths, _: argparse.Namespace) -> None:
    """Write `jets.h5`, `weights.safetensors` and `model.json`, which says what they are, into `FOLDER`."""
    if not paths.weights.exists():
        message = f"{paths.weights} does not exist; train the network with `make train PROFILE={paths.profile}`"
        raise UserError(message)
    folder = paths.root / FOLDER
    write_subset(paths.split("test"), folder / "jets.h5", project.SCHEMA, JETS, config.interpretation.seed)
    with atomic_path(folder / "weights.safetensors") as temporary:
        shutil.copyfile(paths.weights, temporary)
    metrics = read_json(paths.metrics)
    about = {
        "profile": paths.profile,
        "model": config.model.model_dump(mode="json"),
        "weights": sha256(paths.weights),
        "auc": metrics["auc"],
    }
    write_json(folder / "model.json", {"schema": 1} | about)
    sys.stdout.write(f"{JETS} jets and the network of {paths.profile}, in {folder}\n")
