"""`fair.toml`, the one source of metadata: read, checked and frozen."""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from ..errors import UserError
from ..files import read_toml
from .identifiers import (
    access_problem,
    date_problem,
    doi_problem,
    email_problem,
    orcid_problem,
    spdx_problem,
    url_problem,
)

__all__ = [
    "SOURCE",
    "Identity",
    "Metadata",
    "ModelDescription",
    "Person",
    "Reference",
    "TrainingData",
    "read_metadata",
    "stamped",
]

SOURCE = "fair.toml"

T = TypeVar("T")


def _required() -> Any:
    return field(default="", metadata={"required": True})


def _checked(problem: Callable[[str], str | None]) -> Any:
    return field(default="", metadata={"problem": problem})


@dataclass(frozen=True)
class Identity:
    """`[identity]`: what the project is called and where it is found."""

    title: str = _required()
    version: str = _required()
    description: str = _required()
    keywords: tuple[str, ...] = ()
    doi: str = _checked(doi_problem)
    concept_doi: str = _checked(doi_problem)
    repository: str = _checked(url_problem)
    date_released: str = _checked(date_problem)
    license: str = _checked(spdx_problem)
    access: str = _checked(access_problem)


@dataclass(frozen=True)
class Person:
    """`[[people]]`: an author. With a family name a person, otherwise whoever `name` says, such as a collaboration."""

    name: str = ""
    given_names: str = ""
    family_names: str = ""
    orcid: str = _checked(orcid_problem)
    affiliation: str = ""
    email: str = _checked(email_problem)

    @property
    def full_name(self) -> str:
        """Given and family names, or the name of whoever has no family name."""
        return f"{self.given_names} {self.family_names}".strip() if self.family_names else self.name

    @property
    def kind(self) -> str:
        """The type in schema.org: a person if an ORCID or a family name says so."""
        return "Person" if self.orcid or self.family_names else "Organization"


@dataclass(frozen=True)
class ModelDescription:
    """`[model]`: what the model is, what it is for, what it is not for, and what it takes to run it."""

    task: str = ""
    architecture: str = ""
    intended_use: str = ""
    out_of_scope: str = ""
    limitations: str = ""
    ethics: str = ""
    hardware: str = ""


@dataclass(frozen=True)
class TrainingData:
    """`[training-data]`: what the model learned from; the licence is that of the data."""

    title: str = ""
    description: str = ""
    doi: str = _checked(doi_problem)
    url: str = _checked(url_problem)
    license: str = _checked(spdx_problem)


@dataclass(frozen=True)
class Reference:
    """`[[references]]`: a work that this one builds on; `type` as in the Citation File Format."""

    type: str = _required()
    title: str = _required()
    authors: tuple[Person, ...] = ()
    doi: str = _checked(doi_problem)
    url: str = _checked(url_problem)
    journal: str = ""
    year: int | None = None


@dataclass(frozen=True)
class Metadata:
    """All of `fair.toml`."""

    identity: Identity = field(default_factory=Identity)
    people: tuple[Person, ...] = ()
    model: ModelDescription = field(default_factory=ModelDescription)
    training_data: TrainingData = field(default_factory=TrainingData)
    references: tuple[Reference, ...] = ()


def read_metadata(root: Path) -> Metadata:
    """Read the `fair.toml` in a project's folder. Raises UserError with every problem: key, value, reason."""
    path = root / SOURCE
    try:
        content = read_toml(path)
    except FileNotFoundError as error:
        message = f"{path} does not exist; it is the source of all metadata, restore it"
        raise UserError(message) from error

    problems: list[str] = []
    metadata = _fill(Metadata, content, "", problems)
    if not metadata.people:
        problems.append("people: at least one author is needed")
    if problems:
        message = f"{path} is not valid: " + "; ".join(problems)
        raise UserError(message)
    return metadata


def _fill(kind: type[T], table: Any, where: str, problems: list[str]) -> T:
    """Make a `kind` of a TOML table; `where` is the table's key path, "" at the top."""
    if not isinstance(table, dict):
        problems.append(f"{where} = {table!r} is not a table")
        return kind()
    keys = {item.name.replace("_", "-"): item for item in fields(kind)}  # type: ignore[arg-type]
    prefix = f"{where}." if where else ""
    problems += [f"{prefix}{key} is not known; known here: {', '.join(keys)}" for key in table if key not in keys]
    values = {}
    for key, item in keys.items():
        before = len(problems)
        if key in table:
            values[item.name] = _value(item.type, table[key], prefix + key, problems)
        reason = _reason(item.metadata, values.get(item.name, ""))
        if reason and len(problems) == before:
            problems.append(f"{prefix}{key} = {table.get(key, '')!r} {reason}")
    made = kind(**values)
    if isinstance(made, Person) and not (made.name or made.family_names):
        problems.append(f"{where} has neither name nor family-names")
    return made


def _value(kind: Any, value: Any, where: str, problems: list[str]) -> Any:
    """One value of a table as the type that its field declares."""
    if kind is str or kind == int | None:
        expected = str if kind is str else int
        if type(value) is expected:
            return value
        problems.append(f"{where} = {value!r} is not {'text in quotes' if kind is str else 'a whole number'}")
        return kind() if kind is str else None
    if kind == tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        problems.append(f"{where} = {value!r} is not a list of texts")
        return ()
    members = getattr(kind, "__args__", None)
    if not members:
        return _fill(kind, value, where, problems)
    if isinstance(value, list):
        return tuple(_fill(members[0], item, f"{where}[{index}]", problems) for index, item in enumerate(value))
    problems.append(f"{where} = {value!r} is not a list of tables")
    return ()


def _reason(rules: Any, value: Any) -> str | None:
    """Why a value breaks the rules of its field."""
    if rules.get("required") and not str(value).strip():
        return "is empty"
    return rules["problem"](value) if "problem" in rules and value else None


def stamped(text: str, values: Mapping[str, str]) -> str:
    """The text with `values` in its table [identity], comments kept. Raises UserError where that cannot be done."""
    table = re.search(r"^\[identity\][^\n]*\n(?:(?!\[)[^\n]*\n)*", text, flags=re.MULTILINE)
    section = table[0] if table else ""
    for key, value in values.items():
        line = re.compile(rf"^{key}[ \t]*=[ \t]*(?:\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*')", flags=re.MULTILINE)
        new = f"{key} = {json.dumps(value, ensure_ascii=False)}"
        section, count = line.subn(lambda _, new=new: new, section)  # type: ignore[misc]
        section = section if count else f"{section.rstrip()}\n{new}\n\n"
    result = text[: table.start()] + section + text[table.end() :] if table else text
    try:
        identity = tomllib.loads(result).get("identity", {})
    except tomllib.TOMLDecodeError:  # a key that is written in another way is there twice now
        identity = {}
    if any(identity.get(key) != value for key, value in values.items()):
        message = f"{SOURCE}: cannot set {', '.join(values)} in [identity]; write each on a line of its own, in quotes"
        raise UserError(message)
    return result
