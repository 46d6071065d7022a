"""The published numbers are those of this project's features, consistent with each other, and stand in the tables."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fairmodel import Dataset, Run
from fairmodel.evaluation.network import load_network, probabilities
from fairmodel.files import read_json, sha256
from fairmodel.interpret.masking.studies import ALL, THRESHOLDS
from fairmodel.paths import Paths

from hbb_in.data.features import CLASSES, SCHEMA
from hbb_in.interpretation.command import FOLDER, ITEMS, render
from hbb_in.interpretation.masking import masked_features, masked_together
from hbb_in.project import PROJECT
from hbb_in.reproduction.published import DROPPED, published

ROOT = Path(__file__).resolve().parents[2]
RESOLUTION = 0.00005  # of AUCs that are printed in percent with two digits


def test_numbers_are_of_the_features_of_this_project() -> None:
    for item in SCHEMA.inputs:
        assert tuple(published()["features"][item.name]) == item.feature_names
        relevance = published()["relevance"][item.name]
        kept = [name for name in item.feature_names if not any(name in names for names in DROPPED.values())]
        for label in CLASSES:
            assert list(relevance[label]["features"]) == kept
            assert len(relevance[label]["objects"]) == item.slots


@pytest.mark.parametrize("label", CLASSES)
def test_features_and_objects_add_up_to_the_same_share(label: str) -> None:
    for shares in published()["relevance"].values():
        of_features, of_objects = sum(shares[label]["features"].values()), sum(shares[label]["objects"])
        assert of_features == pytest.approx(of_objects, abs=0.01)


def test_as_many_features_lie_below_a_threshold_as_are_said_to_be_masked() -> None:
    whole = published()["auc"]
    for threshold, numbers in published()["thresholds"].items():
        for name, features in published()["features"].items():
            lost = np.array([whole - numbers["auc"] for numbers in features.values()])
            certain, possible = ((lost < float(threshold) / 100 + shift).sum() for shift in (-RESOLUTION, RESOLUTION))
            assert certain <= numbers[name] <= possible


def context(**findings: Any) -> Any:
    return SimpleNamespace(findings=findings.__getitem__)


def measured(value: float) -> dict[str, float]:
    return {"value": value, "error": 0.001}


def test_published_numbers_stand_beside_those_of_the_project() -> None:
    effect = {"relative": measured(0.02), "fidelity": measured(0.9)}
    rows = [
        {"input": item.name, "feature": name, "zero": effect, "permutation": effect}
        for item in SCHEMA.inputs
        for name in item.feature_names
    ]
    (table,) = masked_features(context(masking={"auc": measured(0.98), "features": rows})).tables
    row = table.rows["tracks.track_quality"]
    assert row["published_relative"] == pytest.approx((0.990182 - 0.9121) / 0.990182)
    assert row["published_fidelity"] == pytest.approx(1 - 0.25084)
    assert any("The data differ" in note for note in table.notes)


def test_thresholds_without_a_published_number_are_empty_cells() -> None:
    masks = [
        {"mode": mode, "of": ALL, "threshold": threshold, "features": {"tracks": ["a"], "vertices": []}}
        | {"auc": measured(0.9), "fidelity": measured(0.8)}
        for mode in ("zero", "mean")
        for threshold in THRESHOLDS
    ]
    found = masked_together(context(thresholds={"masks": masks}))
    rows = found.tables[0].rows
    assert list(rows) == ["0", "0.001", "0.005", "0.01", "0.05", "1"]
    assert rows["0"]["published_tracks"] is None
    assert (rows["1"]["tracks"], rows["1"]["published_tracks"], rows["1"]["published_vertices"]) == (1, 25, 8)
    found.drawings[0].draw()


def test_the_report_says_how_to_make_what_is_missing(tmp_path: Path) -> None:
    assert "make explain-paper PROFILE=smoke" in render(Run.of(PROJECT, ROOT, "smoke").config, tmp_path)
    assert all(name.startswith("paper-") for name in ITEMS)


def test_the_notebook_has_a_network_that_knows_its_jets() -> None:
    folder = ROOT / FOLDER
    about = read_json(folder / "model.json")
    assert about["weights"] == sha256(folder / "weights.safetensors")

    class Sample(Paths):
        @property
        def weights(self) -> Path:
            return folder / "weights.safetensors"

    run = Run.of(PROJECT, ROOT, "quick")
    config = run.config.model_copy(update={"model": PROJECT.model_options.model_validate(about["model"])})
    network = load_network(Run(PROJECT, config, Sample(ROOT, "quick")))
    with Dataset(folder / "jets.h5", SCHEMA) as dataset:
        jets = dataset.read()
    right = probabilities(network, jets).argmax(1) == jets.labels
    assert right.mean() > 0.8
