"""Files of a record of CERN Open Data: its client unchanged, and a server that answers as the portal does."""

import json
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fairmodel.download import cern, transfer
from fairmodel.download.cern import fetch
from fairmodel.download.clients import run_client
from fairmodel.download.manifest import Manifest, ManifestFile
from fairmodel.download.transfer import Stream
from fairmodel.errors import UserError

from .server import Server, broken_after, serve, whole

DOI = "10.7483/OPENDATA.TEST.ABCD.1234"
FOLDER = "/eos/opendata/test/rows/"
STORAGE = "root://eospublic.cern.ch/"
RANDOM = np.random.default_rng(2)
CONTENT = {
    name: RANDOM.bytes(3000)
    for name in ("train/rows_9.root", "train/rows_10.root", "train/rows_11.root", "test/rows_0.root")
}


def adler32(content: bytes) -> str:
    return f"{zlib.adler32(content):08x}"


def rows(folder: str) -> list[dict[str, Any]]:
    """The index of a folder: a list as the portal publishes it."""
    return [
        {
            "checksum": f"adler32:{adler32(content)}",
            "filename": name.split("/")[1],
            "size": len(content),
            "uri": f"{STORAGE}{FOLDER}{name}",
        }
        for name, content in CONTENT.items()
        if name.startswith(folder)
    ]


INDICES = {f"{folder}/file-indexes/{folder}.json": json.dumps(rows(folder), indent=2) for folder in ("train", "test")}


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The pages and the JSON that the client reads of a record, and the files."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(transfer, "PAUSES", (0.0,))
    indices = [{"key": f"{name}.json", "size": 0, "files": rows(name)} for name in ("train", "test")]
    metadata = {"recid": "77", "doi": DOI, "files": [], "_file_indices": indices}
    with serve() as server:
        found = {"hits": {"total": 1, "hits": [{"id": 77}]}}
        server.add(f"/api/records?page=1&size=1&q=doi:%22{DOI.replace('/', '%2F')}%22", json.dumps(found).encode())
        server.add("/record/77", b"<html>")
        server.add("/api/records/77", json.dumps({"id": 77, "metadata": metadata}).encode())
        for name, content in CONTENT.items():
            server.add(FOLDER + name, content)
        for name, text in INDICES.items():
            server.add(FOLDER + name, text.encode())
        yield server


def listing(server: str, protocol: str) -> str:
    """What the client prints of the record."""
    root = STORAGE if protocol == "xrootd" else server
    files = [row for folder in ("train", "test") for row in rows(folder)]
    lines = (f"{row['uri'].replace(STORAGE, root)}\t{row['size']}\t{row['checksum']}\n" for row in files)
    return "".join(lines)


@pytest.fixture
def replayed(portal: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The portal with the client's answer ready, which takes it half a second; a test below compares it."""

    def answer(name: str, arguments: list[str], _: str) -> str:
        options = dict(zip(arguments[1::2], arguments[2::2], strict=False))
        assert (name, arguments[0], options["--doi"]) == ("cernopendata-client", "get-file-locations", DOI)
        return listing(options["--server"], options["--protocol"])

    monkeypatch.setattr(cern, "run_client", answer)
    return portal


def manifest_of(folder: Path, *, pinned: bool) -> Manifest:
    """All files, each with its own size and checksum, or those of the index of its folder."""
    if pinned:
        files = [
            ManifestFile(name=name, bytes=len(content), adler32=adler32(content), doi=DOI)
            for name, content in CONTENT.items()
        ]
    else:
        files = [
            ManifestFile(name=name, bytes=len(text), adler32=adler32(text.encode()), doi=DOI)
            for name, text in INDICES.items()
        ]
        index = {name.split("/")[0]: name for name in INDICES}
        files += [ManifestFile(name=name, index=index[name.split("/")[0]], doi=DOI) for name in CONTENT]
    manifest = Manifest(folder / "files.toml", tuple(files))
    manifest.save()
    return Manifest.load(manifest.path)


def data_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix == ".root"}


@pytest.mark.parametrize("protocol", ["http", "xrootd"])
def test_the_client_tells_what_the_record_has(protocol: str, portal: Server) -> None:
    options = ["--doi", DOI, "--server", portal.address, "--protocol", protocol, "--verbose"]
    assert run_client("cernopendata-client", ["get-file-locations", *options], "it") == listing(
        portal.address, protocol
    )


def test_files_come_by_doi(portal: Server, tmp_path: Path) -> None:
    fetch(manifest_of(tmp_path, pinned=False), DOI, ["*"], tmp_path, server=portal.address)
    for name, content in CONTENT.items():
        assert (tmp_path / name).read_bytes() == content


