"""The report of the splits: what each holds, and which events two of them share."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from fairmodel.config import DataConfig
from fairmodel.dataset import Samples
from fairmodel.errors import UserError
from fairmodel.explore.composition import report_splits
from fairmodel.explore.inspect import inspect
from fairmodel.files import read_json
from fairmodel.splits import SPLITS
from fairmodel.testing.samples import random_samples, write_dataset

from .projects import CELLS, other_project


@pytest.fixture
def parts(tmp_path: Path) -> dict[str, Samples]:
    """Three splits that share events as single rows do, on disk in the folder `tmp_path`."""
    random = np.random.default_rng(1)
    sizes = {"train": 60, "val": 20, "test": 31}
    parts = {
        name: replace(random_samples(CELLS, rows, seed=rows), event=random.integers(0, 80, rows))
        for name, rows in sizes.items()
    }
    for name, samples in parts.items():
        write_dataset(tmp_path / f"{name}.h5", CELLS, samples)
    return parts


def test_the_report_counts_rows_events_and_what_is_shared(parts: dict[str, Samples], tmp_path: Path) -> None:
    text = report_splits(DataConfig(split="row", seed=4), tmp_path, CELLS)
    report = read_json(tmp_path / "splits.json")
    assert report["method"] == {"split": "row", "seed": 4, "fractions": {"train": 0.7, "val": 0.1, "test": 0.2}}
    assert report["entity"] == "images"
    for name, samples in parts.items():
        found = report["splits"][name]
        assert (found["rows"], found["events"]) == (len(samples), len(set(samples.event.tolist())))
        assert [entry["rows"] for entry in found["classes"].values()] == np.bincount(samples.labels).tolist()
        total = sum(entry["sum_of_weights"] for entry in found["classes"].values())
        assert total == pytest.approx(samples.weights.sum(dtype=np.float64))
        assert f"{name:<5}  {len(samples):>6}  {found['events']:>6}  dark & dull" in text
    for one, other in combinations(SPLITS, 2):
        shared = set(parts[one].event.tolist()) & set(parts[other].event.tolist())
        assert report["shared_events"][f"{one}, {other}"] == len(shared) > 0
        assert f"{one}, {other}: {len(shared)}" in text
    assert text.startswith("Splits by row, seed 4\n")


@pytest.mark.usefixtures("parts")
def test_the_report_is_the_same_each_time(tmp_path: Path) -> None:
    report_splits(DataConfig(), tmp_path, CELLS)
    first = (tmp_path / "splits.json").read_bytes()
    report_splits(DataConfig(), tmp_path, CELLS)
    assert (tmp_path / "splits.json").read_bytes() == first


def test_whole_events_share_nothing(parts: dict[str, Samples], tmp_path: Path) -> None:
    for number, (name, samples) in enumerate(parts.items()):
        write_dataset(tmp_path / f"{name}.h5", CELLS, replace(samples, event=samples.event + 100 * number))
    text = report_splits(DataConfig(split="k-fold", folds=4, fold=1), tmp_path, CELLS)
    assert text.startswith("Splits by k-fold 1 of 4 (from 0), seed 1\n")
    assert text.endswith("\nNo event is in two splits.")
    assert set(read_json(tmp_path / "splits.json")["shared_events"].values()) == {0}


@pytest.mark.usefixtures("parts")
def test_a_downloaded_data_set_was_split_by_others(tmp_path: Path) -> None:
    assert report_splits(DataConfig(source="zenodo"), tmp_path, CELLS).startswith("Splits as published\n")
    assert read_json(tmp_path / "splits.json")["method"] is None


@pytest.mark.usefixtures("parts")
def test_inspect_shows_the_report(tmp_path: Path) -> None:
    assert "Splits" not in inspect(other_project(), tmp_path / "val.h5")
    text = report_splits(DataConfig(), tmp_path, CELLS)
    assert inspect(other_project(), tmp_path / "val.h5").endswith(text)


@pytest.mark.usefixtures("parts")
def test_a_missing_split_leaves_no_report(tmp_path: Path) -> None:
    (tmp_path / "test.h5").unlink()
    with pytest.raises(UserError, match=r"test\.h5 does not exist"):
        report_splits(DataConfig(), tmp_path, CELLS)
    assert not (tmp_path / "splits.json").exists()
