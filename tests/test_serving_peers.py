"""The server and the Triton repository of a project as others see them: Triton's own client and parser."""

from collections.abc import Iterator

import numpy as np
import pytest
import tritonclient.http as triton
from fairmodel.inference.graph import Graph
from fairmodel.serving.model import model_config
from fairmodel.settings.serving import Limits
from google.protobuf import text_format
from tritonclient.grpc.model_config_pb2 import ModelConfig
from tritonclient.utils import InferenceServerException

from .engine import engine_tests

SERVED = engine_tests("served")


@pytest.fixture(scope="module")
def client() -> Iterator[triton.InferenceServerClient]:
    """Triton's client, connected to a server in this process."""
    with SERVED.running(rows=8) as address:
        made = triton.InferenceServerClient(address.split("/")[2])
        try:
            yield made
        finally:
            made.close()


def tensors(inputs: dict[str, np.ndarray], *, binary: bool) -> list[triton.InferInput]:
    """The arrays as the client's own objects."""
    made = []
    for name, array in inputs.items():
        made.append(triton.InferInput(name, array.shape, "FP32"))
        made[-1].set_data_from_numpy(array, binary_data=binary)
    return made


def test_the_client_finds_the_model(client: triton.InferenceServerClient) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("linear")
    assert client.is_model_ready("linear", "1.2")
    assert not client.is_model_ready("other")
    assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
    about = client.get_model_metadata("linear", "1.2")
    assert {item["name"]: item["shape"] for item in about["inputs"]} == {"cells": [-1, 4, 2], "wires": [-1, 3, 3]}


@pytest.mark.parametrize("sent", [True, False], ids=["binary", "json"])
@pytest.mark.parametrize("received", [True, False], ids=["binary", "json"])
def test_the_client_gets_its_answer(client: triton.InferenceServerClient, sent: bool, received: bool) -> None:
    inputs = SERVED.rows(5)
    wanted = [triton.InferRequestedOutput(name, binary_data=received) for name in ("probabilities", "logits")]
    found = client.infer("linear", tensors(inputs, binary=sent), outputs=wanted, request_id="7")
    assert found.get_response()["id"] == "7"
    for name, array in SERVED.Linear()(inputs).items():
        np.testing.assert_array_equal(found.as_numpy(name), array)


def test_the_client_gets_all_outputs_by_default(client: triton.InferenceServerClient) -> None:
    found = client.infer("linear", tensors(SERVED.rows(2), binary=True))
    np.testing.assert_array_equal(found.as_numpy("logits"), SERVED.Linear()(SERVED.rows(2))["logits"])


def test_the_client_shows_the_servers_message(client: triton.InferenceServerClient) -> None:
    with pytest.raises(InferenceServerException, match="9 rows, more than the 8"):
        client.infer("linear", tensors(SERVED.rows(9), binary=True))
    with pytest.raises(InferenceServerException, match="encoded as 'gzip'"):
        client.infer("linear", tensors(SERVED.rows(1), binary=True), request_compression_algorithm="gzip")


@pytest.mark.parametrize("title", ["plain", '"quoted" \\ } {', "ünï\n\t\x01"])
def test_triton_reads_the_configuration(title: str) -> None:
    graph = Graph(b"", SERVED.SCHEMA, frozenset({"wires"}), SERVED.PROPERTIES | {"title": title})
    config = text_format.Parse(model_config(graph, "linear", Limits(batch=64, rows=512, delay=0.003)), ModelConfig())
    assert (config.name, config.backend, config.max_batch_size) == ("linear", "onnxruntime", 512)
    assert {item.name: list(item.dims) for item in config.input} == {"cells": [4, 2], "wires": [-1, 3]}
    assert {item.name: list(item.dims) for item in config.output} == {"logits": [3], "probabilities": [3]}
    kinds = {item.data_type for item in (*config.input, *config.output)}
    assert kinds == {config.input[0].data_type}
    assert "TYPE_FP32" in str(config)
    assert list(config.dynamic_batching.preferred_batch_size) == [16, 64]
    assert config.dynamic_batching.max_queue_delay_microseconds == 3000
    assert config.parameters["title"].string_value == title
