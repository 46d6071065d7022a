"""The data set on disk: what is written comes back bit for bit, and describes itself."""

import json
import tempfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairmodel.dataset import CHUNK_ROWS, SCHEMA_VERSION, Dataset, DatasetWriter, Samples
from fairmodel.errors import UserError
from fairmodel.schema import Feature, Input, Schema
from fairmodel.testing.samples import assert_same, column, random_samples, write_dataset

from .disk import full_disk
from .projects import CELLS, SHOWERS

SCHEMAS = pytest.mark.parametrize("schema", [SHOWERS, CELLS], ids=["own", "other"])


@SCHEMAS
@pytest.mark.parametrize(("rows", "parts"), [(0, 1), (1, 1), (5, 3), (300, 7), (2 * CHUNK_ROWS, 1)])
def test_rows_come_back_bit_for_bit(schema: Schema, rows: int, parts: int, tmp_path: Path) -> None:
    samples = random_samples(schema, rows)
    with Dataset(write_dataset(tmp_path / "a.h5", schema, samples, parts), schema) as dataset:
        assert len(dataset) == rows
        assert_same(dataset.read(), samples)
        assert_same(dataset.read(1, 4), samples.take(np.arange(rows)[1:4]))
        assert dataset.labels().tolist() == samples.labels.tolist()
        if rows:
            assert_same(Samples.concatenate(list(dataset.batches(64))), samples)


@settings(max_examples=25, deadline=None)
@given(data=st.data(), slots=st.integers(1, 4), features=st.integers(1, 3), rows=st.integers(1, 5))
def test_any_finite_numbers_of_any_shape_come_back(data: st.DataObject, slots: int, features: int, rows: int) -> None:
    named = tuple(Feature(f"f{index}", "1", "a number") for index in range(features))
    schema = Schema("things", (Input("one", slots, named), Input("two", 1, named[:1])), ("a", "b"), 0, named)
    samples = random_samples(schema, rows)
    numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
    drawn = data.draw(st.lists(numbers, min_size=rows * slots * features, max_size=rows * slots * features))
    samples.inputs["one"][:] = np.array(drawn, dtype=np.float32).reshape(rows, slots, features)
    samples.event[:] = data.draw(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=rows, max_size=rows))
    with tempfile.TemporaryDirectory() as folder:
        path = write_dataset(Path(folder) / "a.h5", schema, samples, parts=1)
        with Dataset(path, schema) as dataset:
            assert_same(dataset.read(), samples)


@SCHEMAS
def test_the_file_describes_itself(schema: Schema, tmp_path: Path) -> None:
    with h5py.File(write_dataset(tmp_path / "a.h5", schema, random_samples(schema, 3)), "r") as file:
        assert file.attrs["schema_version"] == SCHEMA_VERSION
        assert file.attrs["complete"]
        assert json.loads(file.attrs["provenance"]) == {"source": "random"}
        assert list(file["labels"].attrs["classes"]) == list(schema.classes)
        for item in schema.inputs:
            attributes = file[f"inputs/{item.name}"].attrs
            assert list(attributes["features"]) == [feature.name for feature in item.features]
            assert list(attributes["units"]) == [feature.unit for feature in item.features]
            assert list(attributes["descriptions"]) == [feature.description for feature in item.features]
            assert file[f"inputs/{item.name}"].shape == (3, item.slots, len(item.features))
        for feature in schema.spectators:
            attributes = file[f"spectators/{feature.name}"].attrs
            assert (attributes["unit"], attributes["description"]) == (feature.unit, feature.description)


def test_the_same_rows_make_the_same_file(tmp_path: Path) -> None:
    """No clock is in it, so its checksum says what it holds."""
    samples = random_samples(CELLS, 50)
    first, again = (write_dataset(tmp_path / f"{name}.h5", CELLS, samples) for name in ("first", "again"))
    assert first.read_bytes() == again.read_bytes()


def test_a_writer_keeps_nothing_of_what_it_is_given(tmp_path: Path) -> None:
    samples = random_samples(CELLS, 6)
    expected = samples.take(np.arange(6))
    with DatasetWriter(tmp_path / "a.h5", CELLS, {}) as writer:
        writer.append(samples)
        samples.inputs["cells"][:] = 7
    with Dataset(tmp_path / "a.h5", CELLS) as dataset:
        assert_same(dataset.read(), expected)


def test_taking_rows_keeps_them_together() -> None:
    samples = random_samples(CELLS, 9)
    rows = np.array([7, 0, 7])
    for name, array in column(samples.take(rows)).items():
        assert np.array_equal(array, np.stack([column(samples)[name][row] for row in rows])), name


@pytest.mark.parametrize("before", [False, True], ids=["new", "existing"])
def test_a_writer_that_fails_half_way_changes_nothing(before: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    content = write_dataset(path, CELLS, random_samples(CELLS, 4)).read_bytes() if before else None

    def write() -> None:
        with DatasetWriter(path, CELLS, {}) as writer:
            writer.append(random_samples(CELLS, 10))
            message = "half-way"
            raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="half-way"):
        write()
    assert [item.name for item in tmp_path.iterdir()] == (["a.h5"] if before else [])
    assert content is None or path.read_bytes() == content


def test_a_disk_that_is_full_at_the_last_byte(tmp_path: Path) -> None:
    """HDF5 keeps much in memory until the file is closed; an error then counts like any other."""
    samples = random_samples(CELLS, 300)
    size = write_dataset(tmp_path / "whole.h5", CELLS, samples).stat().st_size
    with full_disk(size - 1), pytest.raises(UserError, match=r"cannot write .*a\.h5"):
        write_dataset(tmp_path / "a.h5", CELLS, samples)
    assert [path.name for path in tmp_path.iterdir()] == ["whole.h5"]


def test_a_full_disk_stops_the_writer_and_not_only_its_end(tmp_path: Path) -> None:
    begun = []

    def write() -> None:
        with DatasetWriter(tmp_path / "a.h5", CELLS, {}) as writer:
            for number in range(20):
                begun.append(number)
                writer.append(random_samples(CELLS, 2 * CHUNK_ROWS, seed=number))

    with full_disk(60_000), pytest.raises(UserError, match=r"cannot write .*a\.h5"):
        write()
    assert 1 < len(begun) < 20
    assert list(tmp_path.iterdir()) == []


def test_a_writer_refuses_what_a_reader_would_refuse(tmp_path: Path) -> None:
    samples = random_samples(CELLS, 4)
    samples.labels[2] = 3
    with pytest.raises(UserError, match=r"label 3 in row 2 is unknown"):
        write_dataset(tmp_path / "a.h5", CELLS, samples, parts=1)
    assert list(tmp_path.iterdir()) == []
