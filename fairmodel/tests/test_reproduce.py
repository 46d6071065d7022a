"""The studies: their tables follow from the trials, and every mistake is one line."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fairmodel.cli import main
from fairmodel.dataset import Dataset
from fairmodel.errors import UserError
from fairmodel.evaluation.evaluate import evaluate
from fairmodel.files import read_json, write_json
from fairmodel.interface import Ablation, Run
from fairmodel.report import page as page_module
from fairmodel.reproduce.ablations import run_ablations
from fairmodel.reproduce.compare import compare
from fairmodel.reproduce.learning_curve import learning_curve, trainings_at
from fairmodel.reproduce.result import reproduction_sections
from fairmodel.reproduce.seeds import reproduce_seeds
from fairmodel.reproduce.splits import prepare_split, reproduce_splits, shared_events
from fairmodel.training.train import train
from fairmodel.workers import Workers

from .projects import make_project, other_config, other_project

pytestmark = pytest.mark.slow  # every study, trained

ONE = Workers(1)
FORMS = {".json", ".md", ".tex", ".png", ".pdf"}


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The other project with its own model and all studies of two short trainings each."""
    config = other_config()
    training = config.training.model_copy(update={"epochs": 2})
    config = config.model_copy(update={"training": training})
    project = other_project()
    run = Run(project, config, make_project(tmp_path_factory.mktemp("studied") / "project", project, config))
    train(run)
    evaluate(run)
    reproduce_seeds(run, workers=ONE)
    reproduce_splits(run, source=None, workers=ONE)
    run_ablations(run, workers=ONE)
    learning_curve(run, workers=ONE)
    return run


def study(run: Run, name: str) -> dict[str, Any]:
    content: dict[str, Any] = read_json(run.paths.report / "reproduction" / f"{name}.json")
    return content


def rows(run: Run, name: str, table: str | None = None) -> dict[str, dict[str, Any]]:
    tables = {each["name"]: each for each in study(run, name)["tables"]}
    content: dict[str, dict[str, Any]] = tables[table or name]["rows"]
    return content


def notes(run: Run, name: str) -> list[str]:
    content: list[str] = study(run, name)["tables"][0]["notes"]
    return content


def metrics(run: Run, *trial: str) -> dict[str, Any]:
    content: dict[str, Any] = read_json(run.paths.model.joinpath("trials", *trial) / "metrics.json")
    return content


@pytest.mark.parametrize("name", ["seeds", "splits", "ablations", "learning-curve"])
def test_every_study_has_every_form_and_a_record(name: str, studied: Run) -> None:
    folder = studied.paths.report / "reproduction"
    assert {path.suffix for path in folder.glob(f"{name}.*")} == FORMS
    content = study(studied, name)
    target = f"reproduce-{name}" if name in ("seeds", "splits") else name
    assert (content["study"], content["command"]) == (name, f"make {target} PROFILE=tiny")
    assert {"commit", "software", "hardware", "inputs"} <= content["record"].keys()
    assert all(path.endswith("weights.safetensors") for path in content["record"]["inputs"])
    assert (folder / f"{name}.tex").read_text(encoding="utf-8").count("\\toprule") == len(content["tables"])
    assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_the_seeds_are_those_of_the_configuration(studied: Run) -> None:
    first = studied.config.training.seed
    values = [metrics(studied, "seeds", f"seed-{first + number}")["auc"]["value"] for number in (1, 2)]
    row = rows(studied, "seeds")["auc"]
    assert row["mean"] == pytest.approx({"value": np.mean(values), "error": np.std(values, ddof=1)})
    own = read_json(studied.paths.metrics)["auc"]["value"]
    assert row["reference"] == own
    distance = (own - row["mean"]["value"]) / row["mean"]["error"] / np.sqrt(1.5)
    assert row["p_value"] == pytest.approx(0.5 - np.arctan(distance) / np.pi)
    each = rows(studied, "seeds", "trainings")
    assert [training["auc"]["value"] for training in each.values()] == values


