"""Identifiers and dates as `fair.toml` has them, and their addresses.

Each `_problem` says why a value is none, or returns None if it is; each `_url` is empty for an identifier that is.
"""

import re
from datetime import date

__all__ = [
    "access_problem",
    "date_problem",
    "doi_problem",
    "doi_url",
    "email_problem",
    "license_url",
    "orcid_problem",
    "orcid_url",
    "spdx_problem",
    "url_problem",
]


def orcid_problem(value: str) -> str | None:
    """An ORCID without its address; the last character is a check digit (ISO 7064 MOD 11-2)."""
    if not re.fullmatch(r"([0-9]{4}-){3}[0-9]{3}[0-9X]", value):
        return "is not four groups of four digits, such as 0000-0002-1825-0097"
    total = 0
    for digit in value.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    check = "0123456789X"[(12 - total % 11) % 11]
    return None if value[-1] == check else f"has the check digit {value[-1]} where the others make it {check}"


def doi_problem(value: str) -> str | None:
    """A DOI without its address, of the characters that the Citation File Format allows."""
    matches = re.fullmatch(r"10\.[0-9]{4,9}(\.[0-9]+)?/[A-Za-z0-9:/_;().\[\]\\-]+", value)
    return None if matches else "is not a DOI, such as 10.5281/zenodo.1234567"


def email_problem(value: str) -> str | None:
    """An e-mail address."""
    pattern = r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"
    return None if re.fullmatch(pattern, value, re.ASCII) else "is not an e-mail address, such as ada@example.org"


def url_problem(value: str) -> str | None:
    """A web address."""
    return None if re.fullmatch(r"https?://[!-~]+", value) else "is not an address that starts with https://"


def date_problem(value: str) -> str | None:
    """A date that exists, in ISO 8601."""
    try:
        exists = date.fromisoformat(value).isoformat() == value
    except ValueError:
        exists = False
    return None if exists else "is not a date, such as 2030-01-31"


def spdx_problem(value: str) -> str | None:
    """One SPDX licence identifier; whether the list of licences has it is not looked up."""
    return None if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+-]*", value) else "is not an SPDX identifier, such as MIT"


def access_problem(value: str) -> str | None:
    """Who may download the model."""
    return None if value in ("open", "restricted") else 'is neither "open" nor "restricted"'


def doi_url(doi: str) -> str:
    """The address of a DOI."""
    return f"https://doi.org/{doi}" if doi else ""


def orcid_url(orcid: str) -> str:
    """The address of an ORCID."""
    return f"https://orcid.org/{orcid}" if orcid else ""


def license_url(identifier: str) -> str:
    """The address of a licence in the SPDX list."""
    return f"https://spdx.org/licenses/{identifier}" if identifier else ""
