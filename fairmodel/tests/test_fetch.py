"""Fetching by identifier: what arrives is what was published, and whatever is not is refused."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from fairmodel.cli import main
from fairmodel.fair.fetch import fetch_model
from fairmodel.fair.fetch.fetch_model import Archive, FetchError
from fairmodel.fair.publish.archive import build_archive
from fairmodel.interface import Run
from fairmodel.testing.samples import random_samples

from .archives import DOI, Published, publish_folder, write_model
from .invenio import Fault, Invenio
from .invenio_server import TOKEN, serve_invenio
from .projects import make_project, other_config, other_project
from .server import serve


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """A project with a model, and the archive of it."""
    project, config = other_project(), other_config()
    folder = tmp_path_factory.mktemp("made")
    run = Run(project, config, make_project(folder / "project", project, config))
    write_model(run.paths, project.schema)
    return run, build_archive(run, folder / "archive", doi=DOI, date="2030-01-31")


@pytest.fixture
def published(site: Invenio, made: tuple[Run, Path], tmp_path: Path) -> Published:
    return Published(site, publish_folder(site, made[1]), made[1], tmp_path)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


@pytest.mark.parametrize("way", ["DOI", "doi: prefix", "doi.org", "record", "files API", "folder", "manifest"])
def test_every_way_leads_to_the_same_files(way: str, published: Published) -> None:
    published.site.landing = way != "files API"
    with serve() as static:
        for path in published.folder.iterdir():
            static.add(f"/models/{path.name}", path.read_bytes())
        identifier = {
            "doi: prefix": f"doi:{DOI}",
            "doi.org": f"https://doi.org/{DOI}",
            "record": f"{published.site.base}/records/{published.record}",
            "folder": str(published.folder),
            "manifest": f"{static.address}/models/manifest.json",
        }.get(way, DOI)
        model = published.fetch(identifier)
    for path in published.folder.iterdir():
        assert (model.folder / path.name).read_bytes() == path.read_bytes()
    assert names(model.folder) == names(published.folder) | {"fair.lock.json"}
    assert model.check() < 1e-6


def test_the_model_predicts_what_the_graph_of_the_authors_does(published: Published, made: tuple[Run, Path]) -> None:
    run, _ = made
    rows = random_samples(run.project.schema, 3, seed=5).inputs
    session = onnxruntime.InferenceSession(run.paths.onnx.read_bytes(), providers=["CPUExecutionProvider"])
    found = published.fetch().predict(rows)
    for name, expected in zip(("logits", "probabilities"), session.run(None, rows), strict=True):
        np.testing.assert_array_equal(found[name], expected)


def test_nothing_is_fetched_twice(published: Published) -> None:
    published.fetch()
    published.site.log.clear()
    published.fetch(to="again")
    fetched = [path for _, path in published.site.log if path.endswith("/content")]
    assert [path.rpartition("/files/")[2] for path in fetched] == ["manifest.json/content"]


def test_a_damaged_cache_is_noticed(published: Published) -> None:
    published.fetch()
    for path in (published.here / "cache").iterdir():
        path.write_bytes(b"damaged")
    assert published.fetch(to="again").check() < 1e-6


def test_a_broken_download_goes_on_where_it_stopped(published: Published) -> None:
    content = (published.folder / "model.onnx").read_bytes()
    part = published.here / "cache" / f"{hashlib.sha256(content).hexdigest()}.part"
    part.parent.mkdir()
    part.write_bytes(content[:100])
    published.fetch()
    ranges = [headers["Range"] for headers in published.site.headers if "Range" in headers]
    assert ranges == ["bytes=100-"]


def test_ill_luck_passes(published: Published) -> None:
    for path in (".*/manifest.json/content", ".*/model.onnx/content"):
        published.site.faults.append(Fault("GET", path, 503, times=2))
    assert published.fetch().check() < 1e-6


def refused(published: Published, message: str, *absent: str) -> None:
    """Fetching fails with this message, and nothing of the given files is under its name."""
    with pytest.raises(FetchError, match=message):
        published.fetch()
    there = names(published.here / "model")
    assert not there & set(absent)
    assert not [name for name in there | names(published.here / "cache") if name.endswith(".part")]


def test_an_altered_byte(published: Published) -> None:
    content = bytearray(published.files["model.onnx"])
    content[len(content) // 2] ^= 1
    published.files["model.onnx"] = bytes(content)
    refused(published, r"model\.onnx from .* has the SHA-256 \w+, \w+ is listed; it was deleted", "model.onnx")


@pytest.mark.parametrize("change", [lambda content: content[:-1], lambda content: content + bytes(1 << 20)])
def test_a_wrong_size(change: Callable[[bytes], bytes], published: Published) -> None:
    published.files["model.onnx"] = change(published.files["model.onnx"])
    refused(published, r"model\.onnx from .* has \d+ bytes, \d+ are listed", "model.onnx")


@pytest.mark.parametrize(
    "name",
    ["../evil.json", "/etc/evil.json", "a/evil.json", "..\\evil.json", "C:evil.json", ".hidden.json", "a\0b.json", ""],
)
def test_a_path_that_leads_elsewhere(name: str, published: Published) -> None:
    published.replace("metrics.json", b"{}", listed_as=name)
    before = {path for path in published.here.rglob("*") if path.is_file()}
    refused(published, "which is no plain file name; nothing was fetched")
    assert {path for path in published.here.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", ["model.pkl", "weights.pt", "bomb.zip", "scores.npz", "run.sh", "hubconf.py", "model"])
def test_a_kind_of_file_that_is_never_fetched(name: str, published: Published) -> None:
    published.replace("metrics.json", b"{}", listed_as=name)
    refused(published, "a kind of file that is never fetched", name)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x05posix\x94", "a pickle, which could run any program"),
        (b"PK\x03\x04" + bytes(100), "a zip archive"),
        (b"\x1f\x8b\x08" + bytes(100), "compressed"),
    ],
    ids=["pickle", "zip bomb", "gzip bomb"],
)
def test_a_pickle_or_a_bomb_in_disguise(content: bytes, what: str, published: Published) -> None:
    published.replace("metrics.json", content)
    refused(published, rf"metrics\.json from .* is {what}", "metrics.json")


def test_a_pickle_as_weights(published: Published) -> None:
    published.replace("weights.safetensors", b"\x80\x04" + bytes(100))
    refused(published, "is no safetensors file", "weights.safetensors")


def test_an_answer_that_would_inflate(published: Published) -> None:
    headers = {"Content-Encoding": "gzip"}
    published.site.faults = [Fault("GET", ".*/model.onnx/content", 200, headers=headers)]
    refused(published, r"comes compressed \(gzip\).*not unpacked", "model.onnx")


def test_a_manifest_that_is_missing(published: Published) -> None:
    del published.site.records[published.record]["entries"]["manifest.json"]
    refused(published, "has no manifest.json, so nothing of it can be verified")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda manifest: manifest.pop("files"), "not a list of files as this program knows it"),
        (lambda manifest: manifest.update(schema=2), "another schema"),
        (lambda manifest: manifest["files"].append(manifest["files"][0]), "lists a file twice"),
        (
            lambda manifest: manifest["files"].append({**manifest["files"][0], "name": "license"}),
            "one file on some systems",
        ),
        (lambda manifest: manifest["files"][0].update(bytes=10**12), "lists more than"),
        (lambda manifest: manifest["files"][0].update(bytes=-1), "gives no size"),
        (lambda manifest: manifest["files"][0].update(sha256="0" * 63), "gives no size and SHA-256"),
        (lambda manifest: manifest.update(model="../../other.onnx"), "does not list its model"),
        (
            lambda manifest: manifest.update(doi="10.5072/zenodo.999"),
            "calls itself 10.5072/zenodo.999, but was found as",
        ),
    ],
)
def test_a_manifest_that_is_wrong(
    change: Callable[[dict[str, Any]], object], message: str, published: Published
) -> None:
    published.replace("LICENSE", b"MIT")
    published.change_manifest(change)
    refused(published, message, "model.onnx")


def test_a_manifest_without_end(published: Published) -> None:
    published.files["manifest.json"] = bytes(fetch_model.LARGEST_LIST + 1)
    refused(published, "too many for a list of files")


def test_a_file_that_is_not_listed_is_not_fetched(published: Published, capsys: pytest.CaptureFixture[str]) -> None:
    published.files["extra.onnx"] = b"not listed"
    published.site.records[published.record]["entries"]["extra.onnx"] = {"key": "extra.onnx"}
    assert "extra.onnx" not in names(published.fetch().folder)
    assert "not in the manifest, so not fetched: 'extra.onnx'" in capsys.readouterr().err


def test_the_token_goes_to_its_host_alone(published: Published) -> None:
    """Neither a redirect nor the resolver of another host sees it; the host it is for does."""
    own = Archive(f"{published.site.base}/doi", published.site.base, TOKEN)
    with serve_invenio() as elsewhere:
        elsewhere.records, elsewhere.content = published.site.records, published.site.content
        path = f"/api/records/{published.record}/files/model.onnx/content"
        published.site.faults = [Fault("GET", path, 302, headers={"Location": f"{elsewhere.base}{path}"})]
        published.fetch(archive=own)
        assert elsewhere.log == [("GET", path)]
        assert not any("Authorization" in headers for headers in elsewhere.headers)
    assert {
        headers.get("Authorization") for headers in published.site.headers if headers["User-Agent"] == fetch_model.AGENT
    } == {f"Bearer {TOKEN}"}
    published.site.headers.clear()
    published.fetch(archive=Archive(f"{published.site.base}/doi", "https://zenodo.org", TOKEN))
    assert not any("Authorization" in headers for headers in published.site.headers)
    assert TOKEN not in repr(own)


def test_an_address_that_is_not_encrypted(published: Published) -> None:
    with pytest.raises(FetchError, match="not encrypted"):
        published.fetch("http://example.org/manifest.json")


@pytest.mark.parametrize("identifier", ["nowhere", "10.1/x", "ftp://example.org/manifest.json"])
def test_an_identifier_that_is_none(identifier: str, published: Published) -> None:
    with pytest.raises(FetchError, match="is no folder, no DOI such as"):
        published.fetch(identifier)


def test_an_unknown_doi(published: Published) -> None:
    with pytest.raises(FetchError, match=r"/doi/10\.5072/zenodo\.7: the server answers 404; check the identifier"):
        published.fetch("10.5072/zenodo.7")


def test_the_lock_keeps_the_version(published: Published) -> None:
    lock = published.here / "fair.lock.json"
    published.fetch(lock=lock)
    content = json.loads(lock.read_text(encoding="utf-8"))
    assert content["doi"] == DOI
    assert content["files"]["model.onnx"] == hashlib.sha256(published.files["model.onnx"]).hexdigest()
    assert content["manifest"] == hashlib.sha256(published.files["manifest.json"]).hexdigest()
    published.fetch(lock=lock, to="again")
    published.replace("metrics.json", b"[]")
    with pytest.raises(FetchError, match=rf"has '{DOI}' with other checksums .* to change the version, delete it"):
        published.fetch(lock=lock, to="changed")
    assert names(published.here / "changed") == set()


def test_a_sample_that_says_otherwise(published: Published) -> None:
    content = bytearray(published.files["sample.safetensors"])
    content[-1] ^= 1
    published.replace("sample.safetensors", bytes(content))
    with pytest.raises(FetchError, match=r"on its own sample the model differs by .* more than 0\.0001"):
        published.fetch().check()


def test_a_graph_that_contradicts_the_manifest(published: Published) -> None:
    published.change_manifest(lambda manifest: manifest["inputs"][0].update(slots=7))
    with pytest.raises(FetchError, match=r"the manifest says {'cells': \[7, 2\]}; the archive contradicts itself"):
        published.fetch().check()


def test_the_command_prints_citation_and_licence(published: Published, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--to", str(published.here / "model"), "--resolver", f"{published.site.base}/doi"]
    assert main(other_project(), ["fair", "fetch", DOI, *options]) == 0
    output = capsys.readouterr().out
    assert "Sample: agrees with what was recorded" in output
    assert (
        f"\nCite: A Group (2030). <script>alert('1')</script> & \"two\" \\ ünï, version 1.2.3. https://doi.org/{DOI}\n"
        in output
    )
    assert output.endswith("\nLicence: MIT\n")
    assert main(other_project(), ["fair", "fetch", "10.5072/zenodo.7", *options]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: ")


@pytest.mark.slow
def test_the_file_alone_in_an_empty_environment(published: Published) -> None:
    """A new process that has NumPy and ONNX Runtime, no site-packages, and not this package."""
    libraries = published.here / "libraries"
    libraries.mkdir()
    for name in ("numpy", "onnxruntime", "numpy.libs"):
        spec = find_spec(name) if "." not in name else None
        origin = Path(spec.origin).parent if spec and spec.origin else Path(np.__file__).parents[1] / name
        if origin.exists():
            (libraries / name).symlink_to(origin)
    shutil.copy(str(fetch_model.__file__), published.here)
    archive = f"Archive(resolver={published.site.base + '/doi'!r})"
    program = f"from fetch_model import *; print(fetch({DOI!r}, 'fetched', archive={archive}).check())"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{libraries}:{published.here}",
        "HOME": str(published.here),
    }
    command = [sys.executable, "-S", "-c", program]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=published.here, env=environment)
    assert result.returncode == 0, result.stderr
    assert float(result.stdout) < 1e-6
    assert names(published.here / "fetched") == names(published.folder) | {"fair.lock.json"}
