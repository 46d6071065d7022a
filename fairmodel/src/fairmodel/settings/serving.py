"""How much a server takes on."""

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """Bounds that keep memory and waiting times finite whatever clients send.

    `batch` rows at most are gathered into one call of the network, for at most `delay` seconds; one request may have
    `rows` rows and `body` bytes, and take `patience` seconds to arrive; `requests` may be in the server at a time.
    """

    batch: int = 256
    delay: float = 0.002
    rows: int = 4096
    body: int = 32 * 2**20
    requests: int = 64
    patience: float = 30.0
