"""Splits: every row once, units whole, shares as wanted, reproducible; files dealt out as a slow search does it."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairmodel.config import DataConfig, Fractions
from fairmodel.errors import UserError
from fairmodel.splits import SPLITS, split

THIRDS = Fractions(train=1 / 3, val=1 / 3, test=1 / 3)
BY_FILE = ("file", "random-file", "k-fold")
METHODS = ("event", "row", *BY_FILE)


def config(method: str, seed: int = 1, fractions: Fractions = THIRDS, folds: int = 3, fold: int = 0) -> DataConfig:
    k_fold = {"folds": folds, "fold": fold} if method == "k-fold" else {}
    return DataConfig.model_validate({"split": method, "seed": seed, "fractions": fractions, **k_fold})


def divide(settings: DataConfig, table: dict[str, np.ndarray], names: Sequence[str] = SPLITS) -> dict[str, np.ndarray]:
    return split(settings, event=table["event"], file=table["file"], stratum=table["stratum"], names=names)


@st.composite
def fractions(draw: st.DrawFn) -> Fractions:
    weights = draw(st.tuples(*[st.integers(1, 100)] * 3))
    return Fractions(**{name: weight / sum(weights) for name, weight in zip(SPLITS, weights, strict=True)})


@st.composite
def columns(draw: st.DrawFn) -> dict[str, np.ndarray]:
    """Event, file and stratum of rows in any order: events lie within a file, files within a stratum."""
    random = np.random.default_rng(draw(st.integers(0, 2**31 - 1)))
    stratum_of_file = np.repeat(np.arange(draw(st.integers(1, 3))), draw(st.integers(6, 9)))
    file_of_event = np.repeat(np.arange(len(stratum_of_file)), random.integers(1, 7, len(stratum_of_file)))
    event = random.permutation(np.repeat(np.arange(len(file_of_event)), random.integers(1, 4, len(file_of_event))))
    number = random.permutation(len(file_of_event)) - 5  # (events are numbered in any way)
    file = file_of_event[event]
    return {"event": number[event], "file": file, "stratum": stratum_of_file[file]}


def assert_each_row_once(result: dict[str, np.ndarray], rows: int) -> None:
    assert sorted(np.concatenate(list(result.values())).tolist()) == list(range(rows))
    assert all((np.diff(part) > 0).all() for part in result.values())


def shared(result: dict[str, np.ndarray], unit: np.ndarray) -> set[int]:
    """Units with rows in more than one split."""
    parts = [set(unit[rows].tolist()) for rows in result.values()]
    return set().union(*(one & other for one, other in combinations(parts, 2)))


@given(table=columns(), method=st.sampled_from(METHODS), fractions=fractions(), seed=st.integers(0, 2**31 - 1))
def test_every_row_is_in_one_split_and_every_unit_in_one(
    table: dict[str, np.ndarray], method: str, fractions: Fractions, seed: int
) -> None:
    result = divide(config(method, seed, fractions), table)
    assert tuple(result) == SPLITS
    assert_each_row_once(result, len(table["event"]))
    if method != "row":
        assert shared(result, table["event"]) == set()
    if method in BY_FILE:
        assert shared(result, table["file"]) == set()
        for rows in result.values():
            assert set(table["stratum"][rows].tolist()) == set(table["stratum"].tolist())


@given(table=columns(), method=st.sampled_from(["event", *BY_FILE]), seed=st.integers(0, 99))
def test_the_order_of_the_rows_decides_nothing(table: dict[str, np.ndarray], method: str, seed: int) -> None:
    """What stays together goes to the same split wherever its rows stand; single rows have nothing but their place."""
    order = np.random.default_rng(seed).permutation(len(table["event"]))
    one = divide(config(method, seed), table)
    other = divide(config(method, seed), {name: column[order] for name, column in table.items()})
    for name in SPLITS:
        assert sorted(order[other[name]].tolist()) == one[name].tolist()


@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=60), fractions=fractions(), seed=st.integers(0, 2**31 - 1)
)
@pytest.mark.parametrize("method", ["event", "row"])
def test_events_and_rows_meet_the_shares(method: str, sizes: list[int], fractions: Fractions, seed: int) -> None:
    random = np.random.default_rng(0)
    event = random.permutation(np.repeat(random.permutation(10 * len(sizes))[: len(sizes)] - 5, sizes))
    nothing = np.zeros_like(event)
    result = split(config(method, seed, fractions), event=event, file=nothing, stratum=nothing)
    assert_each_row_once(result, len(event))
    for name in SPLITS:
        wanted = getattr(fractions, name) * len(event)
        assert abs(len(result[name]) - wanted) <= (max(sizes) if method == "event" else 1)


def slow_cut(rows: list[int], shares: list[float]) -> list[int]:
    """Part of each file: every cut where the rows before it are nearest to the wanted ones, leaving no part empty."""
    starts = [0]
    for number in range(1, len(shares)):
        wanted = sum(shares[:number]) * sum(rows)
        possible = range(starts[-1] + 1, len(rows) - (len(shares) - number) + 1)
        starts.append(min(possible, key=lambda start: abs(sum(rows[:start]) - wanted)))
    return [sum(start <= file for start in starts) - 1 for file in range(len(rows))]


@given(sizes=st.lists(st.integers(1, 50), min_size=3, max_size=12), fractions=fractions())
def test_files_in_order_are_cut_where_the_shares_say(sizes: list[int], fractions: Fractions) -> None:
    file = np.repeat(np.arange(len(sizes)), sizes)
    result = split(config("file", fractions=fractions), event=file, file=file, stratum=np.zeros_like(file))
    part = slow_cut(sizes, [getattr(fractions, name) for name in SPLITS])
    for index, name in enumerate(SPLITS):
        assert sorted(set(file[result[name]].tolist())) == [number for number, p in enumerate(part) if p == index]


@given(table=columns(), folds=st.integers(2, 5), seed=st.integers(0, 99))
def test_folds_take_turns_and_the_test_split_stays(table: dict[str, np.ndarray], folds: int, seed: int) -> None:
    results = [divide(config("k-fold", seed, THIRDS, folds, fold), table) for fold in range(folds)]
    rows = len(table["event"])
    for result in results:
        assert_each_row_once(result, rows)
        assert np.array_equal(result["test"], results[0]["test"])
    assert_each_row_once({"test": results[0]["test"]} | {str(k): r["val"] for k, r in enumerate(results)}, rows)


@pytest.mark.parametrize("folds", [2, 4])
def test_the_test_split_of_a_k_fold_is_that_of_random_files(folds: int) -> None:
    file = np.repeat(np.arange(40), 5)
    table = {"event": file, "file": file, "stratum": file % 2}
    fractions = Fractions(train=0.6, val=0.2, test=0.2)
    result = divide(config("k-fold", 3, fractions, folds), table)
    assert np.array_equal(result["test"], divide(config("random-file", 3, fractions), table)["test"])
    assert len(result["test"]) == 40
    assert len(result["val"]) == 160 / folds


def test_names_without_test_divide_all_rows() -> None:
    file = np.repeat(np.arange(12), 10)
    table = {"event": np.arange(120), "file": file, "stratum": np.zeros_like(file)}
    fractions = Fractions(train=0.5, val=0.25, test=0.25)
    for method in ("event", "row", "file", "random-file"):
        result = divide(config(method, fractions=fractions), table, names=("train", "val"))
        assert {name: len(rows) for name, rows in result.items()} == {"train": 80, "val": 40}, method
    folds = [divide(config("k-fold", fold=fold), table, names=("train", "val"))["val"] for fold in range(3)]
    assert sorted(np.concatenate(folds).tolist()) == list(range(120))
    assert [len(rows) for rows in folds] == [40, 40, 40]


@pytest.mark.parametrize("method", METHODS)
def test_the_seed_decides(method: str) -> None:
    file = np.repeat(np.arange(30), 4)
    table = {"event": np.arange(120) // 2, "file": file, "stratum": np.zeros_like(file)}
    one, again, other = (divide(config(method, seed), table) for seed in (1, 1, 2))
    assert all(np.array_equal(one[name], again[name]) for name in SPLITS)
    assert np.array_equal(one["train"], other["train"]) == (method == "file")


def test_single_rows_share_events() -> None:
    """Of events with two rows, as many as chance says: 1 - (1/3)^2 * 3 = 2/3."""
    event = np.arange(6000) // 2
    result = split(config("row"), event=event, file=event, stratum=event)
    assert abs(len(shared(result, event)) / 3000 - 2 / 3) < 5 * np.sqrt(2 / 9 / 3000)


@pytest.mark.parametrize("method", ["event", "row"])
def test_splits_are_spread_over_all_events(method: str) -> None:
    """A split that took the first events would train on one end of the data and be tested on the other."""
    event = np.arange(3000)
    for rows in split(config(method), event=event, file=event, stratum=event).values():
        assert abs(rows.mean() - 1499.5) < 5 * 3000 / np.sqrt(12 * 1000)


@pytest.mark.parametrize(("method", "parts"), [("file", 3), ("random-file", 3), ("k-fold", 4)])
def test_a_stratum_with_too_few_files_says_so(method: str, parts: int) -> None:
    file = np.arange(10)
    stratum = np.array(["many"] * 8 + ["few"] * 2)
    with pytest.raises(UserError, match=rf"files of few: 2, but {parts} parts need.*split = 'event'"):
        split(config(method), event=file, file=file, stratum=stratum)