def test_a_reference_of_the_configuration_takes_the_place_of_the_own_model(studied: Run) -> None:
    reference = studied.config.reproduction.reference.model_copy(update={"auc": 0.75})
    options = studied.config.reproduction.model_copy(update={"reference": reference})
    reproduce_seeds(replace(studied, config=studied.config.model_copy(update={"reproduction": options})), ONE)
    table = rows(studied, "seeds")
    assert table["auc"]["reference"] == 0.75
    assert table["accuracy"]["reference"] is None
    assert table["accuracy"]["p_value"] is None


def test_the_splits_are_the_own_one_and_the_others(studied: Run) -> None:
    table = rows(studied, "splits")
    assert list(table) == ["event", "file"]
    assert table["event"]["auc"] == metrics(studied, "seeds", "seed-2")["auc"]
    assert table["file"]["train"] == 96
    assert table["file"]["epochs"] == 2
    assert (studied.paths.processed / "splits" / "file" / "train.h5").exists()
    text = " ".join(notes(studied, "splits"))
    assert "test rows of its own" in text
    assert read_json(studied.paths.run)["hardware"]["processor"] in text


def test_a_split_is_prepared_once_and_again_when_the_data_section_changes(other: Run) -> None:
    def times(config: Any) -> int:
        folder = prepare_split(replace(other, config=config), "row", "simulation", ONE)
        return (folder / "train.h5").stat().st_mtime_ns

    first = times(other.config)
    assert times(other.config) == first
    data = other.config.data.model_copy(update={"seed": 7})
    assert times(other.config.model_copy(update={"data": data})) != first


def test_data_that_are_split_already_cannot_be_split_anew(other: Run) -> None:
    with pytest.raises(UserError, match="zenodo are split already"):
        prepare_split(other, "row", "zenodo", ONE)


def test_shared_events_are_counted_by_rows_of_the_test() -> None:
    assert shared_events(np.array([1, 1, 2, 3]), np.array([3, 3, 4, 5])) == 0.5


def test_ablations_stand_beside_the_baseline_and_what_was_published(studied: Run) -> None:
    table = rows(studied, "ablations")
    assert list(table) == ["baseline", "narrow"]
    base, narrow = table.values()
    assert base["fidelity"] == base["agreement"] == 1
    assert base["difference"] is None
    assert base["parameters"] == metrics(studied, "seeds", "seed-2")["parameters"]
    assert narrow["parameters"] < base["parameters"]
    assert narrow["auc"]["value"] - base["auc"]["value"] == pytest.approx(narrow["difference"]["value"])
    assert 0 < narrow["fidelity"] < 1
    assert narrow["published_auc"] == {"value": 0.8, "error": 0.1}
    assert narrow["published_sparsity"] == 0.5
    assert base["published_auc"] is None
    assert "Published: Somebody & al.." in notes(studied, "ablations")


@pytest.mark.parametrize(
    ("ablations", "problem"),
    [
        ({}, "at least one variant"),
        ({"baseline": Ablation("Again", {})}, "none 'baseline'"),
        ({"wide": Ablation("Wide", {"width": 3})}, r"Project\(ablations=…\)\['wide'\].*width"),
        ({"none": Ablation("None", {"channels": 0})}, r"Project\(ablations=…\)\['none'\].*channels.*greater than 0"),
    ],
)
def test_wrong_ablations_are_named(ablations: dict[str, Ablation], problem: str, other: Run) -> None:
    run = replace(other, project=replace(other.project, ablations=ablations))
    with pytest.raises(UserError, match=problem):
        run_ablations(run, ONE)


def test_the_learning_curve_counts_rows_and_trainings(studied: Run) -> None:
    table = rows(studied, "learning-curve")
    assert {name: (row["rows"], row["trainings"]) for name, row in table.items()} == {"48": (48, 2), "96": (96, 2)}
    names = [("learning-curve", f"48-rows-seed-{seed}") for seed in (2, 3)]
    values = [metrics(studied, *name)["auc"] for name in names]
    assert table["48"]["auc"]["value"] == pytest.approx(np.mean([value["value"] for value in values]))
    assert table["48"]["bootstrap"] == pytest.approx(np.mean([value["error"] for value in values]))
    assert study(studied, "learning-curve")["fit"] is None


