"""Every check of the principles: passes on a good project, and fails on the same project spoiled in one way."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import h5py
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from fairmodel.cli import main
from fairmodel.fair.check import findable
from fairmodel.fair.check.command import fair_sections
from fairmodel.fair.check.network import Network
from fairmodel.fair.check.principles import CHECKS, PRINCIPLES
from fairmodel.fair.check.registry import Evidence, FairCheck, Status, evaluate
from fairmodel.files import read_json
from fairmodel.interface import Project, Run
from fairmodel.paths import Paths

from .fair_project import DOI, edit_graph, edit_json, make_good, record_step, replace_in, subject_of, without_file
from .projects import ENGINE_ROOT
from .server import listening

BY_NAME = {check.identifier: check for check in CHECKS}
OFFLINE = [check.identifier for check in CHECKS if not check.online]
TITLE = 'A "good" model, ünï & <b>bold</b> | $x_1$'
TOKEN = "ghp_" + "a1B2" * 9

Spoil = Callable[[Run], object]

ONE_PROJECT = pytest.mark.parametrize("prepared", ["other"], indirect=True)
pytestmark = [pytest.mark.slow, ONE_PROJECT, pytest.mark.usefixtures("good")]


@pytest.fixture(scope="session")
def good(evaluated: Run, exported: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    assert evaluated.paths == exported.paths
    return make_good(evaluated, tmp_path_factory.mktemp("good") / "project")


@pytest.fixture
def copy(good: Run, tmp_path: Path) -> Run:
    root = shutil.copytree(good.paths.root, tmp_path / "project")
    return replace(good, paths=Paths.of_project(root, good.paths.profile))


def source(old: str, new: str) -> Spoil:
    return lambda run: replace_in(run.paths.root / "fair.toml", old, new)


def text(name: str, old: str, new: str) -> Spoil:
    return lambda run: replace_in(run.paths.root / name, old, new)


def content(name: str, change: Callable[[dict], object]) -> Spoil:  # type: ignore[type-arg]
    return lambda run: edit_json(run.paths.model / name, change)


def grown(name: str) -> Spoil:
    return lambda run: (run.paths.root / name).write_bytes((run.paths.root / name).read_bytes() + b" ")


def graph(change: Callable[[object], object]) -> Spoil:
    return lambda run: edit_graph(run.paths.onnx, change)


def prop(key: str, value: str) -> Spoil:
    def change(model: object) -> None:
        (item,) = [item for item in model.metadata_props if item.key == key]  # type: ignore[attr-defined]
        item.value = value

    return graph(change)


def sample(name: str, value: float) -> Spoil:
    def change(run: Run) -> None:
        path = run.paths.model / "sample.safetensors"
        arrays = load_file(path)
        arrays[name][:] = value
        save_file(arrays, path)

    return change


def units(run: Run) -> None:
    with h5py.File(run.paths.split("val"), "r+") as file:
        file["inputs/cells"].attrs["units"] = ["m", "rad"]


MODEL, REPORT = "models/tiny", "reports/tiny"
MUTATIONS: list[tuple[str, Spoil]] = [
    ("F1.doi", source(DOI, "10.5072/zenodo.12")),
    ("F1.doi", source(DOI, "10.XXXX/zenodo")),
    ("F1.doi", source(f'doi = "{DOI}"', "")),
    ("F1.people", source("0000-0002-1694-233X", "0000-0002-1825-0097")),
    ("F1.people", source('orcid = "0000-0002-1694-233X"', "")),
    ("F2.filled", source("Random numbers.", "TODO")),
    ("F2.filled", source('intended-use = "Tests."', "")),
    ("F2.filled", source('date-released = "2030-01-31"', "")),
    ("F2.filled", source("[identity]", "[identity")),
    ("F2.generated", grown("CITATION.cff")),
    ("F2.generated", lambda run: (run.paths.root / ".zenodo.json").unlink()),
    ("F2.model", content("fair4ml.jsonld", lambda model: model.pop("fair4ml:trainedOn"))),
    ("F2.model", content("fair4ml.jsonld", lambda model: model.update({"fair4ml:purpose": "?"}))),
    ("F2.model", content("fair4ml.jsonld", lambda model: model.update({"version": "9"}))),
    ("F2.data", content("croissant.jsonld", lambda data: data.pop("creator"))),
    ("F2.data", content("croissant.jsonld", lambda data: data.pop("url"))),
    ("F2.card", text(f"{MODEL}/model-card.md", "## Limitations", "## Limits")),
    ("F2.card", text(f"{MODEL}/model-card.md", "Random numbers.", "TBD")),
    ("F3.doi", text("codemeta.json", DOI, "10.5281/zenodo.7")),
    ("F3.doi", prop("doi", "")),
    ("F3.checksums", grown(f"{MODEL}/weights.safetensors")),
    ("F3.checksums", lambda run: run.paths.onnx.unlink()),
    ("F4.linked", content("fair4ml.jsonld", lambda model: model.update({"@context": "https://schema.org"}))),
    ("F4.linked", text("codemeta.json", '"name"', '"nom"')),
    ("F4.repository", source("https://code.cells.dev/good", "https://example.org/code")),
    ("A1.address", content("fair4ml.jsonld", lambda model: model["distribution"][0].pop("contentUrl"))),
    ("A1.1.protocol", text("README.md", "https://", "ftp://")),
    ("A1.1.protocol", text("codemeta.json", "https://code.cells.dev", "http://localhost:80")),
    ("A1.2.access", content("fair4ml.jsonld", lambda model: model.pop("conditionsOfAccess"))),
    ("A1.2.access", source('access = "open"', 'access = "restricted"')),
    ("A1.2.secrets", lambda run: (run.paths.root / "README.md").write_text(TOKEN)),
    ("A1.2.secrets", text("README.md", "https://", "https://me:pass@")),
    ("A2.survives", content("fair4ml.jsonld", without_file("model.onnx"))),
    ("A2.survives", content("croissant.jsonld", without_file("test.h5"))),
    ("A2.survives", lambda run: (run.paths.model / "fair4ml.jsonld").unlink()),
    ("A2.survives", grown(f"{MODEL}/weights.safetensors")),
    ("I1.graph", lambda run: run.paths.onnx.write_bytes(b"no graph")),
    ("I1.graph", graph(lambda model: model.graph.node[0].ClearField("op_type"))),  # type: ignore[attr-defined]
    ("I1.graph", graph(lambda model: model.opset_import.add(domain="own", version=1))),  # type: ignore[attr-defined]
    ("I1.signature", prop("inputs", '{"cells": [{"name": "depth", "unit": "m"}]}')),
    ("I1.signature", prop("classes", '["bright", "dark"]')),
    ("I1.answers", sample("probabilities", 0.25)),
    ("I1.answers", lambda run: (run.paths.model / "sample.safetensors").unlink()),
    ("I1.data", units),
    ("I1.data", lambda run: run.paths.split("test").write_bytes(b"")),
    ("I2.references", source('doi = "10.1103/PhysRevD.102.012010"', "")),
    ("I2.references", source('doi = "10.5281/zenodo.7654320"', 'doi = "10.5072/zenodo.1"')),
    ("I2.lineage", text(f"{MODEL}/run.json", "train.h5", "other.h5")),
    ("R1.metrics", lambda run: edit_json(run.paths.metrics, lambda found: found["auc"].pop("error"))),
    ("R1.metrics", lambda run: edit_json(run.paths.metrics, lambda found: found.pop("split"))),
    ("R1.ranges", sample("cells", 100.0)),
    ("R1.1.license", source('license = "MIT"', 'license = "Mine"')),
    ("R1.1.license", lambda run: (run.paths.root / "LICENSE").unlink()),
    ("R1.1.data", source('license = "CC0-1.0"', "")),
    ("R1.2.record", lambda run: record_step(run, "train", commit={"id": "0" * 40, "dirty": True})),
    ("R1.2.record", lambda run: record_step(run, "export", commit={"id": None, "dirty": None})),
    ("R1.2.record", lambda run: (run.paths.root / "ro-crate-metadata.json").unlink()),
    ("R1.2.hashes", grown(f"{REPORT}/metrics.json")),
    ("R1.2.hashes", lambda run: run.paths.weights.unlink()),
    ("R2.imports", lambda run: (run.paths.root / "src" / "cells" / "c.py").write_text("def f():\n    import pandas\n")),
    ("R2.imports", text("pyproject.toml", "no-such", "another")),
    ("R2.imports", text("constraints.txt", "numpy==", "numpie==")),
    ("R2.versions", text("constraints.txt", "torch==", "torch==0.")),
    ("R2.bill", content("sbom.cdx.json", lambda bill: bill["components"][-1].pop("version"))),
    ("R2.bill", content("sbom.cdx.json", lambda bill: [item.update(version="0.1") for item in bill["components"]])),
    ("R3.citation", text("CITATION.cff", "1.2.0", "1.1.0")),
    ("R3.citation", text("CITATION.cff", "authors:", "writers:")),
    ("R3.citation", text("CITATION.cff", "authors:", "  : :")),
    ("R3.formats", lambda run: (run.paths.model / "model.pkl").write_bytes(b"\x80\4")),
    ("R3.formats", lambda run: (run.paths.root / "LICENSE").unlink()),
]


@pytest.mark.parametrize("name", OFFLINE)
def test_a_good_project_passes(good: Run, name: str) -> None:
    result = evaluate(BY_NAME[name], subject_of(good))
    expected = Status.NOT_APPLICABLE if name == "R1.2.repeated" else Status.PASS
    assert result.status is expected, [item for item in result.evidence if not item.good]
    assert all(item.where and item.found for item in result.evidence)


@pytest.mark.parametrize(("name", "spoil"), MUTATIONS, ids=[f"{i}-{name}" for i, (name, _) in enumerate(MUTATIONS)])
def test_a_spoiled_project_fails(copy: Run, name: str, spoil: Spoil) -> None:
    spoil(copy)
    result = evaluate(BY_NAME[name], subject_of(copy))
    assert result.status is Status.FAIL
    assert not all(item.good for item in result.evidence)


def test_every_check_has_a_mutation() -> None:
    elsewhere = {"R1.units", "R1.2.repeated"}
    assert {name for name, _ in MUTATIONS} | elsewhere == set(OFFLINE)
    assert {check.principle for check in CHECKS} == set(PRINCIPLES)
    assert all(check.text and check.remedy for check in CHECKS)
    assert len(BY_NAME) == len(CHECKS)


def test_the_documentation_names_every_check() -> None:
    page = (ENGINE_ROOT / "docs" / "fair.md").read_text(encoding="utf-8")
    assert [name for name in (*BY_NAME, *PRINCIPLES) if f"`{name}`" not in page] == []


def test_metadata_that_need_the_model_do_not_outlive_it(good: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def weights(subject: object) -> Iterator[Evidence]:
        yield Evidence("weights", "", good=subject.paths.weights.is_file())  # type: ignore[attr-defined]

    clinging = FairCheck("F2.weights", "", weights, "", metadata=True)
    monkeypatch.setattr(findable, "CHECKS", (*findable.CHECKS, clinging))
    assert evaluate(BY_NAME["A2.survives"], subject_of(good)).status is Status.FAIL


def test_a_feature_without_a_unit_fails(good: Run) -> None:
    (item,) = good.project.schema.inputs
    bare = replace(item, features=(replace(item.features[0], unit=""), item.features[1]))
    project = replace(good.project, schema=replace(good.project.schema, inputs=(bare,)))
    assert evaluate(BY_NAME["R1.units"], subject_of(replace(good, project=project))).status is Status.FAIL


@pytest.mark.parametrize(("spoiled", "status"), [(False, Status.PASS), (True, Status.FAIL)])
def test_the_training_is_repeated(copy: Run, spoiled: bool, status: Status) -> None:
    if spoiled:
        edit_json(copy.paths.run, lambda run: run["training"].update(best_loss=0.1))
        arrays = load_file(copy.paths.weights)
        save_file({name: np.asarray(array + 1) for name, array in arrays.items()}, copy.paths.weights)
    subject = subject_of(copy)
    subject.rerun = True
    assert evaluate(BY_NAME["R1.2.repeated"], subject).status is status


class Archive(BaseHTTPRequestHandler):
    """A resolver, a record's page and an index in one; what it answers is set on the class."""

    page, creators, title = 200, ["Hopper"], TITLE

    def do_GET(self) -> None:
        if self.path == f"/{DOI}":
            self._answer(302, b"", Location="/record")
        elif self.path == "/record":
            self._answer(self.page, b"<html></html>")
        elif self.path == f"/dois/{DOI}":
            attributes = {"titles": [{"title": self.title}], "creators": self.creators}
            attributes |= {"publicationYear": 2030, "publisher": "P"}
            self._answer(200, json.dumps({"data": {"attributes": attributes}}).encode())
        else:
            self._answer(404, b"")

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def network() -> Iterator[Network]:
    with listening(Archive) as address:
        yield Network(address, address + "/")


