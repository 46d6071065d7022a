"""A data set by the DOI of its record: zenodo_get unchanged, and a machine that plays zenodo.org and doi.org."""

import hashlib
import json
import os
import shutil
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from fairmodel.cli import main
from fairmodel.dataset import Dataset
from fairmodel.download import transfer, zenodo
from fairmodel.download.manifest import Manifest, ManifestFile
from fairmodel.download.zenodo import fetch_record
from fairmodel.errors import UserError
from fairmodel.interface import Run
from fairmodel.splits import SPLITS
from fairmodel.testing.samples import random_samples, write_dataset

from .projects import own_project
from .server import Server, answer, broken_after, redirect, serve

pytestmark = pytest.mark.slow  # a client in a process each

DOI = "10.5281/zenodo.42"
RECORD = "https://zenodo.org/api/records/42"
NAMES = [f"{name}.h5" for name in SPLITS]


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """All of HTTPS that a client sees: every host is this server, with certificates of an authority made for it."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("zenodo.org", "sandbox.zenodo.org", "doi.org", "storage.example").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    for name in ("no_proxy", "NO_PROXY", "https_proxy", "all_proxy", "ALL_PROXY", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    monkeypatch.setattr(transfer, "PAUSES", (0.0, 0.0))
    with serve(context) as server:
        monkeypatch.setenv("HTTPS_PROXY", server.address)
        yield server


@pytest.fixture
def published(other: Run, network: Server) -> Run:
    """A project whose data set is in the record, listed in its manifest, and nowhere on this machine."""
    files = {}
    for name in NAMES:
        content = (other.paths.processed / name).read_bytes()
        network.add(f"{RECORD}/files/{name}/content", content)
        files[name] = ManifestFile(name=name, bytes=len(content), sha256=hashlib.sha256(content).hexdigest(), doi=DOI)
    Manifest(other.paths.manifest, tuple(files.values())).save()
    shutil.rmtree(other.paths.processed)
    publish(network, *NAMES)
    return other


@pytest.fixture
def addressed(published: Run) -> Run:
    """The same with the files' addresses in the manifest, so that zenodo_get, which takes a second, is not asked."""
    change(published, {name: {"url": f"{RECORD}/files/{name}/content"} for name in NAMES})
    return published


def change(run: Run, updates: dict[str, dict[str, object]]) -> None:
    """Set values of the manifest's entries, by name."""
    files = Manifest.load(run.paths.manifest).files
    Manifest(run.paths.manifest, tuple(file.model_copy(update=updates.get(file.name, {})) for file in files)).save()


def publish(network: Server, *names: str, host: str = "zenodo.org", **links: str) -> None:
    """Make a record of the files with these names, which are where `links` says or where Zenodo has them."""
    files = [
        {
            "key": name,
            "size": 1,
            "checksum": "md5:0",
            "links": {"self": links.get(name, f"https://{host}/api/records/42/files/{name}/content")},
        }
        for name in names
    ]
    record = {"id": 42, "metadata": {"title": "a record", "doi": DOI}, "files": files}
    network.add(f"https://doi.org/{DOI}", b"", *[redirect("https://zenodo.org/records/42")] * 9)
    network.add("https://zenodo.org/records/42", b"<html>")
    network.add(f"https://{host}/api/records/42", json.dumps(record).encode())


def content(network: Server, name: str) -> bytes:
    return network.files[f"{RECORD}/files/{name}/content"]


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_data_set_comes_by_doi(published: Run, network: Server) -> None:
    fetch_record(published.project, published.paths)
    for name in NAMES:
        assert (published.paths.processed / name).read_bytes() == content(network, name)
        with Dataset(published.paths.processed / name, published.project.schema) as data:
            assert len(data)
    assert files_below(published.paths.processed) == files_below(published.paths.raw) == set(NAMES)
    assert published.paths.split("val").samefile(published.paths.raw / "val.h5")  # one copy on the disk


def test_what_is_there_is_not_fetched_again(addressed: Run, network: Server) -> None:
    """First all of it; then without the downloads; then without the data set; last with one damaged file."""
    fetch_record(addressed.project, addressed.paths)
    done = len(network.requests)
    fetch_record(addressed.project, addressed.paths)
    shutil.rmtree(addressed.paths.raw)
    fetch_record(addressed.project, addressed.paths)
    addressed.paths.processed.rename(addressed.paths.raw)
    os.utime(addressed.paths.raw / "val.h5", (0, 0))
    fetch_record(addressed.project, addressed.paths)
    assert len(network.requests) == done
    assert files_below(addressed.paths.processed) == set(NAMES)
    assert addressed.paths.split("val").stat().st_mtime > 0  # or make would do it again for ever


