"""The tests that attributions are put to, on attributions of which the outcome is known."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from scipy.stats import kendalltau, spearmanr
from torch import nn

from fairmodel.errors import UserError
from fairmodel.files import read_json, write_json
from fairmodel.interface import Run
from fairmodel.interpret.explain import explain
from fairmodel.interpret.inputs import InputShares
from fairmodel.interpret.verdicts.agreement import agreement, kendall, spearman
from fairmodel.interpret.verdicts.curves import Curves, steps_of
from fairmodel.interpret.verdicts.randomisation import (
    cascade,
    depths_of,
    layers_from_output,
    likeness,
    mean_likeness,
    untrained,
)
from fairmodel.interpret.verdicts.retrainings import retrained_weights
from fairmodel.interpret.verdicts.sample import FeatureShares, draws, shares_of, thinned
from fairmodel.paths import Paths
from fairmodel.testing.samples import random_samples

from .relevance_networks import PairNetwork, random_objects

pytestmark = pytest.mark.slow  # networks are attributed again and again

IS_SIGNAL = np.arange(400) % 2 == 0


def test_shares_are_means_of_magnitudes() -> None:
    attributions = np.array([[1.0, -3], [-1, 3]])
    found = shares_of(attributions, np.array([[2.0, 0], [0, 2]]))
    assert found.values.tolist() == [0.25, 0.75]
    assert found.errors.tolist() == [0, 0]
    assert found.order.tolist() == [1, 0]
    assert shares_of(np.zeros((2, 3)), np.ones((4, 2))).values.tolist() == [0, 0, 0]


def test_errors_of_shares_are_those_of_other_rows() -> None:
    """The bootstrap error against the scatter over fresh samples."""
    random = np.random.default_rng(0)

    def sample() -> np.ndarray:
        return random.normal(size=(400, 3)) * [1, 2, 3]

    drawn = draws(IS_SIGNAL, trials=200, seed=1)
    errors = shares_of(sample(), drawn).errors
    scatter = np.std([shares_of(sample(), drawn[:2]).values for _ in range(200)], axis=0)
    assert errors == pytest.approx(scatter, rel=0.25)


def test_rank_correlations_are_those_of_scipy() -> None:
    random = np.random.default_rng(1)
    left, right = random.integers(0, 5, (2, 6, 9)).astype(float)
    assert spearman(left, right) == pytest.approx([spearmanr(a, b).statistic for a, b in zip(left, right, strict=True)])
    assert kendall(left, right) == pytest.approx([kendalltau(a, b).statistic for a, b in zip(left, right, strict=True)])
    assert spearman(np.ones((1, 4)), left[:1, :4]).tolist() == [0]
    assert kendall(np.ones((1, 4)), left[:1, :4]).tolist() == [0]


def test_methods_that_rank_alike_agree() -> None:
    values, random = np.arange(1.0, 7), np.random.default_rng(2)

    def shares(values: np.ndarray) -> FeatureShares:
        return FeatureShares(values, values + 0.7 * random.normal(size=(50, 6)))

    found = agreement({"a": shares(values), "b": shares(values**2), "c": shares(-values)}, spearman)
    assert found.values == pytest.approx(np.array([[1, 1, -1], [1, 1, -1], [-1, -1, 1]]))
    assert (found.errors[np.triu_indices(3, 1)] > 0).all()
    assert found.errors[0, 1] < 0.3


class Votes:
    """Answers that are the sum of what features say, of which the first says most and the last ones nothing."""

    def __init__(self) -> None:
        random = np.random.default_rng(3)
        strength = np.array([2.0, 1, 0.5, 0, 0, 0])
        self.values = random.normal(size=(400, 6)) + np.where(IS_SIGNAL, 1, -1)[:, None] * (strength > 0)
        self.strength, self.asked = strength, 0

    def __call__(self, removed: frozenset[int]) -> np.ndarray:
        self.asked += 1
        kept = [place for place in range(6) if place not in removed]
        logit = (self.values[:, kept] * self.strength[kept]).sum(1)
        answers: np.ndarray = 1 / (1 + np.exp(-logit))
        return answers


def gain(curves: Curves, order: list[int], quantity: str) -> float:
    areas = (curves.insertion(order).areas(quantity) - curves.deletion(order).areas(quantity))[0]
    return float(areas)


@pytest.mark.parametrize("quantity", ["auc", "fidelity"])
def test_the_right_order_gains_and_the_wrong_one_loses(quantity: str) -> None:
    votes = Votes()
    curves = Curves(votes, IS_SIGNAL, draws(IS_SIGNAL, trials=20, seed=1), 6)
    right, wrong = [0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0]
    assert gain(curves, right, quantity) > 0.1
    assert gain(curves, wrong, quantity) == pytest.approx(-gain(curves, right, quantity))
    random = np.random.default_rng(4)
    gains = [gain(curves, random.permutation(6).tolist(), quantity) for _ in range(40)]
    assert abs(np.mean(gains)) < 3 * np.std(gains) / 40**0.5
    assert max(gains) < 1.1 * gain(curves, right, quantity)
    assert votes.asked <= 2**6 + 1


def test_curves_begin_and_end_where_they_must() -> None:
    curves = Curves(Votes(), IS_SIGNAL, draws(IS_SIGNAL, trials=5, seed=1), 6)
    deletion, insertion = curves.deletion([3, 1, 4, 0, 2, 5]), curves.insertion([3, 1, 4, 0, 2, 5])
    assert deletion.fraction.tolist() == [step / 6 for step in range(7)]
    assert deletion.values["auc"].shape == (6, 7)
    assert deletion.values["fidelity"][:, 0] == pytest.approx(1)
    assert deletion.values["auc"][0, -1] == 0.5
    for name in ("auc", "fidelity"):
        assert np.array_equal(deletion.values[name][:, 0], insertion.values[name][:, -1])
        assert np.array_equal(deletion.values[name][:, -1], insertion.values[name][:, 0])
    assert steps_of(3).tolist() == [0, 1, 2, 3]
    assert len(steps_of(100)) == 16


def test_a_network_forgets_from_its_output() -> None:
    trained, fresh = untrained(PairNetwork, 1).double(), untrained(PairNetwork, 2).double()
    assert torch.equal(untrained(PairNetwork, 1).double().out.weight, trained.out.weight)  # type: ignore[union-attr,arg-type]
    layers = layers_from_output(trained, {"objects": random_objects([3])})
    assert layers == ["out", "each.0", "effect.1", "pair"]
    assert depths_of(4, 2) == [2, 4]
    assert depths_of(2, 5) == [1, 2]
    before = {name: values.clone() for name, values in trained.state_dict().items()}
    half, whole = cascade(trained, fresh, layers, [2, 4])
    for name, values in half.state_dict().items():
        source = fresh if name.startswith(("out", "each")) else trained
        assert torch.equal(values, source.state_dict()[name])
    assert all(torch.equal(values, fresh.state_dict()[name]) for name, values in whole.state_dict().items())
    assert all(torch.equal(values, before[name]) for name, values in trained.state_dict().items())


def test_layers_that_are_never_called_come_last() -> None:
    class Idle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.idle, self.used = nn.Linear(2, 2), nn.Linear(2, 2)

        def forward(self, objects: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.used(objects.sum(1))
            return logits

    assert layers_from_output(Idle(), {"objects": torch.ones(1, 3, 2)}) == ["used", "idle"]


def test_likeness_is_within_the_inputs_that_are_there() -> None:
    random = torch.Generator().manual_seed(0)
    inputs = {"a": torch.ones(3, 2, 4), "b": torch.ones(3, 2, 2), "c": torch.ones(3, 2, 1)}
    inputs["b"][0], inputs["a"][2], inputs["b"][2] = 0, 0, 0
    left = InputShares({name: torch.rand(values.shape, generator=random) * values for name, values in inputs.items()})
    found = likeness(left, InputShares({name: -2 * values for name, values in left.inputs.items()}), inputs)
    assert found[:2] == pytest.approx([1, 1])
    assert np.isnan(found[2])
    other = InputShares(left.inputs | {"b": left.inputs["b"].flip(2)})
    assert likeness(left, other, inputs)[:2] == pytest.approx([1, (4 - 2) / 6])


def test_the_mean_likeness_knows_what_it_does_not_know() -> None:
    found = mean_likeness(np.array([[0.2, 0.4, np.nan], [0.4, 0.6, np.nan]]))
    assert found.value == pytest.approx(0.4)
    assert found.error == pytest.approx(np.hypot(0.1, 0.1))
    with pytest.raises(UserError, match="no row has objects of an input with several features"):
        mean_likeness(np.full((2, 3), np.nan))


def test_thinned_rows_are_spread_evenly() -> None:
    from .projects import CELLS

    samples = random_samples(CELLS, 21)
    assert thinned(samples, 5).event.tolist() == samples.event[[0, 5, 10, 15, 20]].tolist()
    assert thinned(samples, 50) is samples


def quick(run: Run, tmp_path: Path, rows: int = 24) -> Run:
    """A copy of the run that is explained in a moment."""
    root = shutil.copytree(run.paths.root, tmp_path / "project")
    options = run.config.interpretation.model_copy(update={"attribution_rows": rows, "bootstrap": 5})
    config = run.config.model_copy(update={"interpretation": options})
    return replace(run, config=config, paths=Paths.of_project(root, run.paths.profile))


def finished_trial(paths: Paths, seed: int, factor: float = 1.0, *, finished: bool = True) -> Path:
    """A trial as `reproduce-seeds` leaves it, with the profile's weights times a factor."""
    folder = paths.model / "trials" / "seeds" / f"seed-{seed}"
    folder.mkdir(parents=True)
    weights = {name: values * factor for name, values in load_file(paths.weights).items()}
    save_file(weights, folder / "weights.safetensors")
    write_json(folder / "trial.json", {"schema": 1, "identity": "x", "finished": finished})
    return folder / "weights.safetensors"