ONLINE = {
    "F1.resolves": {"page": 404},
    "A1.retrieved": {"page": 500},
    "F4.indexed": {"title": "Other"},
    "A2.kept": {"creators": []},
}


@pytest.mark.parametrize("name", ONLINE)
def test_online_checks_ask_the_servers(good: Run, network: Network, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    result = evaluate(BY_NAME[name], subject_of(good, network))
    assert result.status is Status.PASS, result.evidence
    assert "GET http://127.0.0.1" in result.evidence[0].where
    assert "-> 200" in result.evidence[0].where
    for key, value in ONLINE[name].items():  # type: ignore[attr-defined]
        monkeypatch.setattr(Archive, key, value)
    assert evaluate(BY_NAME[name], subject_of(good, network)).status is Status.FAIL
    assert evaluate(BY_NAME[name], subject_of(good)).status is Status.NOT_APPLICABLE
    assert set(ONLINE) == {check.identifier for check in CHECKS if check.online}


def test_no_answer_is_evidence(good: Run) -> None:
    nobody = Network("http://127.0.0.1:9", "http://127.0.0.1:9")
    result = evaluate(BY_NAME["F1.resolves"], subject_of(good, nobody))
    assert result.status is Status.FAIL
    assert "no answer" in result.evidence[0].where


def run_command(run: Run, project: Project, *options: str) -> int:
    return main(project, ["fair", "check", "--profile", run.paths.profile, "--project", str(run.paths.root), *options])


def test_the_command_writes_every_form(copy: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("json", "markdown", "ftr", "badge")
    options = [word for name in names for word in (f"--{name}", str(tmp_path / name))]
    assert run_command(copy, copy.project, *options) == 0
    found = read_json(tmp_path / "json")
    assert [item["principle"] for item in found["principles"]] == list(PRINCIPLES)
    assert found["counts"]["fail"] == 0
    assert found["counts"]["pass"] == len(OFFLINE) - 1
    assert "&lt;b&gt;bold" in (tmp_path / "markdown").read_text(encoding="utf-8")
    assert "15 of 15" in (tmp_path / "badge").read_text(encoding="utf-8")
    graph = read_json(tmp_path / "ftr")["@graph"]
    results = {item["dcterms:identifier"]: item for item in graph if item["@type"] == "ftr:TestResult"}
    assert set(results) == set(BY_NAME)
    assert {item["prov:value"] for item in results.values()} == {"pass", "indeterminate"}
    assert all(item["ftr:outputFromTest"]["@id"] in {node["@id"] for node in graph} for item in results.values())
    capsys.readouterr()
    (copy.paths.root / "LICENSE").unlink()
    assert run_command(copy, copy.project) == 1
    ((title, command, fragment),) = fair_sections(copy.paths)
    assert (title, command) == ("FAIR", "make fair PROFILE=tiny")
    assert fragment.count("<tr>") == 1 + len(PRINCIPLES)
    assert 'aria-label="FAIR: 13 of 15"' in fragment
    assert "restore the file that is named" in fragment
    printed = capsys.readouterr()
    assert "choose a licence" in printed.out
    assert "2 of" in printed.err
    assert run_command(copy, copy.project, "--no-fail") == 0
    replace_in(copy.paths.root / "fair.toml", "[identity]", "[identity")
    assert run_command(copy, copy.project) == 2
