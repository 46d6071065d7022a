"""The Open Inference Protocol: what a client gets, and what it is told when its request is wrong."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from .served import INFER, Linear, body, client, rows

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture(scope="module")
def server() -> Iterator[TestClient]:
    with client(rows=8, body=10_000) as made:
        yield made


def arrays(answer: dict[str, Any]) -> dict[str, np.ndarray]:
    """The outputs of an answer in JSON."""
    return {item["name"]: np.float32(item["data"]).reshape(item["shape"]) for item in answer["outputs"]}


def first(**changes: Any) -> Change:
    """Replace keys of the first input; None removes one."""

    def change(content: dict[str, Any]) -> dict[str, Any]:
        entry = {**content["inputs"][0], **changes}
        kept = {key: value for key, value in entry.items() if value is not None}
        return {**content, "inputs": [kept, *content["inputs"][1:]]}

    return change


def binary(inputs: dict[str, np.ndarray], **more: Any) -> tuple[bytes, dict[str, str]]:
    """A request with its numbers behind the JSON."""
    content = body(inputs, **more)
    for entry, array in zip(content["inputs"], inputs.values(), strict=True):
        del entry["data"]
        entry["parameters"] = {"binary_data_size": array.nbytes}
    text = json.dumps(content).encode()
    raw = b"".join(array.tobytes() for array in inputs.values())
    return text + raw, {"Inference-Header-Content-Length": str(len(text))}


def test_health_and_metadata(server: TestClient) -> None:
    assert server.get("/v2/health/live").json() == {"live": True}
    assert server.get("/v2/health/ready").json() == {"ready": True}
    about = server.get("/v2").json()
    assert (about["name"], about["version"]) == ("linear", "1.2")
    for path in ("/v2/models/linear", "/v2/models/linear/versions/1.2"):
        assert server.get(f"{path}/ready").json() == {"name": "linear", "ready": True}
        found = server.get(path).json()
        assert (found["name"], found["versions"], found["platform"]) == ("linear", ["1.2"], "onnx_onnxv1")
        assert found["inputs"][1] == {
            "name": "wires",
            "datatype": "FP32",
            "shape": [-1, 3, 3],
            "parameters": {"features": "length,angle,width"},
        }
        assert found["outputs"] == [
            {"name": name, "datatype": "FP32", "shape": [-1, 3]} for name in ("logits", "probabilities")
        ]
        assert found["properties"]["title"] == "<title>"


@pytest.mark.parametrize("wires", [3, 1])
def test_nested_flat_and_binary_data_get_the_same_answer(server: TestClient, wires: int) -> None:
    inputs = rows(5, wires=wires)
    expected = Linear()(inputs)
    nested = body(inputs, id="é\ud800")
    flat = {"inputs": [{**entry, "data": np.ravel(entry["data"]).tolist()} for entry in nested["inputs"]]}
    content, headers = binary(inputs)
    for answer in (
        server.post(INFER, content=json.dumps(nested)),
        server.post(INFER, json=flat),
        server.post(INFER.replace("/infer", "/versions/1.2/infer"), content=content, headers=headers),
    ):
        assert answer.status_code == 200
        found = answer.json()
        assert (found["model_name"], found["model_version"]) == ("linear", "1.2")
        for name, array in arrays(found).items():
            np.testing.assert_array_equal(array, expected[name])
    assert server.post(INFER, content=json.dumps(nested)).json()["id"] == "é\ud800"


def test_the_client_chooses_outputs_and_their_form(server: TestClient) -> None:
    inputs = rows(2)
    wanted = [{"name": "probabilities", "parameters": {"binary_data": True}}, {"name": "logits"}]
    answer = server.post(INFER, json=body(inputs, outputs=wanted))
    length = int(answer.headers["Inference-Header-Content-Length"])
    head = json.loads(answer.content[:length])
    assert [item["name"] for item in head["outputs"]] == ["probabilities", "logits"]
    assert head["outputs"][0]["parameters"] == {"binary_data_size": len(answer.content) - length}
    expected = Linear()(inputs)
    np.testing.assert_array_equal(
        np.frombuffer(answer.content[length:], "<f4").reshape(2, 3), expected["probabilities"]
    )
    assert head["outputs"][1]["data"] == expected["logits"].ravel().tolist()
    all_binary = server.post(INFER, json=body(inputs, parameters={"binary_data_output": True}))
    assert all_binary.content.endswith(expected["logits"].tobytes() + expected["probabilities"].tobytes())


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (first(name="nodes"), ["inputs", "'nodes'", "cells"]),
        (first(name=3), ["'3'"]),
        (first(datatype="FP64"), ["'cells'", "'FP64'", "'FP32'"]),
        (first(datatype=None), ["'cells'", "None"]),
        (first(shape=[2, 2, 4]), ["'cells'", "[2, 2, 4]", "up to 4, 2]"]),
        (first(shape=[16]), ["'cells'", "[16]", "up to 4, 2]"]),
        (first(shape=[2, -4, 2]), ["'cells'", "positive"]),
        (first(shape=[True, 4, 2]), ["'cells'", "positive"]),
        (first(shape="2,4,2"), ["'cells'", "'2,4,2'"]),
        (first(shape=[3, 4, 2]), ["'cells'", "[2, 4, 2]", "[3, 4, 2]"]),
        (first(data=[1.0, 2.0]), ["'cells'", "[2]", "[2, 4, 2]"]),
        (first(data=["1"] * 16), ["'cells'", "not numbers"]),
        (first(data=[None] * 16), ["'cells'", "not numbers"]),
        (first(data=[True] * 16), ["'cells'", "not numbers"]),
        (first(data=[[1], [2, 3]]), ["'cells'", "different lengths"]),
        (first(data=[1e300] * 16), ["cells.depth", "row 0", "finite"]),
        (first(data=[10**400] * 16), ["'cells'"]),
        (first(data=7), ["'cells'", "a list of numbers"]),
        (first(data=None), ["'cells'", "a list of numbers"]),
        (first(parameters={"features": "tilt,depth"}), ["'cells'", "'tilt,depth'", "'depth,tilt'"]),
        (first(parameters={"binary_data_size": 64}), ["'cells'", "64"]),
        (first(data=[3e38] * 16), ["row 0", "out of their range"]),
        (lambda content: {"inputs": content["inputs"][:1]}, ["wires is missing"]),
        (lambda content: {"inputs": content["inputs"][:1] * 2}, ["twice", "cells"]),
        (lambda _: {"inputs": []}, ["'inputs'"]),
        (lambda _: {}, ["'inputs'"]),
        (lambda _: [], ["object"]),
        (lambda content: {**content, "id": 3}, ["id"]),
        (lambda content: {**content, "outputs": [{"name": "scores"}]}, ["outputs", "'scores'", "logits"]),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(server: TestClient, change: Change, parts: list[str]) -> None:
    answer = server.post(INFER, json=change(body(rows(2))))
    assert answer.status_code == 400
    assert answer.json().keys() == {"error"}
    for part in parts:
        assert part in answer.json()["error"]


def test_inputs_have_the_same_number_of_rows(server: TestClient) -> None:
    mixed = body({"cells": rows(2)["cells"], "wires": rows(3)["wires"]})
    assert "{'cells': 2, 'wires': 3}" in server.post(INFER, json=mixed).json()["error"]
    assert "'wires'" in server.post(INFER, json=body(rows(1, wires=4))).json()["error"]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"NaN", b'{"inputs": [NaN]}', b"[" * 9000, b"1" * 9000])
def test_a_body_that_is_no_json(server: TestClient, content: bytes) -> None:
    answer = server.post(INFER, content=content)
    assert answer.status_code == 400
    assert "the body is" in answer.json()["error"]


def test_binary_data_must_be_there_and_be_used(server: TestClient) -> None:
    content, headers = binary(rows(2))
    wrong = [
        (content[:-1], headers),
        (content + b"1", headers),
        (content, {"Inference-Header-Content-Length": "-3"}),
        (content, {"Inference-Header-Content-Length": "9" * 5000}),
        (content, {"Inference-Header-Content-Length": str(len(content) + 1)}),
        (content, {}),
    ]
    for changed, named in wrong:
        assert server.post(INFER, content=changed, headers=named).status_code == 400
    inputs = rows(2)
    inputs["cells"][1, 0, 0] = np.nan
    content, headers = binary(inputs)
    assert "cells.depth is nan in row 1, slot 0" in server.post(INFER, content=content, headers=headers).json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "status", "part"),
    [
        ("GET", "/v2/models/other", 404, "'other'"),
        ("GET", "/v2/models/linear/versions/7/ready", 404, "'7'"),
        ("POST", "/v2/models/other/infer", 404, "'other'"),
        ("GET", "/v2/nothing", 404, "/v2/nothing"),
        ("GET", INFER, 405, "GET"),
        ("POST", "/v2", 405, "POST"),
    ],
)
def test_wrong_addresses_get_the_protocols_error(
    server: TestClient, method: str, path: str, status: int, part: str
) -> None:
    answer = server.request(method, path)
    assert answer.status_code == status
    assert part in answer.json()["error"]


def test_requests_that_are_too_large(server: TestClient) -> None:
    answer = server.post(INFER, json=body(rows(9)))
    assert (answer.status_code, "9 rows, more than the 8" in answer.json()["error"]) == (413, True)
    for content in (b" " * 10_001, iter([b" " * 6000] * 2)):  # announced, and not
        answer = server.post(INFER, content=content)
        assert (answer.status_code, "10000 bytes" in answer.json()["error"]) == (413, True)


def test_compressed_bodies_are_refused(server: TestClient) -> None:
    answer = server.post(INFER, content=b"x", headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, "'gzip'" in answer.json()["error"]) == (415, True)
