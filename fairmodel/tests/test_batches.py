"""Batches: every row once in an epoch, in an order that only (seed, epoch) decides."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fairmodel.dataset import Dataset, Samples
from fairmodel.testing.samples import assert_same, random_samples, write_dataset
from fairmodel.training import batches
from fairmodel.training.batches import Rows, as_tensors, micro_batches

from .projects import CELLS

ROWS = 103


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BLOCK_ROWS", 8)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dataset]:
    samples = random_samples(CELLS, ROWS)
    samples.event[:] = np.arange(ROWS)
    path: Path = tmp_path_factory.mktemp("batches") / "a.h5"
    with Dataset(write_dataset(path, CELLS, samples), CELLS) as dataset:
        yield dataset


def order(dataset: Dataset, size: int, *, seed: int = 1, epoch: int = 1, pool: int = 10_000) -> list[list[int]]:
    """Numbers of the rows in each batch."""
    return [batch.event.tolist() for batch in Rows(dataset, pool).shuffled(size, seed=seed, epoch=epoch)]


@pytest.mark.parametrize("pool", [1, 8, 20, 50, 96, 103, 10_000])
@pytest.mark.parametrize("size", [1, 7, 8, 64, 103, 1000])
def test_every_row_once_in_full_batches(dataset: Dataset, size: int, pool: int) -> None:
    found = order(dataset, size, pool=pool)
    assert sorted(row for batch in found for row in batch) == list(range(ROWS))
    assert [len(batch) for batch in found[:-1]] == [size] * (-(-ROWS // size) - 1)


@pytest.mark.parametrize("pool", [16, 10_000])
def test_only_seed_and_epoch_decide(dataset: Dataset, pool: int) -> None:
    first = order(dataset, 10, pool=pool)
    order(dataset, 10, seed=5, epoch=7, pool=pool)
    np.random.default_rng().random()
    assert order(dataset, 10, pool=pool) == first
    others = [order(dataset, 10, seed=seed, epoch=epoch, pool=pool) for seed, epoch in ((1, 2), (2, 1), (2, 2))]
    assert all(other != first for other in others)
    assert others[0] != others[1]


@pytest.mark.slow
def test_a_pool_of_everything_is_a_full_shuffle(dataset: Dataset) -> None:
    """Every row is as likely in the first batch as any other: 13 of 103 places, over 60 epochs."""
    drawn = np.zeros(ROWS)
    for epoch in range(60):
        drawn[order(dataset, 13, epoch=epoch)[0]] += 1
    share = 13 / ROWS
    spread = np.sqrt(60 * share * (1 - share))
    assert abs(drawn - 60 * share).max() < 5 * spread
    assert drawn.std() > 0.5 * spread


@pytest.mark.parametrize("pool", [16, 10_000])
def test_rows_stay_whole(dataset: Dataset, pool: int) -> None:
    for batch in Rows(dataset, pool).shuffled(20, seed=1, epoch=1):
        assert_same(batch, dataset.read().take(batch.event))


@pytest.mark.parametrize("pool", [16, 103, 10_000])
@pytest.mark.parametrize("size", [1, 5, 8, 1000])
def test_rows_in_order_are_those_of_the_file(dataset: Dataset, size: int, pool: int) -> None:
    parts = list(Rows(dataset, pool).in_order(size))
    assert max(map(len, parts)) <= size
    assert_same(Samples.concatenate(parts), dataset.read())


def test_a_data_set_that_fits_is_read_once(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    def counting(start: int = 0, stop: int | None = None) -> Samples:
        samples = Dataset.read(dataset, start, stop)
        read.append(len(samples))
        return samples

    monkeypatch.setattr(dataset, "read", counting)
    for limit, times in ((ROWS, 1), (ROWS - 1, 6)):
        rows = Rows(dataset, limit)
        for epoch in range(3):
            assert len(list(rows.shuffled(10, seed=1, epoch=epoch))) == 11
            assert len(list(rows.in_order(8))) == 13
        assert times <= sum(read) / ROWS < times + 0.1
        read.clear()


@pytest.mark.parametrize("limit", [16 * 1024, 1024 * 1024], ids=["pools", "whole"])
def test_no_more_rows_than_asked_are_in_memory(limit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the rows themselves there is one copy, beside a block that is read and a batch that is made."""
    monkeypatch.setattr(batches, "BLOCK_ROWS", 1024)
    rows = 64 * 1024
    path = write_dataset(tmp_path / "a.h5", CELLS, random_samples(CELLS, rows))
    with Dataset(path, CELLS) as data:
        bytes_per_row = sum(array.nbytes for array in data.read(0, 100).columns().values()) / 100
        tracemalloc.start()
        for batch in Rows(data, limit).shuffled(512, seed=1, epoch=1):
            del batch
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 1.3 * min(limit, rows) * bytes_per_row


@pytest.mark.parametrize("size", [1, 4, 30, 100])
def test_micro_batches_are_a_partition_by_size(dataset: Dataset, size: int) -> None:
    batch = dataset.read(10, 40)
    parts = list(micro_batches(batch, size))
    assert sorted(row for part in parts for row in part.event) == sorted(batch.event)
    assert [len(part) for part in parts] == [size] * (30 // size) + ([30 % size] if 30 % size else [])
    counts = [count for part in parts for count in part.counts["cells"]]
    assert counts == sorted(counts)
    for part in parts:
        assert_same(part, dataset.read().take(part.event))


@pytest.mark.parametrize("processes", [2, 3, 40])
def test_processes_share_the_rows_of_a_batch(dataset: Dataset, processes: int) -> None:
    """Every row goes to one of them, and all get as many, of like sizes."""
    batch = dataset.read(10, 40)
    shares = [
        [row for part in micro_batches(batch, 4, rank=rank, processes=processes) for row in part.event]
        for rank in range(processes)
    ]
    assert sorted(row for share in shares for row in share) == sorted(batch.event)
    assert {len(share) for share in shares} <= {30 // processes, -(-30 // processes)}


def test_tensors_have_the_types_of_the_interface(dataset: Dataset) -> None:
    inputs, labels = as_tensors(dataset.read(0, 3))
    assert {name: (str(tensor.dtype), tensor.shape) for name, tensor in inputs.items()} == {
        "cells": ("torch.float32", (3, 10, 2))
    }
    assert str(labels.dtype) == "torch.int64"
