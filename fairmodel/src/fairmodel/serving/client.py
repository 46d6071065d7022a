"""A client of any server that speaks the Open Inference Protocol, version 2, and its use by remote workers."""

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import numpy as np

from ..errors import UserError

__all__ = ["Client", "ServerError", "check_ready", "predict"]

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


def predict(model: str, sha256: str, inputs: dict[str, list[list[list[float]]]]) -> dict[str, list[list[float]]]:
    """Logits and probabilities, each (row, class), of rows by input, (row, slot, feature). Its source stands alone.

    model: address or path of an exported graph; sha256: its checksum, under which the worker keeps a copy.
    Raises ValueError for a graph with another checksum, and for numbers that are not finite.
    """
    import hashlib
    import os
    import urllib.request
    from pathlib import Path

    import numpy as np
    import onnxruntime

    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "fair-models", f"{sha256}.onnx")
    if cache.is_file():
        content = cache.read_bytes()
    elif model.startswith(("https://", "http://")):
        with urllib.request.urlopen(model, timeout=60) as response:
            content = response.read()
    else:
        content = Path(model).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        message = f"{cache if cache.is_file() else model} has the SHA-256 {found}, expected {sha256}; it is not used"
        raise ValueError(message)
    if not cache.is_file():
        cache.parent.mkdir(parents=True, exist_ok=True)
        part = cache.with_name(f"{cache.name}.{os.getpid()}.part")
        part.write_bytes(content)
        part.replace(cache)
    arrays = {name: np.asarray(rows, dtype=np.float32) for name, rows in inputs.items()}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            message = f"input {name!r} holds a number that is NaN, infinite, or too large for 32 bits"
            raise ValueError(message)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    logits, probabilities = session.run(["logits", "probabilities"], arrays)
    return {"logits": logits.tolist(), "probabilities": probabilities.tolist()}
