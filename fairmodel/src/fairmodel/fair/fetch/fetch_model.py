"""Fetch a published model by its DOI, verify every byte, run its sample and compare with what its authors recorded.

One file on purpose: copy it beside a script or into a notebook. It needs Python 3.11 or newer, and NumPy and ONNX
Runtime to run the model. Nothing is ever unpacked, unpickled or executed.

    from fetch_model import fetch

    model = fetch("10.5281/zenodo.1234567", "model")
    model.check()
    model.predict({"cells": rows})["probabilities"]
"""

import hashlib
import http.client
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib import error, parse, request

__all__ = ["RESOLVER", "Archive", "FetchError", "Model", "content_problem", "fetch", "read_manifest"]

AGENT = "fetch-model/1 (FAIR model archives)"
RESOLVER = "https://doi.org"
SANDBOX = "https://sandbox.zenodo.org/doi"  # for 10.5072, which doi.org does not know
SILENCE = 30.0  # seconds without a byte until a connection counts as broken
PAUSES = (1.0, 4.0, 16.0)  # seconds before another attempt
BLOCK = 1 << 18
LARGEST_LIST = 4_000_000  # bytes of a manifest, a linkset or a list of files
LARGEST_ARCHIVE = 20_000_000_000  # bytes of all files together
DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)?(10\.\d{4,9}(?:\.\d+)*/\S+)", re.IGNORECASE)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]*(?:\.[A-Za-z0-9_+-]+)*")
KINDS = frozenset(
    (
        "cff",
        "csv",
        "html",
        "json",
        "jsonld",
        "md",
        "onnx",
        "pdf",
        "png",
        "safetensors",
        "svg",
        "toml",
        "txt",
        "xml",
        "yaml",
    )
)
MAGIC = {b"PK": "a zip archive", b"\x1f\x8b": "compressed", b"BZh": "compressed", b"\xfd7z": "compressed"}

Address = str | Path


class FetchError(Exception):
    """Why a model was not fetched, in one sentence with a remedy."""


@dataclass
class Archive:
    """Where models come from: the resolver of DOIs, and the one server that may see the token."""

    resolver: str = ""
    base_url: str = ""
    token: str = field(default="", repr=False)

    @contextmanager
    def open(self, address: str, *, accept: str = "*/*", start: int = 0) -> Iterator[Any]:
        """The answer to a GET request for the bytes from `start` on, redirects followed."""
        if not address.startswith("https://") and not _is_local(address):
            message = f"{address} is not encrypted; use an address that starts with https://"
            raise FetchError(message)
        headers = {"User-Agent": AGENT, "Accept": accept, "Accept-Encoding": "identity"}
        query = request.Request(address, headers=headers | ({"Range": f"bytes={start}-"} if start else {}))
        if self.token and _origin(address) == _origin(self.base_url):
            query.add_unredirected_header("Authorization", f"Bearer {self.token}")
        with _opener().open(query, timeout=SILENCE) as response:
            if (coding := response.headers.get("Content-Encoding", "identity")) != "identity":
                message = f"{address} comes compressed ({coding}), which was not asked for; it is not unpacked"
                raise FetchError(message)
            yield response

    def read(self, address: Address, accept: str = "*/*") -> bytes:
        """A small file; raises FetchError for one that cannot be had or is too large."""
        if isinstance(address, Path):
            return address.read_bytes()
        for pause in (*PAUSES, None):
            try:
                with self.open(address, accept=accept) as response:
                    content: bytes = response.read(LARGEST_LIST + 1)
            except (OSError, http.client.HTTPException) as problem:
                _wait_or_raise(address, problem, pause)
            else:
                if len(content) > LARGEST_LIST:
                    message = f"{address} has more than {LARGEST_LIST} bytes, too many for a list of files"
                    raise FetchError(message)
                return content
        raise AssertionError


