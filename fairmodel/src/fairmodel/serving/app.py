"""The Open Inference Protocol, version 2, as an application for any ASGI server."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ..settings.serving import Limits
from .batching import Arrays, Batcher
from .model import Served
from .requests import HEADER_LENGTH, RequestError, read_inference, write_answer

__all__ = ["make_app"]

PARSERS = 2  # requests that are read at a time, since a text takes much less room than the numbers in it


def make_app(model: Served, limits: Limits) -> Starlette:
    """The application that serves one model."""
    service = Service(model, limits)
    where = "/v2/models/{name}"
    routes = [
        Route("/v2", service.server),
        Route("/v2/health/live", service.live),
        Route("/v2/health/ready", service.ready),
    ]
    for path in (where, where + "/versions/{version}"):
        routes += [
            Route(path, service.metadata),
            Route(path + "/ready", service.model_ready),
            Route(path + "/infer", service.infer, methods=["POST"]),
        ]
    handlers = {HTTPException: _http_error, RequestError: _request_error, ClientDisconnect: _gone, Exception: _fault}
    app = Starlette(routes=routes, lifespan=service.lifespan, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return app


@dataclass
class Service:
    """What answers: one method for each address."""

    model: Served
    limits: Limits

    def __post_init__(self) -> None:
        self.batcher = Batcher(self.model.run, self.limits)
        self.parsers = ThreadPoolExecutor(PARSERS, "requests")
        self.running = False

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Run the batcher as long as the server runs."""
        worker = asyncio.create_task(self.batcher.work())
        self.running = True
        try:
            yield
        finally:
            self.running = False
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker
            self.parsers.shutdown()

    async def live(self, _: Request) -> Response:
        """The process answers."""
        return _json({"live": True})

    async def ready(self, _: Request) -> Response:
        """The network can be asked."""
        return _json({"ready": self.running}, 200 if self.running else 503)

    async def server(self, _: Request) -> Response:
        """What the server is."""
        about = {"name": self.model.name, "version": self.model.version, "extensions": ["binary_tensor_data"]}
        return _json(about)

    async def model_ready(self, request: Request) -> Response:
        """The same as `ready`, of a model by its name."""
        self._check_name(request)
        return _json({"name": self.model.name, "ready": self.running}, 200 if self.running else 503)

    async def metadata(self, request: Request) -> Response:
        """Names, types and shapes of inputs and outputs; and what the graph says of itself."""
        self._check_name(request)
        return _json(self.model.metadata())

    async def infer(self, request: Request) -> Response:
        """Logits and probabilities of the rows in the body."""
        self._check_name(request)
        with self.batcher.admit():
            body = await _read_body(request, self.limits)
            loop = asyncio.get_running_loop()
            inference = await loop.run_in_executor(
                self.parsers,
                read_inference,
                body,
                request.headers.get(HEADER_LENGTH),
                self.model.schema,
                self.limits.rows,
            )
            outputs = await self.batcher.infer(inference.inputs)
            _check_finite(outputs)
            about = {"model_name": self.model.name, "model_version": self.model.version}
            content, headers = await loop.run_in_executor(self.parsers, write_answer, inference, outputs, about)
            return Response(content, headers=headers)

    def _check_name(self, request: Request) -> None:
        name, version = request.path_params["name"], request.path_params.get("version", self.model.version)
        if (name, version) != (self.model.name, self.model.version):
            message = (
                f"there is no model {name!r}, version {version!r}; "
                f"this server has {self.model.name!r}, version {self.model.version!r}"
            )
            raise RequestError(404, message)


async def _read_body(request: Request, limits: Limits) -> bytes:
    """The whole body, unless it is too large, too slow or compressed."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        message = f"the body is encoded as {request.headers['Content-Encoding']!r}; send it as it is"
        raise RequestError(415, message)
    parts, size = [], 0
    announced = request.headers.get("Content-Length", "")
    if announced.isascii() and announced.isdigit():
        _check_size(int(announced[:20]), limits)
    try:
        async with asyncio.timeout(limits.patience):
            async for part in request.stream():
                size += len(part)
                _check_size(size, limits)
                parts.append(part)
    except TimeoutError as error:
        message = f"the body did not arrive within {limits.patience:g} s"
        raise RequestError(408, message, {"Connection": "close"}) from error
    return b"".join(parts)


def _check_size(size: int, limits: Limits) -> None:
    if size > limits.body:
        message = f"the body is larger than {limits.body} bytes; send fewer rows, or their numbers as binary data"
        raise RequestError(413, message, {"Connection": "close"})


def _check_finite(outputs: Arrays) -> None:
    bad = [~np.isfinite(array).all(axis=tuple(range(1, array.ndim))) for array in outputs.values()]
    rows = np.flatnonzero(np.logical_or.reduce(bad))
    if len(rows):
        message = f"the network has no finite answer for row {rows[0]}: its features are far out of their range"
        raise RequestError(400, message)


def _json(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    # ASCII only, since a request may hold characters that no encoding has
    text = json.dumps(content).encode()
    return Response(text, status, headers, media_type="application/json")


async def _request_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)
    return _json({"error": str(error)}, error.status, error.headers)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = f"{request.method} {request.url.path}: {error.detail}"
    return _json({"error": message}, error.status_code, error.headers)


async def _gone(_: Request, error: Exception) -> Response:
    return _json({"error": f"the client closed the connection {error}".strip()}, 400)


async def _fault(_: Request, error: Exception) -> Response:
    return _json({"error": f"the server failed ({type(error).__name__}); its log says more"}, 500)
