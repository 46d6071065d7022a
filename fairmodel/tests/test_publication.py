"""From the command line: the archive of a project, published, fetched by its DOI, and what a DOI changes at home."""

import hashlib
import json
import shutil
import subprocess
import tarfile
import tomllib
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import yaml

from fairmodel.cli import main
from fairmodel.errors import UserError
from fairmodel.fair.crate.graph import from_crate
from fairmodel.fair.publish.archive import build_archive
from fairmodel.files import read_json, sha256, write_text
from fairmodel.interface import Run
from fairmodel.metadata.source import stamped
from fairmodel.paths import Paths

from .archives import publish_folder, write_model
from .fair_project import record_step
from .hub import TOKEN as HUB_TOKEN
from .hub import serve_hub
from .invenio import Invenio
from .invenio_server import TOKEN
from .projects import FAIR, other_project


@pytest.fixture
def ready(other: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A project with a model and no DOI."""
    monkeypatch.setenv("ZENODO_TOKEN", TOKEN)
    write_model(other.paths, other.project.schema)
    fair = other.paths.root / "fair.toml"
    fair.write_text(FAIR.replace('doi = "10.5281/zenodo.1234567"\n', 'doi = ""  # of this version\n'), encoding="utf-8")
    (other.paths.root / "README.md").write_text("# M\n<!-- doi:start --><!-- doi:end -->\n", encoding="utf-8")
    return other


def fair(run: Run, action: str, *options: str) -> int:
    return main(
        run.project, ["fair", action, "--project", str(run.paths.root), "--profile", run.paths.profile, *options]
    )


def fetch(site: Invenio, doi: str, to: Path) -> int:
    return main(other_project(), ["fair", "fetch", doi, "--to", str(to), "--resolver", f"{site.base}/doi"])


def test_every_file_of_the_archive_names_its_doi(ready: Run, tmp_path: Path) -> None:
    doi = "10.5281/zenodo.7654321"
    folder = build_archive(ready, tmp_path / "archive", doi=doi, date="2030-01-31")
    assert tomllib.loads((folder / "fair.toml").read_text(encoding="utf-8"))["identity"]["doi"] == doi
    assert yaml.safe_load((folder / "CITATION.cff").read_text(encoding="utf-8"))["doi"] == doi
    assert json.loads((folder / "codemeta.json").read_text(encoding="utf-8"))["@id"] == f"https://doi.org/{doi}"
    for name in ("model-card.md", "fair4ml.jsonld", "sbom.cdx.json"):
        assert doi in (folder / name).read_text(encoding="utf-8"), name
    properties = {item.key: item.value for item in onnx.load(folder / "model.onnx").metadata_props}
    assert (properties["doi"], properties["version"]) == (doi, "1.2.3")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["doi"], manifest["packed"]) == (doi, [])
    assert {file["name"] for file in manifest["files"]} == {path.name for path in folder.iterdir()} - {"manifest.json"}


def test_the_same_project_makes_the_same_archive(ready: Run, tmp_path: Path) -> None:
    made = [build_archive(ready, tmp_path / name, doi="10.1234/x", date="2030-01-31") for name in ("one", "two")]
    first, second = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in made)
    assert first == second


def test_the_archive_is_a_crate_of_the_steps_that_made_it(ready: Run, tmp_path: Path) -> None:
    """Files by their names in the archive; what is not in it is named with its checksum, outside of the crate."""
    data = ready.paths.split("train").relative_to(ready.paths.root).as_posix()
    record_step(ready, "train")
    record_step(ready, "export")
    folder = build_archive(ready, tmp_path / "archive", doi="10.1234/x", date="2030-01-31")
    crate = read_json(folder / "ro-crate-metadata.json")
    entities = {item["@id"]: item for item in crate["@graph"]}
    files = {item["@id"] for item in crate["@graph"] if item["@type"] == "File"}
    assert files == {path.name for path in folder.iterdir()} - {"ro-crate-metadata.json", "manifest.json"}
    assert all(entities[name]["sha256"] == sha256(folder / name) for name in files)
    assert {item["@id"] for item in entities["./"]["hasPart"]} == files
    actions = {action.step: action for action in from_crate(crate)}
    train, export, publication = (actions.pop(step) for step in ("train", "export", "fair publish"))
    assert not actions
    assert train.outputs["weights.safetensors"] == sha256(ready.paths.weights)
    assert train.inputs[data] == sha256(ready.paths.split("train"))
    outside = next(item for item in entities.values() if item.get("name") == data)
    assert (outside["@id"][0], outside["@type"]) == ("#", "CreativeWork")
    # the publication wrote the DOI into the graph, and left the weights as they were
    assert publication.inputs["model.onnx"] == export.outputs["model.onnx"] == sha256(ready.paths.onnx)
    assert publication.outputs["model.onnx"] == sha256(folder / "model.onnx")
    assert publication.outputs.keys().isdisjoint({"weights.safetensors", "sample.safetensors", "run.json"})


def test_another_library_opens_what_was_published(ready: Run, tmp_path: Path) -> None:
    rocrate = pytest.importorskip("rocrate.rocrate")
    record_step(ready, "train")
    folder = build_archive(ready, tmp_path / "archive", doi="10.1234/x", date="2030-01-31")
    crate = rocrate.ROCrate(folder)
    assert crate.root_dataset["identifier"] == "https://doi.org/10.1234/x"
    assert [item["name"] for item in crate.root_dataset["mentions"]] == [
        "train, profile tiny",
        "fair publish, profile tiny",
    ]
    assert crate.dereference("weights.safetensors").source.is_file()


def test_source_code_and_documentation_are_packed_beside_the_model(ready: Run, tmp_path: Path) -> None:
    root = ready.paths.root
    identity = ["-c", "user.name=N", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "--quiet"], ["add", "fair.toml"], [*identity, "commit", "--quiet", "--message", "All"]):
        subprocess.run(["git", "-C", str(root), *command], check=True)
    (root / "secret.txt").write_text("not for others", encoding="utf-8")
    for name, text in {"index.html": "<p>Read</p>", "_static/a.css": "", ".doctrees/x": "of the next run"}.items():
        write_text(root / "docs" / "_build" / name, text)
    folders = [build_archive(ready, tmp_path / name, doi="10.1234/x", date="2030-01-31") for name in ("one", "two")]
    first, second = ({path.name: path.read_bytes() for path in folder.glob("*.tar.gz")} for folder in folders)
    assert first == second
    source = {"fair.toml": (root / "fair.toml").read_bytes()}
    packed = unpacked(folders[0] / "source.tar.gz")
    engine = {name: packed.pop(name) for name in [*packed] if name.startswith("vendor/")}
    assert packed == source
    (wheel,) = (name for name in engine if name.endswith(".whl"))
    assert engine["vendor/SHA256SUMS"].decode() == f"{hashlib.sha256(engine[wheel]).hexdigest()}  {Path(wheel).name}\n"
    assert unpacked(folders[0] / "documentation.tar.gz") == {"index.html": b"<p>Read</p>", "_static/a.css": b""}
    manifest = read_json(folders[0] / "manifest.json")
    assert {file["name"]: file["sha256"] for file in manifest["packed"]} == {
        name: sha256(folders[0] / name) for name in first
    }
    assert first.keys().isdisjoint(file["name"] for file in manifest["files"])


def unpacked(path: Path) -> dict[str, bytes]:
    """The files of an archive, without the folder that all of them are in."""
    with tarfile.open(path) as packed:
        files = {member.name: packed.extractfile(member) for member in packed if member.isfile()}
        return {name.partition("/")[2]: file.read() for name, file in files.items() if file}


def test_a_step_that_was_not_run_is_named(ready: Run, capsys: pytest.CaptureFixture[str]) -> None:
    (ready.paths.model / "sample.safetensors").unlink()
    ready.paths.metrics.unlink()
    assert fair(ready, "publish", "--dry-run") == 1
    expected = (
        "models/tiny/sample.safetensors, reports/tiny/metrics.json are missing; run `make all PROFILE=tiny` first"
    )
    assert expected in capsys.readouterr().err


def test_a_graph_and_a_sample_of_different_models_are_not_published(
    ready: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = (ready.paths.model / "sample.safetensors").read_bytes()
    write_model(ready.paths, ready.project.schema, seed=1)
    (ready.paths.model / "sample.safetensors").write_bytes(sample)
    assert fair(ready, "publish", "--dry-run") == 1
    assert "is no archive that others could use: on its own sample the model differs" in capsys.readouterr().err


def test_a_dry_run_needs_no_token_and_no_network(
    ready: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ZENODO_TOKEN", raising=False)
    assert fair(ready, "publish", "--dry-run") == 0
    output = capsys.readouterr().out
    assert output.endswith("nothing was sent\n")
    assert '"resource_type": {\n    "id": "model"\n  }' in output
    assert fair(ready, "publish") == 1
    assert "no token: make one at https://zenodo.org and put it into the environment variable ZENODO_TOKEN" in (
        capsys.readouterr().err
    )


def test_published_fetched_and_stamped(
    ready: Run, site: Invenio, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole way; then a new version of it."""
    server_option = ("--base-url", site.base)
    assert fair(ready, "stamp", *server_option) == 1
    assert "tells of no DOI; run `fair publish` first" in capsys.readouterr().err
    assert fair(ready, "publish", *server_option) == 0
    assert "Draft: " in capsys.readouterr().out
    assert fair(ready, "publish", "--publish", *server_option) == 0
    assert "Published: https://doi.org/10.5072/zenodo.102" in capsys.readouterr().out
    assert fetch(site, "10.5072/zenodo.102", tmp_path / "fetched") == 0
    assert "Sample: agrees" in capsys.readouterr().out
    assert fair(ready, "stamp", *server_option) == 0
    assert fair(ready, "publish", "--publish", *server_option) == 0  # once more: the same archive, the same record
    assert len(site.records) == 1
    source = (ready.paths.root / "fair.toml").read_text(encoding="utf-8")
    assert 'doi = "10.5072/zenodo.102"  # of this version' in source
    assert 'concept-doi = "10.5072/zenodo.101"' in source
    readme = (ready.paths.root / "README.md").read_text(encoding="utf-8")
    assert "[![DOI 10.5072/zenodo.102](https://zenodo.org/badge/DOI/10.5072/zenodo.102.svg)]" in readme
    assert main(ready.project, ["fair", "metadata", "--check", "--project", str(ready.paths.root)]) == 0
    fair_toml = ready.paths.root / "fair.toml"
    fair_toml.write_text(source.replace("1.2.3", "1.3.0"), encoding="utf-8")
    assert fair(ready, "publish", "--publish", "--new-version", *server_option) == 0
    first, second = site.records.values()
    assert first["parent"] == second["parent"]
    assert second["metadata"]["version"] == "1.3.0"
    assert fetch(site, second["pids"]["doi"]["identifier"], tmp_path / "second") == 0


def test_a_new_version_of_nothing(ready: Run, site: Invenio, capsys: pytest.CaptureFixture[str]) -> None:
    assert fair(ready, "publish", "--new-version", "--base-url", site.base) == 1
    assert f"identity.doi = '' is no record of {site.base}" in capsys.readouterr().err
    assert site.records == {}


def test_the_other_target(ready: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("HF_TOKEN", HUB_TOKEN)
    with serve_hub() as hub:
        options = ["--target", "hf", "--repository", "group/model", "--base-url", hub.base]
        assert fair(ready, "publish", *options) == 0
        assert {"model.onnx", "manifest.json", "sample.safetensors"} <= hub.repositories["group/model"].keys()
    assert f"{hub.base}/group/model: " in capsys.readouterr().out


@pytest.mark.slow
def test_a_trained_model_from_its_archive(
    evaluated: Run, exported: Run, site: Invenio, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The network, as it was trained and exported, predicts from a fetched copy what its authors recorded."""
    root = shutil.copytree(evaluated.paths.root, tmp_path / "project")
    run = replace(exported, paths=Paths.of_project(root, evaluated.paths.profile))
    folder = build_archive(run, tmp_path / "archive", doi="10.5072/zenodo.102", date="2030-01-31")
    publish_folder(site, folder)
    assert fetch(site, "10.5072/zenodo.102", tmp_path / "fetched") == 0
    assert "Sample: agrees" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[identity]\ndoi = ""  # c\n[x]\ndoi = "y"\n', '[identity]\ndoi = "10.1234/x"  # c\n[x]\ndoi = "y"\n'),
        ("[identity]\ndoi='old'\n", '[identity]\ndoi = "10.1234/x"\n'),
        ('[identity] # c\ntitle = "t"\n[x]\n', '[identity] # c\ntitle = "t"\ndoi = "10.1234/x"\n\n[x]\n'),
    ],
)
def test_a_stamp_changes_one_value(before: str, after: str) -> None:
    assert stamped(before, {"doi": "10.1234/x"}) == after


@pytest.mark.parametrize("text", ["identity.doi = ''\n", "[other]\n", '[identity]\n"doi" = "a"\n'])
def test_a_source_that_cannot_be_stamped(text: str) -> None:
    with pytest.raises(UserError, match=r"cannot set doi in \[identity\]; write each on a line of its own"):
        stamped(text, {"doi": "10.1234/x"})
