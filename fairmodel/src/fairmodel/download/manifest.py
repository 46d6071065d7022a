"""`data/files.toml`: the files of a data set, each with what proves that it is the right one."""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from ..config import Section
from ..errors import UserError
from ..files import read_toml, write_text
from ..metadata.identifiers import doi_problem, url_problem
from ..paths import Paths
from .checksums import ALGORITHMS, checksums, name_key, name_problem

if TYPE_CHECKING:
    from ..interface import Run

__all__ = ["Manifest", "ManifestFile", "write_manifest"]


def _checked(problem: Any) -> AfterValidator:
    """A validator that refuses a value for the reason that `problem(value)` gives."""

    def validate(value: str) -> str:
        if reason := problem(value):
            raise ValueError(reason)
        return value

    return AfterValidator(validate)


def _digits(number: int) -> AfterValidator:
    pattern = re.compile(f"[0-9a-f]{{{number}}}")
    return _checked(lambda value: None if pattern.fullmatch(value) else f"is not {number} digits 0-9 and a-f")


class ManifestFile(Section):
    """One file: its name below the folder it is put into, and what is known of it.

    `index` names another entry, a list of files as CERN Open Data publishes them: it has this one's size and checksum.
    """

    name: Annotated[str, _checked(name_problem)]
    size: Annotated[int, Field(ge=0, strict=True)] = Field(default=0, alias="bytes")
    sha256: Annotated[str, _digits(64)] | None = None
    adler32: Annotated[str, _digits(8)] | None = None
    index: str | None = None
    doi: Annotated[str, _checked(doi_problem)] | None = None
    url: Annotated[str, _checked(url_problem)] | None = None

    @model_validator(mode="after")
    def _verifiable(self) -> Self:
        pins = self.model_fields_set & {"size", *ALGORITHMS}
        if self.index and pins:
            message = "has an index, which gives size and checksum; leave them out, or the index"
            raise ValueError(message)
        if not self.index and ("size" not in pins or len(pins) == 1):
            message = "needs bytes, and sha256 or adler32, to be verified"
            raise ValueError(message)
        return self

    def problem(self, path: Path) -> str | None:
        """Why the file at `path` is not this one, its size looked at first; None if it is."""
        size = path.stat().st_size
        if size != self.size:
            return f"has {size} bytes, {self.size} are expected"
        expected = {name: value for name in ALGORITHMS if (value := getattr(self, name))}
        for name, found in checksums(path, expected.keys()).items():
            if found != expected[name]:
                return f"has the {name} {found}, {expected[name]} is expected"
        return None

    def there(self, path: Path) -> bool:
        """Whether `path` is this file; says so where another one is in its place."""
        if not path.is_file():
            return False
        if problem := self.problem(path):
            sys.stderr.write(f"note: {path} {problem}; it is fetched again\n")
        return problem is None


@dataclass(frozen=True)
class Manifest:
    """All entries of `data/files.toml`, in its order."""

    path: Path
    files: tuple[ManifestFile, ...] = ()

    @classmethod
    def load(cls, path: Path) -> "Manifest":
        """Read and validate; raises UserError naming the file, the entry, the value and what was expected."""
        try:
            content = read_toml(path)
        except FileNotFoundError as error:
            message = f"{path} does not exist; write it with `make data-manifest`"
            raise UserError(message) from error

        problems = [f"{key}: unknown key; files are tables [[file]]" for key in content if key != "file"]
        tables = content.get("file", [])
        if not (isinstance(tables, list) and all(isinstance(table, dict) for table in tables)):
            problems, tables = [*problems, "file: is not a list of tables [[file]]"], []
        files = [_validate(number, table, problems) for number, table in enumerate(tables, 1)]
        problems += _conflicts([file for file in files if file])
        if problems:
            message = f"{path} is not a valid list of files: " + "; ".join(problems)
            raise UserError(message)
        return cls(path, tuple(file for file in files if file))

    def save(self) -> None:
        """Write atomically, keeping the comment at the head of the file that was there."""
        tables = ["[[file]]\n" + "".join(_lines(file)) for file in self.files] or ["file = []\n"]
        write_text(self.path, _head(self.path) + "\n".join(tables))

    def of_doi(self, doi: str) -> dict[str, ManifestFile]:
        """The entries of one record by name; raises UserError if there is none."""
        files = {file.name: file for file in self.files if file.doi == doi}
        if not files:
            message = f"{self.path} lists no file of {doi}; add its files, or correct the DOI"
            raise UserError(message)
        return files

    def updated(self, files: Iterable[ManifestFile], doi: str | None) -> "Manifest":
        """With `files` in place of what was listed under the same names, or else at the end.

        Without a DOI, a file whose content is the same as before keeps its DOI and its address.
        """
        old = {name_key(file.name): file for file in self.files}
        new = {name_key(file.name): _with_origin(file, doi, old.get(name_key(file.name))) for file in files}
        return Manifest(self.path, tuple((old | new).values()))