def test_small_parts_are_trained_on_more_often() -> None:
    assert [trainings_at(fraction, 10) for fraction in (0.01, 0.2, 0.4, 0.5, 1.0)] == [10, 5, 2, 2, 2]


def test_two_runs_are_compared(studied: Run) -> None:
    second = studied.paths.root / "models" / "tiny" / "trials" / "ablations" / "narrow"
    compare(studied, "tiny", str(second.relative_to(studied.paths.root)))
    name = "compare-tiny-tiny-ablations-narrow"
    row = rows(studied, name, "metrics")["auc"]
    assert row["a"]["value"] == pytest.approx(read_json(studied.paths.metrics)["auc"]["value"], abs=1e-3)
    assert row["b"]["value"] - row["a"]["value"] == pytest.approx(row["difference"]["value"])
    scores = {key: value["value"] for key, value in rows(studied, name, "scores").items()}
    with np.load(studied.paths.scores) as a, np.load(second / "scores.npz") as b:
        left, right = (run["probability"][:, studied.project.schema.signal].astype(float) for run in (a, b))
    assert scores["pearson"] == pytest.approx(np.corrcoef(left, right)[0, 1])
    rank_a, rank_b = (np.argsort(np.argsort(values)).astype(float) for values in (left, right))
    assert scores["spearman"] == pytest.approx(np.corrcoef(rank_a, rank_b)[0, 1], abs=1e-3)
    assert scores["fidelity"] == pytest.approx(1 - np.abs(left - right).mean())


def test_runs_on_different_test_rows_are_not_compared(studied: Run, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for source in (studied.paths.run, studied.paths.metrics, studied.paths.scores):
        (folder / source.name).write_bytes(source.read_bytes())
    content = read_json(folder / "metrics.json")
    test = next(name for name in content["inputs"] if name.endswith("test.h5"))
    write_json(folder / "metrics.json", content | {"inputs": {test: "0" * 64}})
    with pytest.raises(UserError, match=r"different test rows"):
        compare(studied, "tiny", str(folder))


def test_the_report_gets_a_section_of_each_study(studied: Run, other: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    sections = reproduction_sections(studied.paths)
    commands = [command for _, command, _ in sections]
    assert commands[:4] == [
        f"make {name} PROFILE=tiny" for name in ("reproduce-seeds", "reproduce-splits", "ablations", "learning-curve")
    ]
    for _, _, fragment in sections:
        assert fragment.count("<table ") == 1
        assert fragment.count('src="data:image/png;base64,') == 1
    assert "Two &lt;channels&gt;" in sections[2][2]
    assert reproduction_sections(other.paths) == []
    monkeypatch.setattr(page_module, "draw", lambda *_: [])  # (the other figures have tests of their own)
    page_module.report(studied)
    page = studied.paths.page.read_text(encoding="utf-8")
    assert all(fragment in page and f"<code>{command}</code>" in page for _, command, fragment in sections)


def test_what_is_no_run_is_named(studied: Run, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--profile", "tiny", "--project", str(studied.paths.root)]
    assert main(studied.project, ["compare", "tiny", "tinny", *options]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: 'tinny' is no trained run: give a profile (tiny)")
    assert error.count("\n") == 1


def test_the_commands_reach_the_studies(other: Run, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--profile", "tiny", "--project", str(other.paths.root), "--workers", "1"]
    other.paths.config.write_text(
        other.paths.config.read_text(encoding="utf-8") + "[reproduction]\nseeds = 2\n", encoding="utf-8"
    )
    assert main(other.project, ["reproduce-seeds", *options]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("**2 trainings that differ in their seed alone**")
    assert "| AUC | " in printed
    content = json.loads((other.paths.report / "reproduction" / "seeds.json").read_text(encoding="utf-8"))
    assert content["tables"][0]["rows"]["auc"]["reference"] is None
    with Dataset(other.paths.split("test"), other.project.schema) as dataset:
        assert len(dataset) == 64