@pytest.mark.parametrize("pinned", [True, False], ids=["pinned", "index"])
@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (["*"], set(CONTENT)),
        (["train/rows_1?.root", "test/rows_0.root"], set(CONTENT) - {"train/rows_9.root"}),
        (["test/rows_0.root", "test/*"], {"test/rows_0.root"}),
    ],
)
def test_any_part_of_the_files(
    patterns: list[str], names: set[str], pinned: bool, replayed: Server, tmp_path: Path
) -> None:
    manifest = manifest_of(tmp_path, pinned=pinned)
    paths = fetch(manifest, DOI, patterns, tmp_path / "raw", server=replayed.address)
    assert paths == [tmp_path / "raw" / name for name in CONTENT if name in names]
    assert data_below(tmp_path / "raw") == names
    for path in paths:
        assert path.read_bytes() == CONTENT[path.relative_to(tmp_path / "raw").as_posix()]


@pytest.mark.parametrize("pinned", [True, False], ids=["pinned", "index"])
def test_files_in_place_need_no_network(pinned: bool, tmp_path: Path) -> None:
    for name, content in (CONTENT | {name: text.encode() for name, text in INDICES.items()}).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    paths = fetch(manifest_of(tmp_path, pinned=pinned), DOI, ["*"], tmp_path, server="http://127.0.0.1:1")
    assert paths == [tmp_path / name for name in CONTENT]


def test_only_what_is_missing_or_wrong_is_fetched(replayed: Server, tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, pinned=False)
    fetch(manifest, DOI, ["train/*"], tmp_path, server=replayed.address)
    (tmp_path / "train" / "rows_9.root").write_bytes(CONTENT["train/rows_10.root"])
    (tmp_path / "train" / "rows_10.root").unlink()
    before = len(replayed.requests)
    fetch(manifest, DOI, ["train/*"], tmp_path, server=replayed.address)
    fetched = [address.removeprefix(replayed.address + FOLDER) for address, _ in replayed.requests[before:]]
    assert fetched == ["train/rows_9.root", "train/rows_10.root"]
    for name in ("train/rows_9.root", "train/rows_10.root"):
        assert (tmp_path / name).read_bytes() == CONTENT[name]


def test_a_damaged_index_is_fetched_again(replayed: Server, tmp_path: Path) -> None:
    index = tmp_path / "test" / "file-indexes" / "test.json"
    index.parent.mkdir(parents=True)
    index.write_text("[]")
    fetch(manifest_of(tmp_path, pinned=False), DOI, ["test/*"], tmp_path, server=replayed.address)
    assert index.read_text() == INDICES["test/file-indexes/test.json"]


def test_a_broken_download_goes_on_in_the_next_run(replayed: Server, tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, pinned=True)
    address = replayed.address + FOLDER + "test/rows_0.root"
    replayed.answers[address] = [broken_after(1000), broken_after(0), broken_after(0)]
    with pytest.raises(UserError, match="goes on at byte 1000"):
        fetch(manifest, DOI, ["test/*"], tmp_path, server=replayed.address)
    assert data_below(tmp_path) == set()
    fetch(manifest, DOI, ["test/*"], tmp_path, server=replayed.address)
    assert replayed.asked(address) == [None, *["bytes=1000-"] * 3]
    assert (tmp_path / "test" / "rows_0.root").read_bytes() == CONTENT["test/rows_0.root"]


def test_what_arrives_is_verified(replayed: Server, tmp_path: Path) -> None:
    """One wrong byte in a file, in an index, and a server that lists another checksum than the manifest."""
    name = "test/rows_0.root"
    wrong = bytes([CONTENT[name][0] ^ 1]) + CONTENT[name][1:]
    replayed.add(FOLDER + name, wrong, whole)
    with pytest.raises(UserError, match=rf"{name}.* has the adler32 {adler32(wrong)}, {adler32(CONTENT[name])} is exp"):
        fetch(manifest_of(tmp_path, pinned=True), DOI, ["test/*"], tmp_path, server=replayed.address)
    index = "test/file-indexes/test.json"
    replayed.add(FOLDER + index, INDICES[index].replace("rows_0", "rows_1").encode())
    with pytest.raises(UserError, match=rf"{index}.* has the adler32"):
        fetch(manifest_of(tmp_path, pinned=False), DOI, ["test/*"], tmp_path, server=replayed.address)
    other = ManifestFile(name=name, bytes=3000, adler32="00000001", doi=DOI)
    before = len(replayed.requests)
    with pytest.raises(
        UserError, match=r"lists 3000 bytes with adler32:\w+, data/files\.toml expects 3000 with adler32:0"
    ):
        fetch(Manifest(tmp_path / "files.toml", (other,)), DOI, ["*"], tmp_path, server=replayed.address)
    assert not any(address.endswith(".root") for address, _ in replayed.requests[before:])
    assert data_below(tmp_path) == set()


