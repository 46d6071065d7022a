"""`data inspect`: its numbers are those of a slow calculation, and every wrong file is named for what it is."""

import gzip
import hashlib
import json
import math
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from fairmodel.cli import main
from fairmodel.dataset import Dataset, Samples
from fairmodel.errors import UserError
from fairmodel.explore import statistics
from fairmodel.explore.inspect import describe, inspect
from fairmodel.explore.statistics import WIDTH, outline, percent, table
from fairmodel.interface import Run
from fairmodel.schema import Feature, Schema
from fairmodel.testing.samples import random_samples, write_dataset

from .projects import other_project, own_project

ROWS = 150


def slow_statistics(feature: Feature, values: list[float]) -> dict[str, Any]:
    """One number after the other."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = float(np.float32(feature.low)), float(np.float32(feature.high))
    return {
        "name": feature.name,
        "unit": feature.unit,
        "description": feature.description,
        "finite": len(finite) / len(values),
        "min": min(finite),
        "mean": pytest.approx(math.fsum(finite) / len(finite), rel=1e-9, abs=1e-12),
        "max": max(finite),
        "zero": sum(value == 0 for value in finite) / len(finite),
        "at_low": sum(value == low for value in finite) / len(finite) if math.isfinite(low) else None,
        "at_high": sum(value == high for value in finite) / len(finite) if math.isfinite(high) else None,
    }


def edgy_samples(schema: Schema) -> Samples:
    """Random rows of which some values are zero or at the bounds of their feature, and a spectator is not finite."""
    samples = random_samples(schema, ROWS, seed=3)
    random = np.random.default_rng(4)
    for item in schema.inputs:
        array = samples.inputs[item.name]
        for index, feature in enumerate(item.features):
            edges = [0.0, *(edge for edge in (feature.low, feature.high) if math.isfinite(edge))]
            chosen = np.where(random.random(array.shape[:2]) < 0.3, random.choice(edges, array.shape[:2]), np.nan)
            array[:, :, index] = np.where(np.isnan(chosen), array[:, :, index], chosen)
        array[np.arange(item.slots) >= samples.counts[item.name][:, np.newaxis]] = 0
    for values in samples.spectators.values():
        values[:3] = [np.nan, np.inf, 0]
    return samples


@pytest.mark.parametrize("kind", ["own", "other"])
def test_all_numbers_are_those_of_a_slow_calculation(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "BLOCK", 41)
    project = own_project() if kind == "own" else other_project()
    schema, samples = project.schema, edgy_samples(project.schema)
    path = write_dataset(tmp_path / "rows.h5", schema, samples)
    content = describe(project, path)
    assert content["bytes"] == path.stat().st_size
    assert content["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert content["provenance"] == {"source": "random"}
    assert content["inputs"].keys() == {item.name for item in schema.inputs}
    for item in schema.inputs:
        entry, counts = content["inputs"][item.name], samples.counts[item.name].tolist()
        assert entry["slots"] == item.slots
        assert entry["objects"] == {
            "mean": pytest.approx(sum(counts) / ROWS),
            "max": max(counts),
            "none": counts.count(0) / ROWS,
            "all_slots": counts.count(item.slots) / ROWS,
        }
        rows = samples.inputs[item.name].tolist()
        objects = [values for row, count in zip(rows, counts, strict=True) for values in row[:count]]
        columns = zip(item.features, zip(*objects, strict=True), strict=True)
        assert entry["features"] == [slow_statistics(feature, list(values)) for feature, values in columns]
    assert content["spectators"] == [
        slow_statistics(feature, samples.spectators[feature.name].tolist()) for feature in schema.spectators
    ]


def test_classes_and_events_are_counted(tmp_path: Path) -> None:
    project, samples = other_project(), random_samples(other_project().schema, ROWS)
    whole = describe(project, write_dataset(tmp_path / "rows.h5", project.schema, samples))["composition"]
    assert (whole["rows"], whole["events"]) == (ROWS, ROWS // 2)
    for index, name in enumerate(project.schema.classes):
        weights = [w for w, label in zip(samples.weights.tolist(), samples.labels, strict=True) if label == index]
        assert whole["classes"][name] == {
            "rows": len(weights),
            "share": len(weights) / ROWS,
            "sum_of_weights": math.fsum(weights),
        }


def test_a_file_without_rows_has_no_numbers(tmp_path: Path) -> None:
    project = other_project()
    samples = random_samples(project.schema, 2).take(np.array([], dtype=np.int64))
    path = write_dataset(tmp_path / "rows.h5", project.schema, samples)
    content = describe(project, path)
    assert content["composition"]["classes"]["mixed"] == {"rows": 0, "share": None, "sum_of_weights": 0}
    assert content["inputs"]["cells"]["objects"] == {"mean": None, "max": None, "none": None, "all_slots": None}
    assert content["inputs"]["cells"]["features"][0]["mean"] is None
    assert "0 images of 0 events" in inspect(project, path)


def test_text_names_everything_within_the_width_of_a_terminal(
    prepared: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    path = prepared.paths.split("train")
    assert main(prepared.project, ["data", "inspect", str(path)]) == 0
    text = capsys.readouterr().out
    schema = prepared.project.schema
    features = [feature for item in schema.inputs for feature in item.features] + list(schema.spectators)
    for expected in (str(path), hashlib.sha256(path.read_bytes()).hexdigest(), f"96 {schema.entity}", *schema.classes):
        assert expected in text
    for feature in features:
        (line,) = (line for line in text.splitlines() if line.startswith(f"{feature.name} "))
        assert line.split()[1] == feature.unit.split()[0]
    words = " ".join(text.split())
    assert all(feature.description.split()[0] in words for feature in features)
    assert max(len(line) for line in text.splitlines()[1:]) <= WIDTH


def test_json_is_the_description(prepared: Run, capsys: pytest.CaptureFixture[str]) -> None:
    path = prepared.paths.split("test")
    assert main(prepared.project, ["data", "inspect", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == describe(prepared.project, path)


def test_an_unreadable_column_is_refused(prepared: Run, tmp_path: Path) -> None:
    path = tmp_path / "rows.h5"
    path.write_bytes(prepared.paths.split("test").read_bytes())
    with h5py.File(path, "r+") as file:
        offset = file["weights"].id.get_chunk_info(0).byte_offset
    with path.open("r+b") as stream:
        stream.seek(offset)
        stream.write(b"\xff" * 30)
    with Dataset(path, prepared.project.schema) as data, pytest.raises(UserError, match=r"rows\.h5: /weights cannot"):
        data.column("weights")


def test_wrong_files_are_named_for_what_they_are(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "archive.h5", "w") as archive:
        archive.writestr("a", "b")
    (tmp_path / "packed.h5").write_bytes(gzip.compress(b"content"))
    np.save(tmp_path / "array.npy", np.zeros(3))
    with h5py.File(tmp_path / "foreign.h5", "w") as file:
        file["images"] = np.zeros(3)
    with h5py.File(tmp_path / "raw.h5", "w") as file:
        file.attrs["provenance"] = "{}"
    for name, content in {
        "a.root": b"root\0\0\xf7\x1c",
        "notes.txt": b"Read me\n",
        "noise": b"\x93\1\2",
        "empty": b"",
    }.items():
        (tmp_path / name).write_bytes(content)
    write_dataset(tmp_path / "own.h5", own_project().schema, random_samples(own_project().schema, 4))
    for name, problem in {
        "archive.h5": "is a ZIP archive",
        "packed.h5": "is compressed with gzip",
        "array.npy": "is a single NumPy array",
        "foreign.h5": r"an HDF5 file of another layout \(it holds /images\); ",
        "raw.h5": r"is an intermediate file of the data step \(it holds nothing\); ",
        "a.root": r"is a ROOT file \(convert it with `make data SOURCE=cern`",
        "notes.txt": "is a text file",
        "noise": "of an unknown kind",
        "empty": "is empty",
        "absent.h5": "does not exist",
        "": "is a folder; name one of its .h5 files: archive.h5, foreign.h5, own.h5, packed.h5, raw.h5",
        "own.h5": "/inputs/cells is missing",
    }.items():
        with pytest.raises(UserError, match=problem) as caught:
            inspect(other_project(), tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)


def test_a_truncated_file_is_refused_as_such(prepared: Run, tmp_path: Path) -> None:
    path = tmp_path / "rows.h5"
    path.write_bytes(prepared.paths.split("train").read_bytes()[:-100])
    with pytest.raises(UserError, match="truncated or corrupted"):
        inspect(prepared.project, path)


@pytest.mark.parametrize(
    ("share", "text"), [(None, ""), (0.0, "0"), (1.0, "100.0"), (1e-6, "<0.1"), (0.0004, "<0.1"), (0.1234, "12.3")]
)
def test_shares_in_percent(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_a_table_is_aligned_and_wrapped() -> None:
    lines = [["a", "1", "short"], ["bcd", "22.5", "word " * 40]]
    text = table(["name", "value", "text"], lines, left=(0, 2)).splitlines()
    assert text[0] == "name  value  text"
    assert text[1] == "a         1  short"
    assert text[2].startswith("bcd    22.5  word word")
    assert text[3].startswith(" " * 13 + "word")
    assert " ".join(line[13:] for line in text[2:]).split() == ["word"] * 40
    assert max(map(len, text)) <= WIDTH


def test_an_outline_nests_what_does_not_fit_and_cuts_long_lists() -> None:
    settings = {"window": {"low": [1, 2], "high": None}, "seed": 7, "many": {f"key{n}": "x" * 9 for n in range(20)}}
    text = outline(settings | {"files": [f"file-{n:04d}.h5" for n in range(100)]}).splitlines()
    assert text[0] == "  seed    7"
    assert text[1] == "  window  low = (1, 2), high = none"
    assert text[2:4] == ["  many", "    key0   xxxxxxxxx"]
    assert text[-1].strip() == "… (100 in all)"
    assert len(text) == 3 + 20 + 4
