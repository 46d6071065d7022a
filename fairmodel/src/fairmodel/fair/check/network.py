"""Requests of the online checks, each of which is evidence."""

import http.client
from dataclasses import dataclass
from urllib import request
from urllib.error import HTTPError, URLError

from ...download.http import SafeRedirects
from ...metadata.engine import ENGINE

__all__ = ["DATACITE", "RESOLVER", "Exchange", "Network"]

AGENT = f"{ENGINE} (FAIR check)"
RESOLVER = "https://doi.org"
DATACITE = "https://api.datacite.org"
SILENCE = 30.0  # seconds
LARGEST = 4_000_000  # bytes


@dataclass(frozen=True)
class Exchange:
    """A request with its answer; status 0 means that none came."""

    method: str
    url: str
    status: int
    final: str
    body: bytes

    def __str__(self) -> str:
        moved = f", from {self.final}" if self.final != self.url else ""
        return f"{self.method} {self.url} -> {self.status or 'no answer'}{moved}"


@dataclass(frozen=True)
class Network:
    """Where DOIs are resolved and indexed."""

    resolver: str = RESOLVER
    datacite: str = DATACITE

    def get(self, url: str, accept: str = "*/*") -> Exchange:
        """Ask for a small document; failures are answers, too."""
        asked = request.Request(url, headers={"User-Agent": AGENT, "Accept": accept})
        try:
            with request.build_opener(SafeRedirects()).open(asked, timeout=SILENCE) as response:
                return Exchange("GET", url, response.status, response.url, response.read(LARGEST))
        except HTTPError as error:
            with error:
                return Exchange("GET", url, error.code, error.url or url, b"")
        except (URLError, OSError, http.client.HTTPException, ValueError) as error:
            return Exchange("GET", url, 0, url, str(error).encode())
