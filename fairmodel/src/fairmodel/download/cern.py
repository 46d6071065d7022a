"""Files of a CERN Open Data record, by its DOI.

cernopendata-client finds the record and tells address, size and Adler-32 of its files. The files themselves come by
`download`: the client takes the page of an error for the file, and appends to an unfinished file whatever the server
sends. What counts is `data/files.toml`. Where an entry there names an index, one of the lists that the record has of
its files, that index is fetched and verified first: it gives the size and the checksum.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Literal

from ..errors import UserError
from .clients import read_xrootd, run_client
from .http import read_http
from .manifest import Manifest, ManifestFile
from .transfer import announce, download

__all__ = ["SERVER", "Protocol", "fetch"]

SERVER = "http://opendata.cern.ch"
Protocol = Literal["http", "xrootd"]
Listing = dict[str, tuple[int, str]]  # bytes and checksum, such as adler32:0d8eebc2, of each file by its address
READERS = {"http": read_http, "xrootd": read_xrootd}


def fetch(
    manifest: Manifest,
    doi: str,
    patterns: Sequence[str],
    folder: Path,
    *,
    server: str = SERVER,
    protocol: Protocol = "http",
) -> list[Path]:
    """Bring the files of a record whose names match a pattern, such as `train/*`, below `folder`; returns their paths.

    Files that are there and verified need no network. Raises UserError for a pattern that nothing matches, and for a
    file that cannot be had or is not the listed one.
    """
    files = manifest.of_doi(doi)
    record = Record(doi, server, protocol)
    chosen = {folder / file.name: file for file in _matching(files, patterns, manifest.path)}
    pinned = _pinned(chosen, files, folder, record)
    missing = {path: file for path, file in pinned.items() if not file.there(path)}
    announce(missing, folder)
    for path, file in missing.items():
        download(file, record.address(file), path, READERS[protocol])
    return list(chosen)


def _matching(files: dict[str, ManifestFile], patterns: Sequence[str], path: Path) -> list[ManifestFile]:
    """The entries, indices left out, whose names match one of the patterns, in the order of the manifest."""
    indices = {file.index for file in files.values()}
    offered = [name for name in files if name not in indices]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in offered):
            message = f"no file in {path} matches {pattern!r}; there are {len(offered)}, such as {offered[0]!r}"
            raise UserError(message)
    return [files[name] for name in offered if any(fnmatchcase(name, pattern) for pattern in patterns)]


@dataclass(frozen=True)
class Record:
    """What the server says of a record; it is asked when the first address is needed."""

    doi: str
    server: str
    protocol: Protocol

    @cached_property
    def listing(self) -> Listing:
        """All files of the record, those of its indices one by one."""
        options = ["--doi", self.doi, "--server", self.server, "--protocol", self.protocol, "--verbose"]
        answer = run_client("cernopendata-client", ["get-file-locations", *options], f"which files {self.doi} has")
        rows = [line.split("\t") for line in answer.splitlines()]
        return {row[0]: (int(row[1]), row[2]) for row in rows if len(row) == 3 and row[1].isdecimal()}

    def address(self, file: ManifestFile) -> str:
        """Where a file is; raises UserError if the record lists another size or Adler-32 than expected."""
        address = _find(self.listing, file.name, f"the record {self.doi} at {self.server}")
        size, checksum = self.listing[address]
        if size != file.size or file.adler32 not in (None, checksum.removeprefix("adler32:")):
            message = (
                f"{address}: the record lists {size} bytes with {checksum}, data/files.toml expects {file.size} with "
                f"adler32:{file.adler32}; the file was replaced in one of them: compare the entry with the record"
            )
            raise UserError(message)
        return address


def _find(listing: Listing, name: str, source: str) -> str:
    """The address that ends in a name of the manifest."""
    found = [address for address in listing if address.endswith(f"/{name}")]
    if len(found) != 1:
        message = f"{source} has {len(found)} files {name!r} among {len(listing)}; correct the entry in data/files.toml"
        raise UserError(message)
    return found[0]


def _pinned(
    chosen: dict[Path, ManifestFile], files: dict[str, ManifestFile], folder: Path, record: Record
) -> dict[Path, ManifestFile]:
    """The entries with size and checksum, where need be from their indices."""
    listed = {file.index: file for file in chosen.values() if file.index}
    indices = {name: _index(files[name], file, folder, record) for name, file in listed.items()}
    return {path: _from_index(file, indices[file.index]) if file.index else file for path, file in chosen.items()}


def _index(index: ManifestFile, listed: ManifestFile, folder: Path, record: Record) -> Listing:
    """A verified index; it lies where its name says, relative to a file that is listed in it."""
    path = folder / index.name
    if not index.there(path):
        address = _find(record.listing, listed.name, f"the record {record.doi} at {record.server}")
        download(index, address.removesuffix(listed.name) + index.name, path, READERS[record.protocol])
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {row["uri"]: (row["size"], row["checksum"]) for row in rows}
    except (ValueError, TypeError, KeyError) as error:
        message = f"{path} is no list of files with uri, size and checksum; correct the index in data/files.toml"
        raise UserError(message) from error


def _from_index(file: ManifestFile, index: Listing) -> ManifestFile:
    size, checksum = index[_find(index, file.name, f"the index {file.index!r}")]
    try:
        return ManifestFile(name=file.name, bytes=size, adler32=checksum.removeprefix("adler32:"), doi=file.doi)
    except ValueError as error:
        message = f"the index {file.index!r} has {size!r} bytes and the checksum {checksum!r} for {file.name!r}"
        raise UserError(message) from error
