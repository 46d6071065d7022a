"""What a feature is worth: nothing to a network that does not look at it, all to one that looks at nothing else."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import nn

from fairmodel.files import read_json
from fairmodel.interface import Run
from fairmodel.interpret.explain import explain
from fairmodel.interpret.masking.masks import Baseline
from fairmodel.interpret.masking.studies import permutation_loss
from fairmodel.testing.samples import random_samples

from .projects import CELLS


class FirstFeature(nn.Module):
    """The sum of the depths decides between the last two classes; the tilts are ignored."""

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        depth = cells[:, :, 0].sum(1)
        return torch.stack([torch.zeros_like(depth), depth, torch.zeros_like(depth)], 1)


def test_only_what_the_network_looks_at_costs_anything() -> None:
    samples = random_samples(CELLS, 400, seed=1)
    baseline = Baseline(FirstFeature(), samples, CELLS.signal, trials=10, seed=1)
    table = permutation_loss(
        baseline, samples, CELLS, repeats=4, random=lambda *number: np.random.default_rng([1, *number])
    )
    assert [(row["input"], row["feature"]) for row in table] == [("cells", "depth"), ("cells", "tilt")]
    assert table[1]["loss"] == {"value": 0.0, "error": 0.0}
    signal, depth = samples.labels == 1, samples.inputs["cells"][:, :, 0]
    # shuffled among all objects, depths say no more than how many of them there are
    known = roc_auc_score(signal, depth.sum(1)) - roc_auc_score(signal, samples.counts["cells"])
    assert table[0]["loss"]["value"] == pytest.approx(known, abs=0.05)
    assert 0 < table[0]["loss"]["error"] < 0.05


def test_every_feature_of_a_run_is_ranked(trained: Run) -> None:
    explain(trained, ["permutation"])
    path = trained.paths.report / "interpretation" / "permutation.json"
    content = read_json(path)
    rows = min(trained.config.interpretation.rows, 64)
    assert (content["schema"], content[trained.project.schema.entity]) == (1, rows)
    inputs = trained.project.schema.inputs
    ranked = {(row["input"], row["feature"]) for row in content["features"]}
    assert ranked == {(item.name, name) for item in inputs for name in item.feature_names}
    losses = [row["loss"]["value"] for row in content["features"]]
    assert losses == sorted(losses, reverse=True)
    assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("prepared", ["other"], indirect=True)
def test_the_same_run_gives_the_same_ranking(trained: Run) -> None:
    path = trained.paths.report / "interpretation" / "permutation.json"
    explain(trained, ["permutation"])
    before = path.read_bytes()
    explain(trained, ["permutation"])
    assert path.read_bytes() == before
