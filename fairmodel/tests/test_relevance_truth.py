"""Data whose truth is known: one feature has the same law in both classes, far from zero."""

import re

import pytest
import torch

from fairmodel.interpret import METHODS, mean_objects, relevance

from .known_truth import USELESS, Trained, table, train
from .projects import ENGINE_ROOT

RECOMMENDED = [name for name, method in METHODS.items() if method.advice == "recommended"]


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train()


def shares(trained: Trained, **options: object) -> torch.Tensor:
    """Share of each feature in the mean magnitude of the relevance, (feature,)."""
    found = relevance(trained.network, trained.inputs, **options)  # type: ignore[arg-type]
    magnitude = found.of_features("objects").abs().mean(0)
    return magnitude / magnitude.sum()


def test_the_network_uses_what_is_useful(trained: Trained) -> None:
    accuracy = trained.accuracy(trained.objects)
    assert accuracy > 0.87
    lost = []
    for feature in range(3):
        shuffled = trained.objects.clone()
        order = torch.randperm(5000, generator=torch.Generator().manual_seed(feature))
        shuffled[..., feature] = shuffled[..., feature].flatten()[order].reshape(-1, 5)
        lost.append(accuracy - trained.accuracy(shuffled))
    assert lost[0] > 0.2
    assert 0.02 < lost[1] < lost[0]
    assert abs(lost[USELESS]) < 0.01


@pytest.mark.parametrize("gamma", [0.25, 2])
def test_the_naive_recipe_credits_the_useless_feature(trained: Trained, gamma: float) -> None:
    """Plain gamma, one class's logit, relative to zero, biases ignored."""
    assert shares(trained, rule="gamma", gamma=gamma, bias="ignore")[USELESS] > 0.25


@pytest.mark.parametrize("epsilon", [0.01, 0.1, 0.25])
def test_centred_epsilon_does_not(trained: Trained, epsilon: float) -> None:
    """Epsilon on the log-odds, relative to the mean object."""
    baseline = mean_objects(trained.inputs)
    found = shares(trained, epsilon=epsilon, target="log-odds", baseline=baseline)
    assert found[USELESS] < 0.05
    assert found[0] > found[1] > 0.1


def test_a_log_odds_target_alone_is_no_remedy(trained: Trained) -> None:
    assert shares(trained, target="log-odds")[USELESS] > 0.15


@pytest.mark.parametrize("method", METHODS)
def test_only_the_recommended_methods_are_not_taken_in(trained: Trained, method: str) -> None:
    found = trained.shares(method)
    if method in RECOMMENDED:
        assert found[USELESS] < 0.05
        assert found[0] > found[1] > 0.15
    else:
        assert found[USELESS] > 0.15


def test_masking_by_zero_is_taken_in_and_by_what_occurs_is_not(trained: Trained) -> None:
    assert trained.losses("zero")[USELESS] > 0.02
    assert trained.losses("mean")[USELESS] < 0.01
    assert trained.losses("permutation")[USELESS] < 0.01


def test_the_table_of_the_page_is_what_comes_out(trained: Trained) -> None:
    page = (ENGINE_ROOT / "docs" / "attributions.md").read_text(encoding="utf-8")
    printed = {}
    for line in re.findall(r"^\| (.*) \|$", page.split("<!-- known truth -->")[1], re.M):
        name, *cells = line.split(" | ")
        printed[name] = cells
    for row in table(trained).rows.values():
        expected = [100 * float(row[key]) for key in ("useful", "less_useful", "useless")]  # type: ignore[arg-type]
        assert [float(cell) for cell in printed[str(row["method"])]] == pytest.approx(expected, abs=1.6)
