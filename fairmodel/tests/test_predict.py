"""Predictions: the scores of the network, whatever computes them, whole files of them, and clear refusals."""

import csv
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from fairmodel.cli import main
from fairmodel.dataset import Dataset, Samples
from fairmodel.errors import UserError
from fairmodel.evaluation.network import load_network
from fairmodel.inference import predict
from fairmodel.inference.backends import Backend
from fairmodel.inference.predict import Request, predict_files
from fairmodel.inference.rows import InputRows, rechunked
from fairmodel.interface import Run
from fairmodel.schema import Feature
from fairmodel.testing.samples import random_samples, write_dataset

from .projects import ENGINE_ROOT

pytestmark = pytest.mark.slow  # a graph is exported first


def scores(path: Path) -> dict[str, np.ndarray]:
    with h5py.File(path) as file:
        return {name: column[:] for name, column in file.items()}


def expected_logits(run: Run, path: Path) -> np.ndarray:
    network = load_network(run)
    with Dataset(path, run.project.schema) as dataset, torch.inference_mode():
        inputs = {name: torch.from_numpy(array) for name, array in dataset.read().inputs.items()}
        logits: np.ndarray = network(**inputs).numpy()
        return logits


def request_of(run: Run, rows: int = 10, backend: str = "onnxruntime") -> Request:
    return Request(run.paths.model, backend, rows=rows)


def test_scores_of_two_files(exported: Run, tmp_path: Path) -> None:
    files = [exported.paths.split("test"), exported.paths.split("val")]
    out = tmp_path / "scores.h5"
    assert predict_files(exported.project, request_of(exported), files, out) == 128
    found = scores(out)
    assert found["file"].tolist() == [0] * 64 + [1] * 64
    assert found["row"].tolist() == [*range(64)] * 2
    with Dataset(files[0], exported.project.schema) as dataset:
        assert found["event"][:64].tolist() == dataset.column("event").tolist()
    expected = np.concatenate([expected_logits(exported, path) for path in files])
    np.testing.assert_allclose(found["logits"], expected, rtol=1e-4, atol=1e-4)
    exponential = np.exp(expected.astype(np.float64))
    np.testing.assert_allclose(found["probabilities"], exponential / exponential.sum(1, keepdims=True), atol=1e-5)
    assert [path.name for path in tmp_path.iterdir()] == ["scores.h5"]
    with h5py.File(out) as file:
        about = json.loads(file.attrs["about"])
    assert [item["name"] for item in about["files"]] == ["test.h5", "val.h5"]


def test_scores_as_text(exported: Run, tmp_path: Path) -> None:
    path, out = exported.paths.split("test"), tmp_path / "scores.csv"
    predict_files(exported.project, request_of(exported, backend="torch"), [path], out)
    comment, *lines = out.read_text(encoding="utf-8").splitlines()
    assert json.loads(comment.removeprefix("# "))["backend"] == "torch"
    heading, *rows = csv.reader(lines)
    assert heading == ["file", "row", "event", *exported.project.schema.classes]
    expected = torch.softmax(torch.from_numpy(expected_logits(exported, path)), 1).numpy()
    np.testing.assert_allclose(np.array(rows)[:, 3:].astype(float), expected, rtol=1e-5, atol=1e-6)


class Reader:
    """A reader of files that say how many of the samples they stand for."""

    samples: Samples

    def count(self, path: Path) -> int:
        return int(path.read_text(encoding="utf-8"))

    def read(self, path: Path, start: int) -> Iterator[InputRows]:
        for first in range(start, self.count(path), 7):
            part = self.samples.take(slice(first, min(first + 7, len(self.samples))))
            yield InputRows(part.inputs, {"row": first + np.arange(len(part))})


