"""Chromium without a window, spoken to over a pipe in the DevTools protocol: one tab that opens pages and reports."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from select import select
from types import TracebackType
from typing import Any, Self

__all__ = ["Browser", "find_browser"]

PATIENCE = 60  # seconds
OPTIONS = (
    "--headless",
    "--no-sandbox",  # which containers do not allow
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


def find_browser() -> str | None:
    """The program, if it is installed."""
    return shutil.which("chromium") or shutil.which("google-chrome")


class Browser:
    """A browser with one tab; `events` are those since the last `open`."""

    def __init__(self, program: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        # a browser reads from descriptor 3 and writes to descriptor 4
        start = f'exec "$@" 3<&{commands} 4>&{answers}'
        options = [*OPTIONS, f"--user-data-dir={self._folder.name}"]
        self._process = subprocess.Popen(
            ["bash", "-c", start, "bash", program, *options, "about:blank"],
            pass_fds=(commands, answers),
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(commands)
        os.close(answers)
        self._rest, self._number, self._session = b"", 0, ""
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._commands)  # which ends the browser
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._answers)
        self._folder.cleanup()

    def open(self, address: str, width: int, height: int = 900) -> None:
        """Open a page in a window of this size, in CSS pixels, and wait until it has loaded."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.events = []
        self.call("Page.navigate", url=address)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(next(self._messages))

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page; of a promise, once it is kept."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def parameters(self, method: str) -> list[dict[str, Any]]:
        """The parameters of all events of this kind."""
        return [event["params"] for event in self.events if event["method"] == method]

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What the browser answers; events that come before it are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        for answer in self._messages:
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]  # type: ignore[no-any-return]
            self.events.append(answer)
        raise AssertionError(method)

    @property
    def _messages(self) -> Iterator[dict[str, Any]]:
        while True:
            message, end, rest = self._rest.partition(b"\0")
            if end:
                self._rest = rest
                yield json.loads(message)
                continue
            assert select([self._answers], [], [], PATIENCE)[0], f"no word from the browser for {PATIENCE} s"
            data = os.read(self._answers, 1 << 20)
            assert data, "the browser has ended"
            self._rest += data