def test_the_commands_list_and_fetch(other: Run, network: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """One writes the list of what it has; the other has nothing else."""
    options = ["--profile", other.paths.profile, "--project", str(other.paths.root)]
    assert main(other.project, ["data", "manifest", *options]) == 0
    listed = capsys.readouterr().out
    assert "train.h5, val.h5, test.h5" in listed
    for name in NAMES:
        network.add(f"https://storage.example/{name}", (other.paths.processed / name).read_bytes())
    change(other, {name: {"url": f"https://storage.example/{name}"} for name in NAMES})
    shutil.rmtree(other.paths.processed)
    assert main(other.project, ["data", *options, "--source", "zenodo"]) == 0
    for name in NAMES:
        assert (other.paths.processed / name).read_bytes() == network.files[f"https://storage.example/{name}"]


def test_a_damaged_file_is_replaced(addressed: Run, network: Server, capsys: pytest.CaptureFixture[str]) -> None:
    fetch_record(addressed.project, addressed.paths)
    addressed.paths.split("val").write_bytes(b"damaged")
    shutil.rmtree(addressed.paths.raw)
    before = len(network.requests)
    fetch_record(addressed.project, addressed.paths)
    assert addressed.paths.split("val").read_bytes() == content(network, "val.h5")
    assert [address for address, _ in network.requests[before:] if "/files/" in address] == [
        f"{RECORD}/files/val.h5/content"
    ]
    assert "val.h5 has 7 bytes" in capsys.readouterr().err


def test_a_broken_download_goes_on(addressed: Run, network: Server) -> None:
    address = network.add(f"{RECORD}/files/val.h5/content", content(network, "val.h5"))
    network.answers[address] += [broken_after(1000), *[answer(503)] * 3]
    with pytest.raises(UserError, match=r"val\.h5/content: .*503.* goes on at byte 1000"):
        fetch_record(addressed.project, addressed.paths)
    assert files_below(addressed.paths.root / "data") == {
        "files.toml",
        *(f"raw/{addressed.paths.profile}/{name}" for name in ("train.h5", "val.h5.part")),
    }
    fetch_record(addressed.project, addressed.paths)
    assert network.asked(address) == [None, *["bytes=1000-"] * 4]
    assert network.asked(f"{RECORD}/files/train.h5/content") == [None]
    assert files_below(addressed.paths.processed) == set(NAMES)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda content: content[:-1] + bytes([content[-1] ^ 1]), r"it has the sha256 \w+, \w+ is expected"),
        (lambda content: content[:-1], r"data/files\.toml expects"),
        (lambda content: content * 2, r"data/files\.toml expects"),
        (None, r"the server answers 404"),
    ],
    ids=["corrupted", "truncated", "wrong size", "missing"],
)
def test_a_wrong_file_stops_everything(
    change: Callable[[bytes], bytes] | None, problem: str, addressed: Run, network: Server
) -> None:
    address = f"{RECORD}/files/test.h5/content"
    right = network.files.pop(address)
    if change:
        network.files[address] = change(right)
    with pytest.raises(UserError, match=rf"{address}.*{problem}"):
        fetch_record(addressed.project, addressed.paths)
    assert not addressed.paths.processed.exists()
    assert "test.h5" not in files_below(addressed.paths.raw)


MALICIOUS = ["../../../x.h5", "/etc/x.h5", "a\nb.h5", "\x1b[2Jx.h5", "..", "train.h5\x00", "C:\\x.h5"]