def test_another_format(exported: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = random_samples(exported.project.schema, 25, seed=4)
    monkeypatch.setattr(Reader, "samples", samples, raising=False)
    (tmp_path / "a.rows").write_text("25", encoding="utf-8")
    own = replace(exported.project, readers={".rows": f"{__name__}:Reader"})
    predict_files(own, request_of(exported), [tmp_path / "a.rows"], tmp_path / "a.h5")
    write_dataset(tmp_path / "b_rows.h5", exported.project.schema, samples)
    predict_files(own, request_of(exported, rows=100), [tmp_path / "b_rows.h5"], tmp_path / "b.h5")
    a, b = scores(tmp_path / "a.h5"), scores(tmp_path / "b.h5")
    assert a["row"].tolist() == b["row"].tolist() == [*range(25)]
    np.testing.assert_allclose(a["logits"], b["logits"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("sizes", [[], [0], [3], [10, 10], [4, 4, 4, 13, 0, 1]])
def test_parts_of_one_size(sizes: list[int]) -> None:
    starts = np.cumsum([0, *sizes])
    parts = (InputRows({}, {"row": np.arange(start, stop)}) for start, stop in pairwise(starts))
    found = [part.identifiers["row"].tolist() for part in rechunked(parts, 5)]
    assert [row for part in found for row in part] == [*range(sum(sizes))]
    assert [len(part) for part in found] == [5] * (sum(sizes) // 5) + [sum(sizes) % 5] * (sum(sizes) % 5 > 0)


@pytest.mark.parametrize("prepared", ["other"], indirect=True)
@pytest.mark.parametrize("parts", [0, 3])
def test_a_killed_prediction_goes_on(parts: int, exported: Run, tmp_path: Path) -> None:
    rows, out = exported.paths.split("test"), tmp_path / "scores.h5"
    predict_files(exported.project, request_of(exported), [rows], tmp_path / "whole.h5")
    paths = (exported.paths.model, rows, out)
    command = [sys.executable, "-m", f"{__package__}.killed_prediction", str(parts), *map(str, paths)]
    killed = subprocess.run(command, capture_output=True, check=False, cwd=ENGINE_ROOT)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not out.exists()
    assert len([*(tmp_path / "scores.h5.parts").glob("*.safetensors")]) == parts
    predict_files(exported.project, request_of(exported), [rows], out)
    found, expected = scores(out), scores(tmp_path / "whole.h5")
    assert all(found[name].tobytes() == expected[name].tobytes() for name in expected)


def test_finished_parts_are_not_computed_again(exported: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, out = exported.paths.split("test"), tmp_path / "scores.h5"
    computed: list[int] = []

    def failing(backend: Backend, rows: InputRows, file: int) -> dict[str, np.ndarray]:
        computed.append(int(rows.identifiers["row"][0]))
        if computed == [0, 10, 20]:
            raise KeyboardInterrupt
        return original(backend, rows, file)

    original = predict._scored
    monkeypatch.setattr(predict, "_scored", failing)
    with pytest.raises(KeyboardInterrupt):
        predict_files(exported.project, request_of(exported), [path], out)
    (tmp_path / "scores.h5.parts" / "000000-000000000010.safetensors").write_bytes(b"damaged")
    predict_files(exported.project, request_of(exported), [path], out)
    assert computed == [0, 10, 20, *range(10, 64, 10)]
    np.testing.assert_allclose(scores(out)["logits"], expected_logits(exported, path), rtol=1e-4, atol=1e-4)


def test_parts_of_another_request_are_dropped(exported: Run, tmp_path: Path) -> None:
    out = tmp_path / "scores.h5"
    parts = tmp_path / "scores.h5.parts"
    parts.mkdir()
    (parts / "recipe.json").write_text('"another"', encoding="utf-8")
    (parts / "000000-000000000000.safetensors").write_bytes(b"other numbers")
    predict_files(exported.project, request_of(exported), [exported.paths.split("test")], out)
    assert len(scores(out)["row"]) == 64
    assert not parts.exists()


def test_what_cannot_be_predicted(exported: Run, tmp_path: Path) -> None:
    rows = exported.paths.split("test")
    (tmp_path / "a.txt").write_text("1", encoding="utf-8")
    for files, out, problem in (
        ([tmp_path / "none.h5"], "scores.h5", "none.h5 is not a file"),
        ([tmp_path / "a.txt"], "scores.h5", r"a\.txt: no reader.*\.h5"),
        ([rows], "scores.pkl", r"scores\.pkl: scores are written as \.h5, \.csv"),
    ):
        with pytest.raises(UserError, match=problem):
            predict_files(exported.project, request_of(exported), files, tmp_path / out)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_model_of_other_features_is_refused(exported: Run, tmp_path: Path) -> None:
    schema = exported.project.schema
    first, *rest = schema.inputs
    swapped = replace(first, features=(first.features[1], first.features[0], *first.features[2:]))
    longer = replace(first, features=(*first.features, Feature("extra", "1", "one more")))
    for item in (swapped, longer):
        changed = replace(exported.project, schema=replace(schema, inputs=(item, *rest)))
        path = write_dataset(tmp_path / "rows.h5", changed.schema, random_samples(changed.schema, 4))
        with pytest.raises(UserError, match=r"was made for inputs .*export it again"):
            predict_files(changed, request_of(exported), [path], tmp_path / "scores.h5")


@pytest.mark.parametrize("prepared", ["other"], indirect=True)
def test_the_command(exported: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows, out = str(exported.paths.split("test")), tmp_path / "scores.h5"
    arguments = ["predict", "--profile", "tiny", "--project", str(exported.paths.root), "--out", str(out), rows]
    assert main(exported.project, arguments) == 0
    assert capsys.readouterr().out == f"64 images: {out}\n"
    with pytest.raises(SystemExit, match="2"):
        main(exported.project, [*arguments, "--threads", "0"])
