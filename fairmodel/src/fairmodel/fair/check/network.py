"""Requests of the online checks, each of which is evidence."""

from dataclasses import dataclass
from urllib import request
from urllib.error import HTTPError

from ...web import BROKEN, open_address, user_agent

__all__ = ["DATACITE", "RESOLVER", "Exchange", "Network"]

AGENT = user_agent("FAIR check")
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
            with open_address(asked, timeout=SILENCE) as response:
                return Exchange("GET", url, response.status, response.url, response.read(LARGEST))
        except HTTPError as error:
            with error:
                return Exchange("GET", url, error.code, error.url or url, b"")
        except (*BROKEN, ValueError) as error:
            return Exchange("GET", url, 0, url, str(error).encode())