class SafeRedirects(request.HTTPRedirectHandler):
    """Follows to any host, since content is verified, but takes the token to no other and never leaves encryption."""

    def redirect_request(self, req: request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        """The request that follows."""
        if req.type == "https" and not newurl.startswith("https:"):
            message = f"{req.full_url} sends on to {newurl!r}, which is not encrypted; it is not followed"
            raise FetchError(message)
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        token = req.unredirected_hdrs.get("Authorization")
        if following and token and _origin(newurl) == _origin(req.full_url):
            following.add_unredirected_header("Authorization", token)
        return following


def _opener() -> request.OpenerDirector:
    """HTTP and nothing else: the usual opener would also read local files, if a server sent us there."""
    opener = request.OpenerDirector()
    for handler in (request.ProxyHandler(), request.HTTPHandler(), request.HTTPSHandler(), SafeRedirects()):
        opener.add_handler(handler)
    for kind in (request.HTTPDefaultErrorHandler, request.HTTPErrorProcessor, request.UnknownHandler):
        opener.add_handler(kind())
    return opener


def _origin(address: str) -> tuple[str, str | None, int | None]:
    parts = parse.urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _is_local(address: str) -> bool:
    return address.startswith("http://") and _origin(address)[1] in ("127.0.0.1", "localhost", "::1")


def _wait_or_raise(address: str, problem: Exception, pause: float | None) -> None:
    """Wait before another attempt where one makes sense."""
    passing = not isinstance(problem, error.HTTPError) or problem.code in (408, 429) or problem.code >= 500
    if isinstance(problem, error.HTTPError):
        wait = problem.headers.get("Retry-After", "")
        pause = pause and max(pause, min(float(wait) if wait.isdecimal() else 0.0, 60.0))
        problem.close()
    if pause is None or not passing:
        reason = f"the server answers {problem.code}" if isinstance(problem, error.HTTPError) else problem
        message = f"{address}: {reason}; check the identifier and the connection, and try again"
        raise FetchError(message) from problem
    time.sleep(pause)


@dataclass
class Place:
    """Where the files of one archive are: its version's DOI, if it has one, and their addresses by name."""

    doi: str
    address: Callable[[str], Address | None]
    names: tuple[str, ...] = ()


def locate(identifier: str, archive: Archive) -> Place:
    """Find an archive by its DOI, the address of its record or of its manifest.json, or its folder."""
    if (folder := Path(identifier)).is_dir():
        return Place("", lambda name: folder / name, tuple(path.name for path in folder.iterdir()))
    if found := DOI.fullmatch(identifier):
        resolver = archive.resolver or (SANDBOX if found[1].startswith("10.5072/") else RESOLVER)
        return _landing(f"{resolver.rstrip('/')}/{parse.quote(found[1])}", found[1], archive)
    if not identifier.startswith(("http://", "https://")):
        message = f"{identifier!r} is no folder, no DOI such as 10.5281/zenodo.1234567, and no web address"
        raise FetchError(message)
    if parse.urlsplit(identifier).path.endswith("/manifest.json"):
        return Place("", lambda name: parse.urljoin(identifier, parse.quote(name)))
    return _landing(identifier, "", archive)


def _landing(address: str, doi: str, archive: Archive) -> Place:
    """Follow the Signposting links of a landing page (https://signposting.org), or ask the InvenioRDM files API."""
    try:
        with archive.open(address, accept="text/html") as response:
            page, links = response.url, _links(response.headers.get_all("Link") or [])
    except (OSError, http.client.HTTPException) as problem:
        _wait_or_raise(address, problem, None)
    cited = [found[1] for href in links.get("cite-as", ()) if (found := DOI.fullmatch(parse.unquote(href)))]
    doi = next(iter(cited), doi)
    items = [parse.urljoin(page, href) for href in links.get("item", ())]
    for href in links.get("linkset", ()):
        content = _json(parse.urljoin(page, href), archive, "application/linkset+json")
        items += [item["href"] for context in content.get("linkset", ()) for item in context.get("item", ())]
    files = {_file_name(href): href for href in items}
    if "manifest.json" not in files and (record := re.match(r"(https?://[^/]+)/(?:api/)?records/([\w.-]+)", page)):
        api = f"{record[1]}/api/records/{record[2]}/files"
        keys = [entry["key"] for entry in _json(api, archive, "application/json").get("entries", ())]
        files = {key: f"{api}/{parse.quote(key, safe='')}/content" for key in keys}
    return Place(doi, files.get, tuple(files))


def _links(headers: list[str]) -> dict[str, list[str]]:
    """Addresses by relation, of Link headers (RFC 8288)."""
    found: dict[str, list[str]] = {}
    for href, attributes in re.findall(r"<([^>]*)>((?:\s*;\s*[\w*-]+=(?:\"[^\"]*\"|[^\s;,]+))*)", ",".join(headers)):
        given = dict(re.findall(r";\s*([\w*-]+)=\"?([^\";,]*)", attributes))
        if given.get("rel") != "linkset" or given.get("type") == "application/linkset+json":
            for relation in given.get("rel", "").split():
                found.setdefault(relation, []).append(href)
    return found


def _file_name(address: str) -> str:
    return parse.unquote(parse.urlsplit(address).path.removesuffix("/content").rpartition("/")[2])


def _json(address: Address, archive: Archive, accept: str) -> dict[str, Any]:
    try:
        content = json.loads(archive.read(address, accept))
    except (ValueError, RecursionError) as problem:
        message = f"{address} is not valid JSON: {problem}"
        raise FetchError(message) from problem
    if not isinstance(content, dict):
        message = f"{address} is not a JSON object"
        raise FetchError(message)
    return content


def read_manifest(content: bytes) -> dict[str, Any]:
    """Parse and check a manifest; raises FetchError for anything in it that is not safe to fetch."""
    try:
        manifest = json.loads(content)
        files = {file["name"]: file for file in manifest["files"]}
        problems = [problem for name, file in files.items() for problem in _problems(name, file)]
        if manifest["schema"] != 1 or len(files) != len(manifest["files"]):
            problems.append("is of another schema than 1, or lists a file twice")
        if len({name.casefold() for name in files} | {"manifest.json"}) <= len(files):
            problems.append("lists names that are one file on some systems, or itself")
        if sum(file["bytes"] for file in files.values()) > LARGEST_ARCHIVE:
            problems.append(f"lists more than {LARGEST_ARCHIVE} bytes")
        problems += [
            f"does not list its {key} {manifest[key]!r}" for key in ("model", "sample") if manifest[key] not in files
        ]
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as problem:
        message = f"manifest.json is not a list of files as this program knows it ({problem!r})"
        raise FetchError(message) from problem
    if problems:
        message = f"manifest.json {'; '.join(problems)}; nothing was fetched"
        raise FetchError(message)
    return dict(manifest)


def _problems(name: str, file: Mapping[str, Any]) -> Iterator[str]:
    if not NAME.fullmatch(name) or len(name) > 200:
        yield f"lists {name!r}, which is no plain file name"
    elif name != "LICENSE" and name.rpartition(".")[2].lower() not in KINDS:
        yield f"lists {name!r}, a kind of file that is never fetched (pickles, archives and programs are none)"
    if type(file["bytes"]) is not int or file["bytes"] < 0 or not re.fullmatch("[0-9a-f]{64}", file["sha256"]):
        yield f"gives no size and SHA-256 for {name!r}"


def content_problem(path: Path, file: Mapping[str, Any]) -> str | None:
    """Why the file at `path` is not the listed one, or nothing that belongs into an archive; None if it is right."""
    if (size := path.stat().st_size) != file["bytes"]:
        return f"has {size} bytes, {file['bytes']} are listed"
    with path.open("rb") as stream:
        head = stream.read(9)
        stream.seek(0)
        if (digest := hashlib.file_digest(stream, "sha256").hexdigest()) != file["sha256"]:
            return f"has the SHA-256 {digest}, {file['sha256']} is listed"
    if file["name"].endswith(".safetensors"):
        return None if head[8:] == b"{" else "is no safetensors file"
    if head[:1] == b"\x80" and head[1:2] in (b"\2", b"\3", b"\4", b"\5"):
        return "is a pickle, which could run any program"
    return next((f"is {what}" for magic, what in MAGIC.items() if head.startswith(magic)), None)


def _download(
    address: Address, file: Mapping[str, Any], target: Path, archive: Archive, advance: Callable[[int], Any]
) -> None:
    """Bring a listed file to `target`, by way of `<target>.part`, which the next attempt goes on with."""
    part = target.with_name(target.name + ".part")
    for pause in (*PAUSES, None):
        start = part.stat().st_size if part.exists() else 0
        try:
            with part.open("ab") as stream:
                for block in _blocks(address, start, archive, stream.truncate) if start < file["bytes"] else ():
                    stream.write(block)
                    advance(len(block))
                    if stream.tell() > file["bytes"]:
                        break  # refused below, however much more there is
                stream.flush()
                os.fsync(stream.fileno())
        except FetchError:
            part.unlink()
            raise
        except (OSError, http.client.HTTPException) as problem:
            _wait_or_raise(str(address), problem, pause)
            continue
        if part.stat().st_size >= file["bytes"] or pause is None:
            break
    if problem_found := content_problem(part, file):
        part.unlink()
        message = f"{file['name']} from {address} {problem_found}; it was deleted. Do not use this copy of the archive"
        raise FetchError(message)
    part.replace(target)


def _blocks(address: Address, start: int, archive: Archive, truncate: Callable[[int], Any]) -> Iterator[bytes]:
    """The file from byte `start` on; where the server cannot do that, what is there is dropped first."""
    if isinstance(address, Path):
        truncate(0)
        with address.open("rb") as stream:
            yield from iter(lambda: stream.read(BLOCK), b"")
        return
    with archive.open(address, start=start) as response:
        given = re.fullmatch(r"bytes (\d+)-\d+/(?:\d+|\*)", response.headers.get("Content-Range", ""))
        if start and not (response.status == 206 and given and int(given[1]) == start):
            truncate(0)
        yield from iter(lambda: response.read1(BLOCK), b"")


def fetch(
    identifier: str,
    to: str | Path,
    *,
    archive: Archive | None = None,
    cache: str | Path | None = None,
    lock: str | Path | None = None,
    say: Callable[[str], Any] = lambda line: sys.stderr.write(f"{line}\n"),
    advance: Callable[[int], Any] = lambda _: None,
) -> "Model":
    """Fetch the archive that `identifier` (DOI, address or folder) names into the folder `to`; returns the model.

    The manifest comes first. Each file it lists goes through the `cache`, where its name is its SHA-256, and reaches
    `to` only when size and checksum are right. `lock` (by default `fair.lock.json` in `to`) keeps the version's DOI and
    all checksums; where it exists, another version is refused. `advance` is told of bytes as they come.
    Raises FetchError.
    """
    archive, to = archive or Archive(), Path(to)
    lock = Path(lock) if lock else to / "fair.lock.json"
    store = Path(cache) if cache else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fetch-model"
    place = locate(identifier, archive)
    source = place.address("manifest.json")
    if source is None or (isinstance(source, Path) and not source.is_file()):
        message = f"{identifier} has no manifest.json, so nothing of it can be verified; ask its authors for one"
        raise FetchError(message)
    content = archive.read(source)
    manifest = read_manifest(content)
    locked = _locked(manifest, content, place)
    _compare_with_lock(lock, locked)
    for path in (store, to):
        path.mkdir(parents=True, exist_ok=True)
    for file in manifest["files"]:
        _fetch_file(file, store / file["sha256"], to / file["name"], place, archive, advance)
        say(f"{file['name']}: {file['bytes']} bytes, verified")
    if unlisted := sorted(set(place.names) - {"manifest.json", lock.name, *locked["files"]}):
        say(f"not in the manifest, so not fetched: {', '.join(map(repr, unlisted))}")
    _put(content, to / "manifest.json")
    _put((json.dumps(locked, indent=2) + "\n").encode(), lock)
    return Model(to, manifest)


def _fetch_file(
    file: Mapping[str, Any], kept: Path, target: Path, place: Place, archive: Archive, advance: Callable[[int], Any]
) -> None:
    """Put a listed file at `target`, from the cache if it is there and right."""
    if not kept.is_file() or content_problem(kept, file):
        if (address := place.address(file["name"])) is None:
            message = f"the manifest lists {file['name']!r}, which the archive does not offer; it is damaged"
            raise FetchError(message)
        _download(address, file, kept, archive, advance)
    _put(kept, target)


def _put(content: Path | bytes, target: Path) -> None:
    """Give a verified file its name, all of it at once."""
    part = target.with_name(target.name + ".part")
    if isinstance(content, Path):
        shutil.copyfile(content, part)
    else:
        part.write_bytes(content)
    part.replace(target)


def _locked(manifest: Mapping[str, Any], content: bytes, place: Place) -> dict[str, Any]:
    """What a lock file says of an archive."""
    doi = str(manifest.get("doi", ""))
    if place.doi and doi and place.doi.lower() != doi.lower():
        message = f"the archive calls itself {doi}, but was found as {place.doi}; it may be a copy of another one"
        raise FetchError(message)
    files = {file["name"]: file["sha256"] for file in manifest["files"]}
    return {"schema": 1, "doi": doi or place.doi, "manifest": hashlib.sha256(content).hexdigest(), "files": files}


def _compare_with_lock(lock: Path, locked: Mapping[str, Any]) -> None:
    try:
        before = json.loads(lock.read_bytes()) if lock.exists() else locked
    except ValueError:
        before = None
    if before != locked:
        known = before.get("doi") if isinstance(before, dict) else "nothing that can be read"
        message = (
            f"{lock} has {known!r} with other checksums than {locked['doi']!r} has; to change the version, delete it"
        )
        raise FetchError(message)


@dataclass
class Model:
    """A fetched model: its folder and its manifest."""

    folder: Path
    manifest: dict[str, Any]
    _session: Any = field(default=None, repr=False)

    def predict(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Run the network on float32 arrays (row, slot, feature) by input name; returns arrays (row, class) by name."""
        names = [output["name"] for output in self.manifest["outputs"]]
        return dict(zip(names, self.session.run(names, dict(inputs)), strict=True))

    @property
    def session(self) -> Any:
        """ONNX Runtime's session, on the CPU, once inputs and outputs have been compared with the manifest."""
        if self._session is None:
            try:
                import onnxruntime
            except ImportError as problem:
                message = "running the model needs ONNX Runtime: `pip install onnxruntime`"
                raise FetchError(message) from problem
            path = str(self.folder / self.manifest["model"])
            session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            self._compare(session)
            self._session = session
        return self._session

    def _compare(self, session: Any) -> None:
        listed = {item["name"]: [item["slots"], len(item["features"])] for item in self.manifest["inputs"]}
        found = {item.name: list(item.shape[1:]) for item in session.get_inputs()}
        for name, shape in found.items():
            if len(shape) == 2 and not isinstance(shape[0], int):
                shape[0] = listed.get(name, [None])[0]  # a graph that takes any number of slots
        outputs = [item["name"] for item in self.manifest["outputs"]]
        properties = session.get_modelmeta().custom_metadata_map
        if listed != found or outputs != [item.name for item in session.get_outputs()]:
            message = f"the graph takes {found}, the manifest says {listed}; the archive contradicts itself"
            raise FetchError(message)
        if (doi := properties.get("doi", "")) != self.manifest["doi"]:
            message = (
                f"the graph has the DOI {doi!r}, the manifest {self.manifest['doi']!r}; the archive contradicts itself"
            )
            raise FetchError(message)

    def sample(self) -> dict[str, Any]:
        """The rows that came with the model, and what the authors' network made of them: arrays by name."""
        return read_safetensors(self.folder / self.manifest["sample"])

    def check(self) -> float:
        """Run the sample; returns the largest difference of a probability, or raises FetchError for one too large."""
        arrays = self.sample()
        found = self.predict({item["name"]: arrays[item["name"]] for item in self.manifest["inputs"]})
        difference = float(abs(found["probabilities"] - arrays["probabilities"]).max())
        if not difference <= self.manifest["tolerance"]:
            message = (
                f"on its own sample the model differs by {difference:.2g} from what its authors recorded, more than "
                f"{self.manifest['tolerance']:g}; do not use it before you know why"
            )
            raise FetchError(message)
        return difference


def read_safetensors(path: Path) -> dict[str, Any]:
    """The float32 arrays of a safetensors file (https://huggingface.co/docs/safetensors), by name."""
    import numpy as np

    content = path.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    header = {name: item for name, item in json.loads(content[8:start]).items() if name != "__metadata__"}
    if other := [name for name, item in header.items() if item["dtype"] != "F32"]:
        message = f"{path}: {', '.join(other)} is not of type float32"
        raise FetchError(message)
    places = {name: (start + item["data_offsets"][0], item["shape"]) for name, item in header.items()}
    return {
        name: np.frombuffer(content, np.dtype("<f4"), int(np.prod(shape)), offset).reshape(shape)
        for name, (offset, shape) in places.items()
    }
