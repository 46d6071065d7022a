"""Refuse wrong answers before anything is generated: all of them at once, offline, with the standard library only.

Cookiecutter has made the project's folder by now and removes it when this script fails, but not folders above it.
So cookiecutter.json keeps the answer as it was given in `__repo_name`, and a slash never reaches the file system.
"""

from __future__ import annotations

import json
import keyword
import re
import sys
import unicodedata

ANSWERS = json.loads(r'''{{ cookiecutter | tojson }}''')  # fmt: skip

OLDEST_PYTHON = (3, 11)
RESERVED = {"data", "docs", "src", "test", "tests", "tools", "vendor"}
DEPENDENCIES = {
    "cernopendata_client", "coverage", "dask", "distributed", "fairmodel", "furo", "h5py", "hatchling", "httpx2",
    "hypothesis", "jinja2", "jsonschema", "latex2mathml", "matplotlib", "mypy", "myst_nb", "myst_parser", "numpy",
    "onnx", "onnxruntime", "onnxscript", "openvino", "packaging", "pip", "pre_commit", "psutil", "pydantic",
    "pytest", "pytest_cov", "pytest_xdist", "pyyaml", "ruff", "safetensors", "scikit_learn", "scipy", "sklearn",
    "sphinx", "starlette", "tensorrt", "torch", "tqdm", "trustme", "uv", "uvicorn", "xdist", "yaml", "zenodo_get",
}  # fmt: skip


def text(value: str) -> str | None:
    """Why an answer cannot be written into every TOML, YAML and JSON file, and read again."""
    for character in value:
        if unicodedata.category(character) in {"Cc", "Cs"}:
            return f"contains the control character U+{ord(character):04X}"
        if ord(character) > 0xFFFF:
            return f"contains {character}, a character above U+FFFF"
    if any("{" + mark in value for mark in "#%{"):
        return "contains what a later update of the project would take for template code"
    return None


def required(value: str) -> str | None:
    """Why an answer that may hold any text is wrong."""
    return None if value.strip() else "is empty"


def distribution(value: str) -> str | None:
    """Why `value` is not the name of a folder and of a distribution (PEP 508)."""
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", value):
        return "has something else than letters, digits and single . _ - between them"
    if re.sub(r"[-_.]+", "_", value).lower() in DEPENDENCIES:
        return "is the name of a package that the project depends on"
    return None


def package(value: str) -> str | None:
    """Why `value` is not the name of a package (PEP 8)."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", value):
        return "is not lower-case letters, digits and underscores after a first letter (PEP 8)"
    if keyword.iskeyword(value):
        return "is a keyword of Python"
    if value in sys.stdlib_module_names:
        return "hides a module of the standard library"
    if value in DEPENDENCIES:
        return "hides a package that the project depends on"
    return "is too general for a package of its own" if value in RESERVED else None


def orcid(value: str) -> str | None:
    """Why `value` is not an ORCID: four groups of four, the last character a check digit (ISO 7064 MOD 11-2)."""
    if not re.fullmatch(r"([0-9]{4}-){3}[0-9]{3}[0-9X]", value):
        return "is not four groups of four digits"
    total = 0
    for digit in value.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    check = "0123456789X"[(12 - total % 11) % 11]
    return None if value[-1] == check else f"has the check digit {value[-1]} where the others make it {check}"


def email(value: str) -> str | None:
    """Why `value` is not an e-mail address."""
    pattern = r"[\w.!#$&'*+/=?^`|~-]+@[A-Za-z0-9-]+([.][A-Za-z0-9-]+)+"
    return None if re.fullmatch(pattern, value, re.ASCII) else "is not an e-mail address"


def doi(value: str) -> str | None:
    """Why `value` is not a bare DOI."""
    if re.match(r"(https?://|doi:)", value, re.IGNORECASE):
        return "has something before the DOI"
    pattern = r"10\.[0-9]{4,9}(\.[0-9]+)?/[A-Za-z0-9:/_;().\[\]\\-]+"
    return None if re.fullmatch(pattern, value) else "is not a DOI that a citation file can hold"


def year(value: str) -> str | None:
    """Why `value` is not the year of a copyright notice."""
    return None if re.fullmatch(r"(19|20)[0-9]{2}", value) else "is not a year of four digits"


# answer -> what is wrong with it, whether it may be empty, and one that is right
CHECKS = {
    "project_name": (required, False, "Jet Tagger"),
    "repo_name": (distribution, False, "jet-tagger"),
    "package_name": (package, False, "jet_tagger"),
    "author_name": (required, False, "Ada Lovelace"),
    "orcid": (orcid, True, "0000-0002-1825-0097"),
    "email": (email, True, "ada@example.org"),
    "affiliation": (required, True, "University of Somewhere"),
    "description": (required, False, "Tells two kinds of jets apart."),
    "data_doi": (doi, True, "10.5281/zenodo.1234567"),
    "code_doi": (doi, True, "10.5281/zenodo.1234567"),
    "year": (year, False, "2030"),
}


def problems(answers: dict[str, str]) -> list[str]:
    """One message for each wrong answer: its value, the reason, and an example."""
    found = []
    for name, (check, may_be_empty, example) in CHECKS.items():
        value = answers.get(f"__{name}", answers[name])
        reason = None if may_be_empty and not value else text(value) or check(value)
        if reason:
            found.append(f"{name} = {value!r} {reason}; for example: {example}")
    return found


if __name__ == "__main__":
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(f"cookiecutter runs under Python {sys.version.split()[0]}; this template needs 3.11 or newer")
    if wrong := problems(ANSWERS):
        sys.exit("\n".join(wrong))
