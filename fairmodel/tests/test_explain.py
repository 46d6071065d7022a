"""The parts of `explain`: each writes its files, is kept while nothing changes, and says what is wrong."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fairmodel.cli import main
from fairmodel.config import InterpretationConfig
from fairmodel.dataset import Dataset
from fairmodel.errors import UserError
from fairmodel.files import read_json
from fairmodel.interface import Run
from fairmodel.interpret.explain import explain, spread_rows
from fairmodel.interpret.parts import PARTS
from fairmodel.interpret.section import interpretation_sections
from fairmodel.lazy import Lazy
from fairmodel.paths import Paths
from fairmodel.present.tables import Table
from fairmodel.testing.samples import random_samples, write_dataset

pytestmark = pytest.mark.slow  # every part runs


@pytest.fixture
def run(trained: Run, tmp_path: Path) -> Run:
    """The trained run with a report folder of its own."""
    for name in ("config", "data", "models"):
        (tmp_path / name).symlink_to(trained.paths.root / name)
    return replace(trained, paths=Paths.of_project(tmp_path, trained.paths.profile))


def test_parts_are_named_once_and_need_earlier_ones() -> None:
    names = [part.name for part in PARTS]
    assert len(set(names)) == len(names)
    for place, part in enumerate(PARTS):
        assert set(part.needs) <= set(names[:place])
        assert callable(Lazy(part.function).load())


@pytest.mark.parametrize("prepared", ["other", pytest.param("own", marks=pytest.mark.slow)], indirect=True)
def test_parts_write_tables_and_figures_for_the_report(run: Run) -> None:
    explain(run, ["thresholds", "ranks", "activity", "relevance"])
    folder, schema = run.paths.interpretation, run.project.schema
    wanted = ["permutation", "masking", "thresholds", "ranks", "activity", "relevance"]
    assert read_json(folder / "parts.json")["parts"] == [
        {"name": part.name, "title": part.title} for part in PARTS if part.name in wanted
    ]
    for name in wanted:
        content = read_json(folder / f"{name}.json")
        assert content[schema.entity] == 40
        assert content["figures"]
        for figure in content["figures"]:
            assert (folder / figure["file"]).read_bytes().startswith(b"\x89PNG")
            assert (folder / figure["file"]).with_suffix(".pdf").exists()
        text = (folder / f"{name}.md").read_text(encoding="utf-8")
        assert all(Table.from_json(table).as_markdown() in text for table in content["tables"])
    features = {(item.name, name) for item in schema.inputs for name in item.feature_names}
    masking = read_json(folder / "masking.json")
    assert {(row["input"], row["feature"]) for row in masking["features"]} == features
    ranks = read_json(folder / "ranks.json")["masks"]
    for item in schema.inputs:
        whole = [row for row in ranks if row["input"] == item.name and row["kind"] == "rest"][-1]
        assert whole["n"] == item.slots  # nothing is masked
        assert whole["loss"] == {"value": 0, "error": 0}
    sections = interpretation_sections(run.paths)
    assert [title for title, _, _ in sections] == [part.title for part in PARTS if part.name in wanted[1:]]
    for _, command, fragment in sections:
        assert command == f"make explain PROFILE={run.paths.profile}"
        assert "data:image/png;base64," in fragment
        assert "<bright>" not in fragment  # the name of a class


@pytest.mark.parametrize("prepared", ["other"], indirect=True)
def test_a_part_is_kept_until_something_changes(run: Run) -> None:
    path = run.paths.interpretation / "permutation.json"

    def made(options: InterpretationConfig, *, again: bool = False) -> bool:
        """Whether the part is made; a mark in its file tells."""
        if path.exists():
            path.write_text(json.dumps(read_json(path) | {"mark": 1}), encoding="utf-8")
        config = run.config.model_copy(update={"interpretation": options})
        explain(replace(run, config=config), ["permutation"], again=again)
        return "mark" not in read_json(path)

    options = run.config.interpretation
    assert made(options)
    assert not made(options)
    assert made(options, again=True)
    options = options.model_copy(update={"seed": 2})
    assert made(options)
    weights = run.paths.weights.read_bytes()
    try:
        run.paths.weights.write_bytes(weights[:-1] + bytes([weights[-1] ^ 1]))
        assert made(options)
    finally:
        run.paths.weights.write_bytes(weights)


def test_rows_are_spread_evenly_over_the_file(tmp_path: Path) -> None:
    from .projects import CELLS

    samples = random_samples(CELLS, 3000)
    with Dataset(write_dataset(tmp_path / "rows.h5", CELLS, samples), CELLS) as dataset:
        found = spread_rows(dataset, 700)
        assert spread_rows(dataset, 5000).columns().keys() == samples.columns().keys()
        assert len(spread_rows(dataset, 3000)) == 3000
    rows = np.flatnonzero(np.isin(samples.weights, found.weights))
    assert np.array_equal(found.labels, samples.labels[rows])
    assert np.histogram(rows, [0, 1000, 2000, 3000])[0].tolist() == [233, 233, 234]


@pytest.mark.parametrize("prepared", ["other"], indirect=True)
def test_a_class_without_rows_is_named(run: Run) -> None:
    schema = run.project.schema
    samples = random_samples(schema, 30)
    other = replace(run.paths, root=run.paths.root / "empty")
    other.weights.parent.mkdir(parents=True)
    other.weights.write_bytes(run.paths.weights.read_bytes())
    write_dataset(other.split("test"), schema, samples.take(samples.labels != 2))
    with pytest.raises(UserError, match=r"the class 'mixed' is empty: none of the 20 rows"):
        explain(replace(run, paths=other))


@pytest.mark.parametrize("prepared", ["other"], indirect=True)
def test_missing_weights_and_wrong_names_are_stated(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = replace(run.paths, profile="untrained")
    with pytest.raises(UserError, match=r"weights.safetensors does not exist; train the network"):
        explain(replace(run, paths=nowhere))
    with pytest.raises(SystemExit):
        main(run.project, ["explain", "--only", "guessing", "--project", str(tmp_path)])
    assert "invalid choice: 'guessing' (choose from" in capsys.readouterr().err


def test_an_order_names_inputs_and_features_of_the_schema() -> None:
    context = {"features": {"cells": ("depth", "tilt")}}
    good = {"order": {"cells": "tilt"}}
    assert InterpretationConfig.model_validate(good, context=context).order == {"cells": "tilt"}
    with pytest.raises(ValueError, match="there is no input 'cell'; the inputs are cells"):
        InterpretationConfig.model_validate({"order": {"cell": "tilt"}}, context=context)
    with pytest.raises(ValueError, match="'cells' has no feature 'width'; it has depth, tilt"):
        InterpretationConfig.model_validate({"order": {"cells": "width"}}, context=context)
