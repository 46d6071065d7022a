"""Every damaged, unfinished or foreign data set is refused in words that name it."""

import re
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from fairmodel.dataset import Dataset
from fairmodel.errors import UserError
from fairmodel.testing.samples import random_samples, write_dataset

from .projects import CELLS

ROWS = 600


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "rows.h5", CELLS, random_samples(CELLS, ROWS))


def read(path: Path) -> None:
    with Dataset(path, CELLS) as dataset:
        dataset.read()


def assert_refused(path: Path, problem: str) -> None:
    with pytest.raises(UserError, match=problem) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing(tmp_path: Path) -> None:
    assert_refused(tmp_path / "rows.h5", "does not exist; make it with `make data`")


@pytest.mark.parametrize("share", [0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_truncated(share: float, path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert_refused(path, "truncated or corrupted.*make data")


def test_random_bytes(path: Path) -> None:
    path.write_bytes(np.random.default_rng(0).bytes(10_000))
    assert_refused(path, "not a readable HDF5 file")


@pytest.mark.parametrize("seed", range(12))
def test_damaged_inside(seed: int, path: Path) -> None:
    """A stretch of zeros anywhere is found, or it did no harm to any row."""
    with Dataset(path, CELLS) as dataset:
        before = dataset.read()
    content = bytearray(path.read_bytes())
    start = np.random.default_rng(seed).integers(len(content) - 200)
    content[start : start + 200] = bytes(200)
    path.write_bytes(content)
    try:
        with Dataset(path, CELLS) as dataset:
            after = dataset.read()
    except UserError:
        after = before
    assert np.array_equal(after.inputs["cells"], before.inputs["cells"])
    assert np.array_equal(after.labels, before.labels)


@pytest.mark.parametrize("name", ["inputs/cells", "counts/cells", "labels", "weights", "event"])
def test_missing_column(name: str, path: Path) -> None:
    with h5py.File(path, "r+") as file:
        del file[name]
    assert_refused(path, f"/{name} is missing")


@pytest.mark.parametrize("name", ["inputs/cells", "counts/cells", "labels"])
@pytest.mark.parametrize("kind", ["group", "one number", "fewer rows", "more axes", "text"])
def test_column_of_another_shape_or_type(name: str, kind: str, path: Path) -> None:
    with h5py.File(path, "r+") as file:
        column, attributes = file[name][:], dict(file[name].attrs)
        del file[name]
        if kind == "group":
            file.create_group(name)
        else:
            content = {
                "one number": column.ravel()[0],
                "fewer rows": column[1:],
                "more axes": column[..., None],
                "text": column.astype("S4"),
            }
            file[name] = content[kind]
        file[name].attrs.update(attributes)
    assert_refused(path, "expected")


@pytest.mark.parametrize(
    ("features", "problem"),
    [
        (["tilt", "depth"], "holds feature 'tilt' where 'depth' is expected"),
        (["depth", "slope"], "holds feature 'slope' where 'tilt' is expected"),
        (["depth"], "expected"),
        (None, "expected"),
    ],
)
def test_features(features: list[str] | None, problem: str, path: Path) -> None:
    with h5py.File(path, "r+") as file:
        del file["inputs/cells"].attrs["features"]
        if features is not None:
            file["inputs/cells"].attrs["features"] = features
    assert_refused(path, problem)


def set_attribute(place: str, name: str, value: object) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        file[place].attrs[name] = value

    return change


def delete_attribute(place: str, name: str) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        del file[place].attrs[name]

    return change


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (set_attribute("/", "schema_version", 2), "schema_version is 2, this program reads 1"),
        (delete_attribute("/", "schema_version"), "schema_version is None"),
        (delete_attribute("/", "complete"), "never finished"),
        (set_attribute("/", "complete", False), "never finished"),
        (delete_attribute("labels", "classes"), "expected"),
        (set_attribute("labels", "classes", ["a", "b", "c"]), r"classes are \('a', 'b', 'c'\), expected"),
        (set_attribute("labels", "classes", list(reversed(CELLS.classes))), "classes are .*, expected"),
    ],
)
def test_attributes(change: Callable[[h5py.File], None], problem: str, path: Path) -> None:
    with h5py.File(path, "r+") as file:
        change(file)
    assert_refused(path, problem)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("row", [0, 17, ROWS - 1])
def test_number_that_is_none(value: float, row: int, path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file["inputs/cells"][row, 7, 1] = value
    assert_refused(path, f"cells.tilt is {value} in row {row}, slot 7;")
    with Dataset(path, CELLS) as dataset, pytest.raises(UserError, match=f"in row {row}, slot 7;"):
        list(dataset.batches(64))


@pytest.mark.parametrize("label", [-1, 3, 2**40])
def test_unknown_label(label: int, path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file["labels"][31] = label
    assert_refused(path, f"label {label} in row 31 is unknown; the classes are " + re.escape("{0: 'dark & dull'"))


def test_more_objects_than_slots(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file["counts/cells"][5] = 11
    assert_refused(path, "counts/cells reaches 11, there are 10 slots")


def test_a_refused_file_is_closed(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        del file.attrs["complete"]
    assert_refused(path, "never finished")
    with h5py.File(path, "r+") as file:  # (HDF5 would refuse to write to a file that is open for reading)
        file.attrs["complete"] = True
    read(path)
