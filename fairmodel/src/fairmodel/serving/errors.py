"""What a client is told when its request cannot be answered."""

from collections.abc import Mapping

__all__ = ["RequestError"]


class RequestError(Exception):
    """A request that the server refuses: `status` is the HTTP status, the message goes into the error body."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, dict(headers or {})