@pytest.mark.parametrize("prepared", ["other", pytest.param("own", marks=pytest.mark.slow)], indirect=True)
def test_a_verdict_on_a_run(trained: Run, tmp_path: Path) -> None:
    run = quick(trained, tmp_path, rows=6)
    explain(run, ["verdict"])
    folder, features = run.paths.interpretation, sum(len(item.features) for item in run.project.schema.inputs)
    found = {path.stem: read_json(path) for path in folder.glob("*.json")}
    for method in found["attributions"]["methods"].values():
        assert sum(share["value"] for share in method["shares"]) == pytest.approx(1)
        assert len(method["shares"]) == features
    assert found["removal"]["methods"].keys() == found["randomisation"]["methods"].keys()
    assert found["retrainings"]["trainings"] == 0
    assert "make reproduce-seeds PROFILE=tiny" in found["retrainings"]["paragraphs"][0]
    assert len(found["verdict"]["paragraphs"]) >= 4
    assert "there are no retrainings" in " ".join(found["verdict"]["paragraphs"])
    figures = ["attributions", "attributions_agreement", "removal", "randomisation"]
    figures += [f"correlations_{item.name}" for item in run.project.schema.inputs]
    for name in figures:
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert (folder / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    markdown = (folder / "verdict.md").read_text(encoding="utf-8")
    assert all(paragraph in markdown for paragraph in found["verdict"]["paragraphs"])
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("prepared", ["other"], indirect=True)
def test_retrainings_with_the_same_weights_do_not_scatter(trained: Run, tmp_path: Path) -> None:
    run = quick(trained, tmp_path)
    explain(run, ["retrainings"])
    assert read_json(run.paths.interpretation / "retrainings.json")["trainings"] == 0
    paths = [finished_trial(run.paths, seed) for seed in (2, 3)]
    finished_trial(run.paths, 4, finished=False)
    assert retrained_weights(run.paths) == paths
    explain(run, ["retrainings", "attributions"])
    retrained, own = (read_json(run.paths.interpretation / f"{name}.json") for name in ("retrainings", "attributions"))
    assert retrained["trainings"] == 2
    for name, values in retrained["methods"].items():
        expected = [share["value"] for share in own["methods"][name]["shares"]]
        assert [each["value"] for each in values] == pytest.approx(expected, abs=1e-5)
        assert [each["error"] for each in values] == pytest.approx([0.0] * len(expected), abs=1e-7)
    assert (run.paths.interpretation / "retrainings.png").exists()


@pytest.mark.parametrize("prepared", ["other"], indirect=True)
def test_weights_of_another_network_are_named(trained: Run, tmp_path: Path) -> None:
    run = quick(trained, tmp_path)
    first, _ = (finished_trial(run.paths, seed) for seed in (2, 3))
    save_file({"nothing": torch.zeros(1)}, first)
    with pytest.raises(UserError, match=r"seed-2/weights.safetensors does not fit the \[model\] section"):
        explain(run, ["retrainings"])


@pytest.mark.parametrize("prepared", ["other"], indirect=True)
def test_a_class_without_rows_is_named(trained: Run, tmp_path: Path) -> None:
    run = quick(trained, tmp_path)
    options = run.config.interpretation.model_copy(update={"attribution_rows": 1})
    config = run.config.model_copy(update={"interpretation": options})
    with pytest.raises(UserError, match=r"the class '.*' is empty: none of 1 rows.* raise attribution_rows"):
        explain(replace(run, config=config), ["attributions"])
