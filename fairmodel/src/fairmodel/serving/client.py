"""A client of any server that speaks the Open Inference Protocol, version 2, with binary data."""

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import numpy as np

from ..errors import UserError

__all__ = ["Client", "ServerError", "check_ready"]

FLOAT = np.dtype("<f4")
HEADER_LENGTH = "Inference-Header-Content-Length"


class ServerError(UserError):
    """The server refused a request; `status` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Client:
    """One connection to the server of one model, kept open; use it from one thread.

    `address` is that of the model, such as `http://127.0.0.1:8000/v2/models/NAME`.
    """

    def __init__(self, address: str, *, timeout: float = 30.0) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            message = f"{address!r} is no address of a model, such as http://127.0.0.1:8000/v2/models/NAME"
            raise UserError(message)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self.address = address.rstrip("/")
        self._path = parts.path.rstrip("/")
        self._connection = kind(parts.hostname, parts.port, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._connection.close()

    def metadata(self) -> dict[str, Any]:
        """Names, types and shapes of inputs and outputs."""
        found: dict[str, Any] = json.loads(self._ask("GET", "")[0])
        return found

    def infer(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The outputs by name, float32 (row, class), for inputs by name, (row, slot, feature).

        Raises ServerError with the server's own message where it refuses them, UserError where there is no server.
        """
        arrays = {name: np.ascontiguousarray(array, FLOAT) for name, array in inputs.items()}
        entries = [
            {
                "name": name,
                "datatype": "FP32",
                "shape": array.shape,
                "parameters": {"binary_data_size": array.nbytes},
            }
            for name, array in arrays.items()
        ]
        head = json.dumps({"inputs": entries, "parameters": {"binary_data_output": True}}).encode()
        body = b"".join([head, *(array.tobytes() for array in arrays.values())])
        content, length = self._ask("POST", "/infer", body, {HEADER_LENGTH: str(len(head))})
        outputs, start = {}, length
        for item in json.loads(content[:length])["outputs"]:
            end = start + item["parameters"]["binary_data_size"]
            outputs[item["name"]] = np.frombuffer(content[start:end], FLOAT).reshape(item["shape"])
            start = end
        return outputs

    def _ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[bytes, int]:
        """The body of the answer, and how much of it is JSON."""
        try:
            self._connection.request(method, self._path + path, body, dict(headers or {}))
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, HTTPException) as error:
            self._connection.close()
            message = f"no answer from {self.address}: {str(error) or type(error).__name__}; is `serve` running there?"
            raise UserError(message) from error
        if response.status != 200:
            message = f"{self.address} answers {response.status}: {_error(content)}"
            raise ServerError(response.status, message)
        return content, int(response.headers.get(HEADER_LENGTH, len(content)))


def check_ready(port: int) -> None:
    """Return if the server on that port of this machine is ready. Raises UserError if not, or if there is none."""
    with Client(f"http://127.0.0.1:{port}/v2/health/ready", timeout=5) as client:
        client.metadata()


def _error(content: bytes) -> str:
    """The protocol's message, or what there is instead."""
    try:
        return str(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError):
        return content[:200].decode(errors="replace") or "nothing"
