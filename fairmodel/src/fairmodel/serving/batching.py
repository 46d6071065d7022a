"""Requests that arrive together go through the network together."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import numpy as np

from ..settings.serving import Limits
from .requests import RequestError

__all__ = ["Arrays", "Batcher"]

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Waiting:
    """A request that waits for its answer."""

    inputs: Arrays
    answer: "asyncio.Future[Arrays]"

    @property
    def rows(self) -> int:
        return len(next(iter(self.inputs.values())))


class Batcher:
    """Gathers requests and gives each its own part of the network's answer.

    `run` gets and returns arrays by name, rows along the first axis, and is called from one thread, a call at a time.
    A call that fails is repeated for each of its requests alone, so that no request suffers from its batch mates.
    """

    def __init__(self, run: Callable[[Arrays], Arrays], limits: Limits) -> None:
        self._run, self._limits = run, limits
        self._queue: deque[Waiting] = deque()
        self._admitted = 0
        self._some, self._enough = asyncio.Event(), asyncio.Event()

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Count a request in for as long as it takes. Raises RequestError 503 where the server has enough to do."""
        if self._admitted >= self._limits.requests:
            message = f"{self._admitted} requests are being answered, try again in a second"
            raise RequestError(503, message, {"Retry-After": "1"})
        self._admitted += 1
        try:
            yield
        finally:
            self._admitted -= 1
            self._update()

    async def infer(self, inputs: Arrays) -> Arrays:
        """The network's answer for these rows. Raises what the network raises."""
        waiting = Waiting(inputs, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._update()
        return await waiting.answer

    async def work(self) -> None:
        """Answer requests until cancelled."""
        with ThreadPoolExecutor(1, "network") as executor:
            while True:
                await self._some.wait()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._limits.delay):
                        await self._enough.wait()
                await self._answer(self._take(), executor)

    def _update(self) -> None:
        """Say whether requests wait, and whether a call is full or no other request is on its way."""
        rows = sum(item.rows for item in self._queue)
        _set(self._some, bool(self._queue))
        _set(self._enough, rows >= self._limits.batch or len(self._queue) >= self._admitted)

    def _take(self) -> list[Waiting]:
        """Requests for one call, in the order of their arrival: as many as fit, and at least one."""
        batch = [self._queue.popleft()]
        rows = batch[0].rows
        while self._queue and rows + self._queue[0].rows <= self._limits.batch:
            rows += self._queue[0].rows
            batch.append(self._queue.popleft())
        self._update()
        return batch

    async def _answer(self, batch: list[Waiting], executor: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        try:
            inputs = {name: np.concatenate([item.inputs[name] for item in batch]) for name in batch[0].inputs}
            outputs = await loop.run_in_executor(executor, self._run, inputs)
        except Exception as error:
            if len(batch) > 1:
                for item in batch:
                    await self._answer([item], executor)
            elif not batch[0].answer.done():
                batch[0].answer.set_exception(error)
            return
        ends = np.cumsum([item.rows for item in batch])
        for item, end in zip(batch, ends.tolist(), strict=True):
            if not item.answer.done():  # the client may have gone
                item.answer.set_result({name: array[end - item.rows : end] for name, array in outputs.items()})


def _set(event: asyncio.Event, state: bool) -> None:
    (event.set if state else event.clear)()
