"""`notebook-sample`: keep a profile's network and a few test jets beside the notebook that explains one of them."""

import shutil
import sys

from fairmodel.errors import UserError
from fairmodel.files import atomic_path, read_json, sha256, write_json
from fairmodel.reproduce.trials import write_subset

from fairmodel import Run

__all__ = ["FOLDER", "notebook_sample"]

FOLDER = "docs/project/one-jet"
JETS = 80


def notebook_sample(run: Run) -> None:
    """Write `jets.h5`, `weights.safetensors` and `model.json`, which says what they are, into `FOLDER`."""
    if not run.paths.weights.exists():
        message = f"{run.paths.weights} does not exist; train the network with `make train PROFILE={run.paths.profile}`"
        raise UserError(message)
    folder = run.paths.root / FOLDER
    write_subset(run.paths.split("test"), folder / "jets.h5", run.project.schema, JETS, run.config.interpretation.seed)
    with atomic_path(folder / "weights.safetensors") as temporary:
        shutil.copyfile(run.paths.weights, temporary)
    metrics = read_json(run.paths.metrics)
    about = {
        "profile": run.paths.profile,
        "model": run.config.model.model_dump(mode="json"),
        "weights": sha256(run.paths.weights),
        "auc": metrics["auc"],
    }
    write_json(folder / "model.json", {"schema": 1} | about)
    sys.stdout.write(f"{JETS} jets and the network of {run.paths.profile}, in {folder}\n")
