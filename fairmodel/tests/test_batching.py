"""Requests that go through the network together do not notice each other, and no more come in than are let in."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import numpy as np
import pytest

from fairmodel.serving.app import make_app
from fairmodel.settings.serving import Limits

from .served import INFER, Linear, body, linear_model, rows


@asynccontextmanager
async def server(run: Linear, **limits: Any) -> AsyncIterator[httpx2.AsyncClient]:
    """Clients of one application, which answers several of them at a time."""
    app = make_app(linear_model(run), Limits(**limits))
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx2.AsyncClient(transport=transport, base_url="http://x") as made:
        yield made


async def ask(client: httpx2.AsyncClient, *requests: dict[str, np.ndarray]) -> list[httpx2.Response]:
    """Send all requests at once."""
    posts: list[Coroutine[Any, Any, httpx2.Response]] = [client.post(INFER, json=body(item)) for item in requests]
    return await asyncio.gather(*posts)


def logits(answer: httpx2.Response) -> np.ndarray:
    (found,) = [item for item in answer.json()["outputs"] if item["name"] == "logits"]
    return np.array(found["data"], np.float32).reshape(found["shape"])


def test_each_request_gets_its_own_answer() -> None:
    requests = [rows(1 + seed % 3, seed, wires=1 + seed % 2) for seed in range(20)]

    async def scenario(run: Linear) -> list[httpx2.Response]:
        async with server(run, batch=8, delay=0.05) as client:
            return await ask(client, *requests)

    run = Linear()
    for request, answer in zip(requests, asyncio.run(scenario(run)), strict=True):
        np.testing.assert_array_equal(logits(answer), Linear()(request)["logits"])
    assert max(run.calls) <= 8
    assert len(run.calls) < len(requests)
    assert sum(run.calls) == sum(len(item["cells"]) for item in requests)


def test_a_request_that_the_network_fails_on_spoils_no_other() -> None:
    bad = rows(1)
    bad["cells"][0, 0, 0] = 666

    async def scenario() -> list[httpx2.Response]:
        async with server(Linear(), delay=0.05) as client:
            return await ask(client, rows(1, 1), bad, rows(1, 2))

    answers = asyncio.run(scenario())
    assert [answer.status_code for answer in answers] == [200, 500, 200]
    assert "RuntimeError" in answers[1].json()["error"]
    np.testing.assert_array_equal(logits(answers[2]), Linear()(rows(1, 2))["logits"])


def test_a_request_larger_than_a_batch_goes_alone() -> None:
    run = Linear()

    async def scenario() -> list[httpx2.Response]:
        async with server(run, batch=4, delay=0.05) as client:
            return await ask(client, rows(1), rows(9), rows(2))

    assert [len(logits(answer)) for answer in asyncio.run(scenario())] == [1, 9, 2]
    assert 9 in run.calls


def test_a_request_that_is_alone_does_not_wait() -> None:
    async def scenario() -> float:
        async with server(Linear(), delay=10) as client:
            start = asyncio.get_running_loop().time()
            await ask(client, rows(1))
            await ask(client, rows(1))
            return asyncio.get_running_loop().time() - start

    assert asyncio.run(scenario()) < 5


def test_more_requests_than_are_let_in_are_sent_away() -> None:
    async def scenario() -> list[httpx2.Response]:
        async with server(Linear(), requests=3, delay=0.05) as client:
            answers = await ask(client, *[rows(1)] * 7)
            return [*answers, *await ask(client, rows(1))]

    answers = asyncio.run(scenario())
    assert sorted(answer.status_code for answer in answers[:7]) == [200] * 3 + [503] * 4
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert refused.headers["Retry-After"] == "1"
    assert "3 requests" in refused.json()["error"]
    assert answers[7].status_code == 200


def test_a_body_that_does_not_come_to_an_end() -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(10)

    async def scenario() -> httpx2.Response:
        async with server(Linear(), patience=0.05) as client:
            return await client.post(INFER, content=slow())

    answer = asyncio.run(scenario())
    assert (answer.status_code, "0.05 s" in answer.json()["error"]) == (408, True)


@pytest.mark.parametrize("gone", [1, 3])
def test_clients_that_leave_free_their_place(gone: int) -> None:
    async def scenario() -> httpx2.Response:
        async with server(Linear(), requests=4, delay=0.05) as client:
            tasks = [asyncio.create_task(client.post(INFER, json=body(rows(1, seed)))) for seed in range(4)]
            await asyncio.sleep(0.01)
            for task in tasks[:gone]:
                task.cancel()
            await asyncio.wait(tasks)
            (answer,) = await ask(client, rows(1))
            return answer

    assert asyncio.run(scenario()).status_code == 200