def _validate(number: int, table: dict[str, Any], problems: list[str]) -> ManifestFile | None:
    try:
        return ManifestFile.model_validate(table)
    except ValidationError as error:
        for item in error.errors():
            key = ".".join(map(str, item["loc"]))
            value = [key if item["type"] == "missing" else f"{key} = {item['input']!r}"] if key else []
            reason = item["msg"].removeprefix("Value error, ")
            if item["type"] == "extra_forbidden":
                known = (field.alias or name for name, field in ManifestFile.model_fields.items())
                reason = f"unknown key; known here: {', '.join(known)}"
            problems.append(": ".join([f"file {number} ({table.get('name')!r})", *value, reason]))
        return None


def _conflicts(files: list[ManifestFile]) -> list[str]:
    """What is wrong between entries that are right each for itself."""
    problems, first = [], dict[str, ManifestFile]()
    for file in files:
        if (other := first.setdefault(name_key(file.name), file)) is not file:
            problems.append(f"{file.name!r} and {other.name!r} are the same file; list it once")
    by_name = {file.name: file for file in files}
    for file in files:
        if file.index and (file.index not in by_name or by_name[file.index].index):
            problems.append(f"{file.name!r}: its index {file.index!r} is no entry with bytes and a checksum; add one")
    return problems


def _head(path: Path) -> str:
    """The comment before the first entry, with the blank line that ends it."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    number = next((n for n, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
    head = "\n".join(lines[:number]).rstrip()
    return head + "\n\n" if head else ""


def _lines(file: ManifestFile) -> Iterable[str]:
    """The keys of an entry that have a value; a JSON string without control characters is a TOML string, too."""
    content = file.model_dump(by_alias=True, exclude_none=True, exclude={"size"} if file.index else None)
    return (f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in content.items())


def _with_origin(file: ManifestFile, doi: str | None, old: ManifestFile | None) -> ManifestFile:
    if doi is not None or old is None or (old.size, old.sha256) != (file.size, file.sha256):
        return file.model_copy(update={"doi": doi})
    return file.model_copy(update={"doi": old.doi, "url": old.url})


def write_manifest(run: "Run", *, files: Sequence[Path], doi: str | None) -> None:
    """List files in `data/files.toml` with size and SHA-256, in place of what was listed under their names."""
    from ..dataset import Dataset
    from ..splits import SPLITS

    if doi is not None and (reason := doi_problem(doi)):
        message = f"--doi {doi!r} {reason}"
        raise UserError(message)
    for name in SPLITS if not files else ():
        Dataset(run.paths.split(name), run.project.schema).close()
    paths = run.paths
    listed = [_listed(path, paths) for path in files or map(paths.split, SPLITS)]
    old = Manifest.load(paths.manifest) if paths.manifest.exists() else Manifest(paths.manifest)
    old.updated(listed, doi).save()
    sys.stdout.write(f"{paths.manifest}: {', '.join(file.name for file in listed)}\n")


def _listed(path: Path, paths: Paths) -> ManifestFile:
    """The entry for a file; its name is relative to the folder of this profile that it is in."""
    if not path.is_file():
        message = f"{path} is not a file; name files that exist"
        raise UserError(message)
    path = path.resolve()
    folder = next((folder for folder in (paths.raw, paths.processed) if path.is_relative_to(folder)), path.parent)
    name = path.relative_to(folder).as_posix()
    if reason := name_problem(name):
        message = f"{path}: the name {name!r} {reason}; rename the file"
        raise UserError(message)
    return ManifestFile(name=name, bytes=path.stat().st_size, sha256=checksums(path, ["sha256"])["sha256"])
