"""Splits: whole events, the wanted shares, reproducible."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ..splits import SPLITS, split_by_event

THIRDS = {"train": 1 / 3, "val": 1 / 3, "test": 1 / 3}


@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=60),
    weights=st.tuples(*[st.floats(0.01, 1)] * 3),
    seed=st.integers(0, 2**31),
)
def test_any_events_are_split_whole_and_in_the_wanted_shares(
    sizes: list[int], weights: tuple[float, float, float], seed: int
) -> None:
    fractions = {name: weight / sum(weights) for name, weight in zip(SPLITS, weights, strict=True)}
    random = np.random.default_rng(0)
    event = random.permutation(np.repeat(random.permutation(10 * len(sizes))[: len(sizes)] - 5, sizes))
    split = split_by_event(event, fractions, seed)
    assert sorted(np.concatenate([split[name] for name in SPLITS]).tolist()) == list(range(len(event)))
    events = [set(event[split[name]].tolist()) for name in SPLITS]
    assert sum(map(len, events)) == len(set.union(*events))
    for name in SPLITS:
        assert abs(len(split[name]) - fractions[name] * len(event)) <= max(sizes)
        assert (np.diff(split[name]) > 0).all()


def test_the_seed_decides() -> None:
    event = np.arange(200) // 2
    one, again, other = (split_by_event(event, THIRDS, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(one[name], again[name]) for name in SPLITS)
    assert not np.array_equal(one["train"], other["train"])


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_file_decides_nothing(seed: int) -> None:
    """Each event goes to the same split wherever its rows stand."""
    event = np.arange(300) // 3
    order = np.random.default_rng(seed).permutation(300)
    split, shuffled = split_by_event(event, THIRDS, 1), split_by_event(event[order], THIRDS, 1)
    for name in SPLITS:
        assert set(event[split[name]]) == set(event[order][shuffled[name]])


def test_splits_are_spread_over_all_events() -> None:
    """A split that took the first events would train on one end of the data and be tested on the other."""
    event = np.arange(3000)
    for rows in split_by_event(event, THIRDS, 1).values():
        assert abs(rows.mean() - 1499.5) < 5 * 3000 / np.sqrt(12 * 1000)
