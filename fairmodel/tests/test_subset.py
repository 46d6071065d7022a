"""Parts of a data set: rows of it, repeatable, the smaller ones within the larger ones."""

from pathlib import Path

import numpy as np

from fairmodel.dataset import Dataset
from fairmodel.files import sha256
from fairmodel.reproduce.trials import write_subset
from fairmodel.testing.samples import assert_same, random_samples, write_dataset

from .projects import CELLS


def test_a_part_holds_rows_of_the_whole_in_their_order(tmp_path: Path) -> None:
    samples = random_samples(CELLS, 300)
    whole = write_dataset(tmp_path / "whole.h5", CELLS, samples)
    parts = {}
    for rows in (50, 120):
        path = tmp_path / f"{rows}.h5"
        write_subset(whole, path, CELLS, rows, seed=4)
        with Dataset(path, CELLS) as dataset:
            part = dataset.read()
            assert dataset.provenance["subset"] == {"rows": rows, "of": 300, "seed": 4}
            assert dataset.provenance["source"] == "random"
        places = np.searchsorted(samples.weights[np.argsort(samples.weights)], part.weights)
        chosen = np.argsort(samples.weights)[places]
        assert (np.diff(chosen) > 0).all()
        assert_same(part, samples.take(chosen))
        parts[rows] = set(chosen.tolist())
    assert parts[50] < parts[120]


def test_the_seed_decides(tmp_path: Path) -> None:
    whole = write_dataset(tmp_path / "whole.h5", CELLS, random_samples(CELLS, 100))
    checksums = []
    for number, seed in enumerate((1, 1, 2)):
        write_subset(whole, tmp_path / f"{number}.h5", CELLS, 30, seed)
        checksums.append(sha256(tmp_path / f"{number}.h5"))
    assert checksums[0] == checksums[1] != checksums[2]
