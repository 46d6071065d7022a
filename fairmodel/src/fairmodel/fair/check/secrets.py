"""Find credentials in texts."""

import re
from collections.abc import Iterator

__all__ = ["secrets"]

KINDS = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "a token": re.compile(
        r"\b(?:AKIA[0-9A-Z]{16}|gh[opsur]_\w{36}|github_pat_\w{22,}|glpat-[\w-]{20}|hf_[A-Za-z]{30,}|xox[abp]-[\w-]{10,})\b"
    ),
    "a signed token": re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}"),
    "a password in an address": re.compile(r"://[^/\s:@\"']+:[^/\s@\"']+@"),
    "a password": re.compile(
        r"(?i)\b\w*(?:passwor[dt]|secret|token|api_?key)\w*[\"']?\s*[:=]\s*[\"'](?!\[hidden\])[A-Za-z0-9+/_-]{12,}[\"']"
    ),
}


def secrets(text: str) -> Iterator[tuple[int, str]]:
    """Line number and kind of what looks like a credential; never the credential itself."""
    for number, line in enumerate(text.splitlines(), 1):
        for kind, pattern in KINDS.items():
            if pattern.search(line):
                yield number, kind