def test_what_is_not_in_the_manifest(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, pinned=False)
    with pytest.raises(UserError, match=r"files\.toml lists no file of 10\.1234/other"):
        fetch(manifest, "10.1234/other", ["*"], tmp_path)
    with pytest.raises(
        UserError, match=r"no file in .*files\.toml matches 'val/\*'; there are 4, such as 'train/rows_9"
    ):
        fetch(manifest, DOI, ["*", "val/*"], tmp_path)
    with pytest.raises(UserError, match=r"matches '\*\.json'"):
        fetch(manifest, DOI, ["*.json"], tmp_path)


def test_what_is_not_in_the_record(replayed: Server, tmp_path: Path) -> None:
    absent = ManifestFile(name="train/rows_12.root", bytes=3, adler32="00000001", doi=DOI)
    with pytest.raises(
        UserError, match=rf"the record {DOI} at {replayed.address} has 0 files 'train/rows_12.root' among 4"
    ):
        fetch(Manifest(tmp_path / "files.toml", (absent,)), DOI, ["*"], tmp_path, server=replayed.address)
    ambiguous = {"uri": f"{STORAGE}/elsewhere/train/rows_9.root", "size": 1, "checksum": "adler32:00000001"}
    text = json.dumps([*rows("train"), ambiguous])
    index = ManifestFile(name="train/i.json", bytes=len(text), adler32=adler32(text.encode()), doi=DOI)
    listed = ManifestFile(name="train/rows_9.root", index="train/i.json", doi=DOI)
    replayed.add(FOLDER + index.name, text.encode())
    with pytest.raises(UserError, match=r"the index 'train/i.json' has 2 files 'train/rows_9.root'"):
        fetch(Manifest(tmp_path / "files.toml", (index, listed)), DOI, ["*"], tmp_path, server=replayed.address)


@pytest.mark.parametrize("text", ["{", "[1]", '[{"uri": "a"}]', "3", '{"uri": "/a.root"}'])
def test_an_index_that_is_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "i.json").write_text(text)
    index = ManifestFile(name="i.json", bytes=len(text), adler32=adler32(text.encode()), doi=DOI)
    listed = ManifestFile(name="a.root", index="i.json", doi=DOI)
    with pytest.raises(UserError, match=r"i\.json is no list of files with uri, size and checksum"):
        fetch(Manifest(tmp_path / "files.toml", (index, listed)), DOI, ["*"], tmp_path)


def test_an_index_without_adler32(tmp_path: Path) -> None:
    text = '[{"uri": "root://x//a.root", "size": 3, "checksum": "md5:900150983cd24fb0d6963f7d28e17f72"}]'
    (tmp_path / "i.json").write_text(text)
    index = ManifestFile(name="i.json", bytes=len(text), adler32=adler32(text.encode()), doi=DOI)
    listed = ManifestFile(name="a.root", index="i.json", doi=DOI)
    with pytest.raises(UserError, match=r"index 'i\.json' has 3 bytes and the checksum 'md5:9\w+' for 'a\.root'"):
        fetch(Manifest(tmp_path / "files.toml", (index, listed)), DOI, ["*"], tmp_path)


def test_a_disk_without_room_is_noticed_before(replayed: Server, tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    manifest = Manifest(tmp_path / "files.toml", (ManifestFile(name="a", bytes=2 * free, adler32="00000001", doi=DOI),))
    with pytest.raises(UserError, match=r"1 files of .* GB are to come, and .* GB are free; choose fewer"):
        fetch(manifest, DOI, ["*"], tmp_path / "raw" / "deep", server=replayed.address)
    assert replayed.requests == []
    assert not (tmp_path / "raw").exists()


def test_no_such_record(portal: Server, tmp_path: Path) -> None:
    other = ManifestFile(name="a.root", bytes=3, adler32="00000001", doi="10.1234/other")
    none = json.dumps({"hits": {"total": 0, "hits": []}}).encode()
    portal.add("/api/records?page=1&size=1&q=doi:%2210.1234%2Fother%22", none)
    with pytest.raises(
        UserError, match=r"cernopendata-client cannot answer which files 10\.1234/other has: .*not exist"
    ):
        fetch(Manifest(tmp_path / "files.toml", (other,)), "10.1234/other", ["*"], tmp_path, server=portal.address)


def test_over_xrootd_the_addresses_are_those_of_the_storage(
    replayed: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record is looked up over HTTP all the same."""
    read = []

    @contextmanager
    def reader(address: str, offset: int) -> Iterator[Stream]:
        read.append(address)
        name = address.removeprefix(STORAGE + FOLDER)
        content = CONTENT.get(name) or INDICES[name].encode()
        yield Stream(offset, len(content), iter([content[offset:]]))

    monkeypatch.setitem(cern.READERS, "xrootd", reader)
    manifest = manifest_of(tmp_path, pinned=False)
    (path,) = fetch(manifest, DOI, ["test/*"], tmp_path, server=replayed.address, protocol="xrootd")
    assert path.read_bytes() == CONTENT["test/rows_0.root"]
    assert read == [f"{STORAGE}{FOLDER}{name}" for name in ("test/file-indexes/test.json", "test/rows_0.root")]
    assert replayed.requests == []