def test_names_of_the_record_are_never_written(published: Run, network: Server, tmp_path: Path) -> None:
    publish(network, *MALICIOUS, *NAMES)
    before = files_below(tmp_path)
    fetch_record(published.project, published.paths)
    new = files_below(tmp_path) - before
    assert {Path(name).name for name in new} == set(NAMES)
    assert {address for address, _ in network.requests if "/files/" in address} == {
        f"{RECORD}/files/{name}/content" for name in NAMES
    }


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets the addresses that zenodo_get writes, which takes it a second."""

    def set_answer(*addresses: str) -> None:
        def run_client(name: str, arguments: list[str], _: str) -> str:
            assert (name, arguments[:2]) == ("zenodo_get", ["--doi", DOI])
            Path(arguments[arguments.index("--wget") + 1]).write_text("".join(f"{line}\n" for line in addresses))
            return ""

        monkeypatch.setattr(zenodo, "run_client", run_client)

    return set_answer


def test_a_record_with_other_names_is_refused_in_one_clean_line(published: Run, tell: Callable[..., None]) -> None:
    tell(*(f"{RECORD}/files/{name}/content" for name in ("\x1b[2Jval.h5", "../val.h5", "%1b[J", "train.h5", "test.h5")))
    with pytest.raises(UserError, match=r"the record 10\.5281/zenodo\.42 has no file 'val\.h5', only ") as caught:
        fetch_record(published.project, published.paths)
    assert str(caught.value).isprintable()
    assert files_below(published.paths.raw) == set()


@pytest.mark.parametrize(
    "address",
    [
        "file:///records/42/files/val.h5",
        "http://zenodo.org/records/42/files/val.h5",
        "ftp://zenodo.org/records/42/files/val.h5",
        "https://zenodo.org/elsewhere/val.h5",
        "val.h5",
    ],
)
def test_only_encrypted_addresses_are_taken(address: str, published: Run, tell: Callable[..., None]) -> None:
    tell(address, *(f"https://zenodo.org/records/42/files/{name}" for name in ("train.h5", "test.h5")))
    with pytest.raises(UserError, match=r"has no file 'val\.h5', only 'test\.h5', 'train\.h5'"):
        fetch_record(published.project, published.paths)


@pytest.mark.parametrize(
    ("target", "problem"),
    [("https://storage.example/x?signature=1", None), ("http://storage.example/x", "which is not encrypted")],
)
def test_storage_elsewhere_must_be_encrypted(target: str, problem: str | None, addressed: Run, network: Server) -> None:
    if not problem:
        network.add(target, content(network, "val.h5"))
    network.answers[f"{RECORD}/files/val.h5/content"] = [redirect(target)]
    if problem:
        with pytest.raises(UserError, match=problem):
            fetch_record(addressed.project, addressed.paths)
    else:
        fetch_record(addressed.project, addressed.paths)
        assert len(network.asked(target)) == 1


def test_the_sandbox_has_records_without_registered_dois(published: Run, network: Server) -> None:
    change(published, {name: {"doi": "10.5072/zenodo.42"} for name in NAMES})
    publish(network, *NAMES, host="sandbox.zenodo.org")
    for name in NAMES:
        network.add(f"https://sandbox.zenodo.org/api/records/42/files/{name}/content", content(network, name))
    fetch_record(published.project, published.paths)
    assert {address.split("/")[2] for address, _ in network.requests} == {"sandbox.zenodo.org"}


def test_no_such_record(published: Run, network: Server) -> None:
    del network.files[RECORD]
    with pytest.raises(UserError, match=r"zenodo_get cannot answer where 10\.5281/zenodo\.42 is: .*404") as caught:
        fetch_record(published.project, published.paths)
    assert "\x1b" not in str(caught.value)


def test_a_data_set_of_another_project_is_not_put_in_place(addressed: Run, network: Server, tmp_path: Path) -> None:
    schema = own_project().schema
    foreign = write_dataset(tmp_path / "foreign.h5", schema, random_samples(schema, 8)).read_bytes()
    network.files[f"{RECORD}/files/test.h5/content"] = foreign
    change(addressed, {"test.h5": {"size": len(foreign), "sha256": hashlib.sha256(foreign).hexdigest()}})
    with pytest.raises(UserError, match=r"test\.h5 is the file of data/files\.toml, but no data set of this project: "):
        fetch_record(addressed.project, addressed.paths)
    assert not addressed.paths.processed.exists()


@pytest.mark.parametrize("missing", [NAMES, ["val.h5"]])
def test_a_list_without_the_data_set(missing: list[str], addressed: Run, network: Server) -> None:
    files = Manifest.load(addressed.paths.manifest).files
    kept = [file for file in files if file.name not in missing]
    unaddressed = [file.model_copy(update={"doi": None, "url": None}) for file in files if file.name in missing]
    for rest in ([], unaddressed):
        Manifest(addressed.paths.manifest, (*kept, *rest)).save()
        with pytest.raises(
            UserError, match=rf"lists no {', '.join(missing)} with a doi or url.*make data-manifest DOI="
        ):
            fetch_record(addressed.project, addressed.paths)
    assert network.requests == []


def test_without_the_client(published: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(
        UserError, match=r"zenodo_get is not installed, where 10\.5281/zenodo\.42 is needs it; run `make"
    ):
        fetch_record(published.project, published.paths)
