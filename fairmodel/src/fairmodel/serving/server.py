"""The application behind a socket, until it is told to stop."""

import signal
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import uvicorn

from ..errors import UserError
from ..settings.serving import Limits
from .app import make_app
from .model import Served

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["GRACE", "ModelServer", "listen", "serve"]

GRACE = 30  # seconds that requests have to finish once the server is told to stop


class ModelServer(uvicorn.Server):
    """A server that says on standard output that it has started."""

    def __init__(self, config: uvicorn.Config, message: str) -> None:
        super().__init__(config)
        self._message = message

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections."""
        await super().startup(sockets)
        sys.stdout.write(f"{self._message}\n")
        sys.stdout.flush()

    def stop(self, _: int, __: "FrameType | None") -> None:
        """Stop before the start is over; and let uvicorn, which raises its signal again at its end, end in peace."""
        self.should_exit = True


def serve(model: Served, limits: Limits, host: str, port: int) -> None:
    """Answer requests until SIGTERM or Ctrl-C; those that are in by then get their answer.

    Prints the address once connections are accepted; port 0 takes a free one. Raises UserError where it is taken.
    """
    config = uvicorn.Config(
        make_app(model, limits),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    with listen(host, port) as listener:
        where = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
        message = f"{model.name} {model.version} answers at {where}/v2/models/{model.name} (Ctrl-C stops it)"
        server = ModelServer(config, message)
        before = signal.signal(signal.SIGTERM, server.stop)
        try:
            with suppress(KeyboardInterrupt):
                server.run(sockets=[listener])
        finally:
            signal.signal(signal.SIGTERM, before)


def listen(host: str, port: int) -> socket.socket:
    """A socket that accepts connections."""
    # asyncio switches the delay of small packets off (TCP_NODELAY) only where the protocol is given by its number;
    # otherwise the body of an answer may wait 40 ms for the acknowledgement of its head
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1024)
    except (OSError, OverflowError) as error:
        listener.close()
        message = f"cannot listen on {host}, port {port}: {error}; choose others with --host and --port"
        raise UserError(message) from error
    return listener
