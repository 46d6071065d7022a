"""The descriptions of a trained model say what its files say, in forms that others can read."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import pytest
import yaml

from fairmodel.errors import UserError
from fairmodel.fair.describe import DESCRIPTIONS, describe
from fairmodel.fair.facts import gather, read_requirements
from fairmodel.files import read_json, sha256
from fairmodel.interface import Run
from fairmodel.metadata.engine import engine_hash, engine_version
from fairmodel.metadata.source import read_metadata
from fairmodel.paths import Paths

from .fair_project import SOURCE


@pytest.fixture(scope="module")
def described(evaluated: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    root = shutil.copytree(evaluated.paths.root, tmp_path_factory.mktemp("described") / "project")
    (root / "fair.toml").write_text(SOURCE, encoding="utf-8")
    declared = '["h5py>=3", "no-such-library>=1", "fairmodel[train]==1.0.0"]'
    (root / "pyproject.toml").write_text(f'[project]\nname = "cells"\ndependencies = {declared}\n')
    run = replace(evaluated, paths=Paths.of_project(root, evaluated.paths.profile))
    describe(run)
    return run


def linked(run: Run, name: str) -> Any:
    return read_json(run.paths.model / name)


def test_fair4ml_takes_numbers_from_the_run(described: Run) -> None:
    model, metrics = linked(described, "fair4ml.jsonld"), read_json(described.paths.metrics)
    assert model["@id"] == "https://doi.org/10.5281/zenodo.7654321"
    assert model["dateCreated"] == read_json(described.paths.run)["finished"]
    results = {item["name"]: item for item in model["fair4ml:hasEvaluation"]["fair4ml:evaluationResults"]}
    assert results["auc"]["value"] == metrics["auc"]["value"]
    assert results["auc"]["marginOfError"] == metrics["auc"]["error"]
    assert model["fair4ml:trainedOn"]["distribution"]["sha256"] == sha256(described.paths.split("train"))
    (weights,) = [item for item in model["distribution"] if item["name"] == "weights.safetensors"]
    assert weights["sha256"] == sha256(described.paths.weights)
    assert weights["contentSize"] == f"{described.paths.weights.stat().st_size} B"
    features = [f"{item.name}.{name}" for item in described.project.schema.inputs for name in item.feature_names]
    assert [item["name"] for item in model["additionalProperty"]] == features
    assert all(item["unitText"] for item in model["additionalProperty"])
    assert all(key.startswith(("@", "fair4ml:")) or key.isalpha() for key in model)


def columns(group: Any, prefix: str = "") -> Iterator[str]:
    for name, item in group.items():
        yield from columns(item, f"{prefix}/{name}") if isinstance(item, h5py.Group) else [f"{prefix}/{name}"]


def test_the_engine_is_named_with_version_and_hash(described: Run) -> None:
    (engine, *others) = linked(described, "fair4ml.jsonld")["softwareRequirements"]
    assert engine == f"fairmodel {engine_version()} (sha256 {engine_hash()})"
    assert any(text.startswith("torch ") for text in others)
    card = (described.paths.model / "model-card.md").read_text(encoding="utf-8")
    assert f"Software: fairmodel {engine_version()} (sha256 {engine_hash()[:12]}), python" in card


@pytest.mark.parametrize(
    ("text", "problem"),
    [("[project", "is not valid TOML"), ('[project]\ndependencies = ["two words"]', "'two words' is no requirement")],
)
def test_requirements_that_cannot_be_read_are_named(text: str, problem: str, tmp_path: Path) -> None:
    assert read_requirements(tmp_path) == ()
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=rf"pyproject\.toml.* {problem}"):
        read_requirements(tmp_path)


def test_croissant_describes_every_column(described: Run) -> None:
    data = linked(described, "croissant.jsonld")
    for record in data["recordSet"]:
        (name,) = {field["source"]["fileObject"]["@id"] for field in record["field"]}
        found = {field["source"]["extract"]["column"]: field for field in record["field"]}
        with h5py.File(described.paths.processed / name) as file:
            assert sorted(found) == sorted(columns(file))
            for path, field in found.items():
                shape = ",".join(map(str, file[path].shape[1:]))
                assert field.get("arrayShape", "") == shape
                assert field["dataType"] == ("sc:Float" if file[path].dtype.kind == "f" else "sc:Integer")
    sums = {item["name"]: item["sha256"] for item in data["distribution"]}
    assert sums == {f"{name}.h5": sha256(described.paths.split(name)) for name in ("train", "val", "test")}


def test_the_bill_lists_what_is_installed_and_nothing_else(described: Run) -> None:
    from importlib.metadata import version

    bill = linked(described, "sbom.cdx.json")
    listed = {item["name"]: item for item in bill["components"] if item["type"] == "library"}
    assert {"fairmodel", "h5py", "numpy", "torch"} <= listed.keys()  # the extra of the engine needs torch
    assert not {"no-such-library", "pytest"} & listed.keys()
    assert {name: item["version"] for name, item in listed.items()} == {name: version(name) for name in listed}
    assert listed["fairmodel"]["properties"] == [{"name": "fairmodel:sha256", "value": engine_hash()}]
    needs = {item["ref"]: item["dependsOn"] for item in bill["dependencies"]}
    assert listed["fairmodel"]["bom-ref"] in needs["tests"]
    assert listed["torch"]["bom-ref"] in needs[listed["fairmodel"]["bom-ref"]]
    references = {item["bom-ref"] for item in bill["components"]} | {"model"}
    assert {item["ref"] for item in bill["dependencies"]} == references
    assert {name for item in bill["dependencies"] for name in item["dependsOn"]} <= references
    files = {item["name"]: item["hashes"][0]["content"] for item in bill["metadata"]["component"]["components"]}
    assert files["weights.safetensors"] == sha256(described.paths.weights)


def test_the_card_has_front_matter_and_shows_hostile_text_as_it_is(described: Run) -> None:
    card = (described.paths.model / "model-card.md").read_text(encoding="utf-8")
    _, head, body = card.split("---\n", 2)
    front = yaml.safe_load(head)
    (index,) = front["model-index"]
    assert front["license"] == "mit"
    assert index["name"] == 'A "good" model, ünï & <b>bold</b> | $x_1$'
    values = {item["type"]: item["value"] for item in index["results"][0]["metrics"]}
    metrics = read_json(described.paths.metrics)
    assert values == {"roc_auc": metrics["auc"]["value"], "accuracy": metrics["accuracy"]["value"]}
    assert f"{metrics['auc']['value']:.4f} ± {metrics['auc']['error']:.4f}" in body
    assert "&lt;b&gt;bold" in body
    assert "<b>" not in body
    assert r"\| \$x\_1\$" in body
    assert "Not stated" not in body
    tables = re.findall(r"(?:^\|.*\n)+", body, flags=re.MULTILINE)
    for table in tables:
        columns = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(columns) == 1, table


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_the_same_facts_give_the_same_text(described: Run, name: str) -> None:
    facts = gather(described.project, described.paths, read_metadata(described.paths.root))
    assert DESCRIPTIONS[name](facts) == (described.paths.model / name).read_text(encoding="utf-8")
    assert str(described.paths.root) not in DESCRIPTIONS[name](facts)


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_an_empty_source_gives_a_description_without_inventions(described: Run, name: str, tmp_path: Path) -> None:
    least = '[identity]\ntitle = "T"\nversion = "1"\ndescription = "D"\n[[people]]\nname = "A"\n'
    (tmp_path / "fair.toml").write_text(least)
    facts = gather(described.project, described.paths, read_metadata(tmp_path))
    text = DESCRIPTIONS[name](facts)
    assert "doi.org" not in text
    assert "None" not in text
    if not name.endswith(".md"):
        assert "" not in json.loads(text).values()


def test_a_model_that_is_not_there_is_named(described: Run, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    with pytest.raises(UserError, match=r"run\.json does not exist"):
        gather(described.project, Paths(tmp_path, "tiny"), read_metadata(described.paths.root))
