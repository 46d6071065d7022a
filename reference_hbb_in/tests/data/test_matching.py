import numpy as np
import pytest
from fairmodel import UserError
from scipy.stats import ks_2samp

from hbb_in.data.prepare import match_spectra


@pytest.fixture
def jets() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """pT, label and event of two classes with very different spectra, two jets to an event."""
    generator = np.random.default_rng(0)
    pt = np.concatenate([300 + generator.exponential(150, 3000), generator.uniform(300, 1500, 5000)])
    return pt, np.repeat([0, 1], [3000, 5000]), np.arange(8000) // 2


def test_matched_classes_share_one_spectrum(jets: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    pt, label, event = jets
    assert ks_2samp(pt[label == 0], pt[label == 1]).pvalue < 1e-10
    kept = match_spectra(pt, label, event, bins=40, seed=1)
    assert len(np.unique(kept)) == len(kept)
    assert np.bincount(label[kept]).tolist() == [len(kept) // 2] * 2
    assert ks_2samp(pt[kept][label[kept] == 0], pt[kept][label[kept] == 1]).pvalue > 0.2


def test_as_many_jets_survive_as_the_rarer_class_allows(jets: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    pt, label, event = jets
    edges = np.quantile(pt, np.linspace(0, 1, 11))
    edges[-1] += 1
    histograms = [np.histogram(pt[label == index], edges)[0] for index in (0, 1)]
    kept = match_spectra(pt, label, event, bins=10, seed=1)
    assert len(kept) == 2 * np.minimum(*histograms).sum()


def test_the_choice_does_not_depend_on_how_the_jets_are_dealt_out(
    jets: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    pt, label, event = jets
    kept = match_spectra(pt, label, event, bins=20, seed=3)
    order = np.random.default_rng(4).permutation(len(pt))
    shuffled = match_spectra(pt[order], label[order], event[order], bins=20, seed=3)
    assert np.array_equal(np.sort(order[shuffled]), kept)
    assert not np.array_equal(match_spectra(pt, label, event, bins=20, seed=4), kept)


def test_a_missing_class_is_named() -> None:
    with pytest.raises(UserError, match=r"no Hbb jets.*simulate more chunks"):
        match_spectra(np.full(3, 400.0), np.zeros(3, dtype=np.int64), np.arange(3), bins=2, seed=1)
