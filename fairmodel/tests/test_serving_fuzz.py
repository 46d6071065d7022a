"""Whatever bytes arrive, the server answers, blames the client and keeps nothing of it."""

import gc
import json
import threading
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from .served import INFER, SCHEMA, body, client, rows

REFUSED = {400, 404, 405, 408, 413, 415}
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from([item.name for item in SCHEMA.inputs]) | st.text(max_size=5)
PARAMETERS = st.dictionaries(
    st.sampled_from(["binary_data", "binary_data_size", "binary_data_output", "features"]), JSON, max_size=2
)
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "name": NAMES | JSON,
        "datatype": st.just("FP32") | JSON,
        "shape": st.lists(st.integers(-2, 2**70) | st.integers(0, 5), max_size=4) | JSON,
        "data": st.lists(st.floats() | st.integers() | JSON, max_size=30) | JSON,
        "parameters": PARAMETERS | JSON,
    },
)
REQUESTS = st.fixed_dictionaries(
    {"inputs": st.lists(ENTRIES, max_size=3) | JSON},
    optional={
        "id": JSON,
        "outputs": st.lists(st.fixed_dictionaries({"name": st.just("logits") | JSON, "parameters": PARAMETERS | JSON}))
        | JSON,
        "parameters": PARAMETERS | JSON,
    },
)
HEADERS = st.dictionaries(
    st.sampled_from(["Inference-Header-Content-Length", "Content-Encoding", "Content-Type", "Accept", "X-Other"]),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=8) | st.integers().map(str),
    max_size=3,
)


@pytest.fixture(scope="module")
def server() -> Iterator[TestClient]:
    with client(rows=8, body=100_000) as made:
        yield made


def assert_refused(answer: Any) -> None:
    """The error of the protocol and nothing else."""
    assert answer.status_code in REFUSED
    content = answer.json()
    assert content.keys() == {"error"}
    assert content["error"]


@QUICK
@given(content=st.binary(max_size=200), headers=HEADERS)
def test_bytes(server: TestClient, content: bytes, headers: dict[str, str]) -> None:
    assert_refused(server.post(INFER, content=content, headers=headers))


@QUICK
@given(content=REQUESTS, headers=HEADERS)
def test_requests_that_are_almost_right(server: TestClient, content: Any, headers: dict[str, str]) -> None:
    assert_refused(server.post(INFER, content=json.dumps(content), headers=headers))


@QUICK
@given(data=st.data())
def test_one_place_of_a_right_request(server: TestClient, data: st.DataObject) -> None:
    """A request that works, with anything in one of its places: it still works, or it is refused."""
    content = body(rows(2), id="1", outputs=[{"name": "logits", "parameters": {}}], parameters={})
    place: Any = content
    for _ in range(data.draw(st.integers(0, 6))):
        inner = list(place.values()) if isinstance(place, dict) else place
        containers = [item for item in inner if isinstance(item, dict | list) and item]
        if not containers:
            break
        place = data.draw(st.sampled_from(containers))
    key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
    place[key] = data.draw(JSON | st.floats(width=32))
    answer = server.post(INFER, content=json.dumps(content))
    if answer.status_code != 200:
        assert_refused(answer)


@QUICK
@given(
    path=st.text(st.characters(exclude_categories=["Cs"]), max_size=20), method=st.sampled_from(["GET", "POST", "PUT"])
)
def test_addresses(server: TestClient, path: str, method: str) -> None:
    answer = server.request(method, encoded(path))
    if answer.status_code != 200:
        assert_refused(answer)


def encoded(path: str) -> str:
    """An address below the model's, every character in it encoded."""
    return "/v2/models/" + "".join(f"%{byte:02x}" for byte in path.encode())


@pytest.mark.slow
def test_nothing_is_kept_of_requests(server: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    """Memory after many requests, good and bad, is what it was after some; pools of threads may still have filled."""
    caplog.set_level("WARNING")  # the client's log of its requests is kept
    good = json.dumps(body(rows(8)))
    bad: list[str | bytes] = [
        json.dumps(body(rows(9))),
        b"[" * 5000,
        b"{}",
        good[:-9],
        b" " * 100_001,
        good.replace("FP32", "FP64"),
    ]

    def ask(times: int) -> tuple[int, int]:
        for _ in range(times):
            for content in (good, *bad):
                server.post(INFER, content=content)
        gc.collect()
        return tracemalloc.get_traced_memory()[0], threading.active_count()

    tracemalloc.start()
    try:
        before, threads = ask(60)
        after, threads_after = ask(200)
    finally:
        tracemalloc.stop()
    assert threads_after - threads < 5
    assert after - before < 50 * 700  # bytes; of each request 50 more than nothing
