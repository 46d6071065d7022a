"""A server in a process of its own, its clients, and the test of its load."""

import json
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from fairmodel.cli import main
from fairmodel.errors import UserError
from fairmodel.serving.client import Client, ServerError
from fairmodel.serving.load import load_test, measure
from fairmodel.serving.server import serve
from fairmodel.settings.serving import Limits

from .projects import ENGINE_ROOT, other_project
from .served import Linear, linear_model, rows, running

SCRIPT = """
import time
from fairmodel.serving.server import serve
from fairmodel.settings.serving import Limits
from tests.served import Linear, linear_model

class Slow(Linear):
    def __call__(self, inputs):
        print("asked", flush=True)
        time.sleep(1)
        return super().__call__(inputs)

serve(linear_model(Slow()), Limits(), "127.0.0.1", 0)
"""


def test_the_client_speaks_with_the_server() -> None:
    with running(rows=8) as address, Client(address) as client:
        assert client.metadata()["name"] == "linear"
        inputs = rows(3)
        for name, array in client.infer(inputs).items():
            np.testing.assert_array_equal(array, Linear()(inputs)[name])
        with pytest.raises(ServerError, match="413: the request has 9 rows") as caught:
            client.infer(rows(9))
        assert caught.value.status == 413
        assert len(client.infer(inputs)["logits"]) == 3


def test_a_server_is_asked_for_its_health(capsys: pytest.CaptureFixture[str]) -> None:
    with running() as address:
        port = address.split(":")[2].split("/")[0]
        assert main(other_project(), ["serve", "--health", "--port", port]) == 0
    assert main(other_project(), ["serve", "--health", "--port", port]) == 1
    assert "no answer" in capsys.readouterr().err


def test_an_answer_does_not_wait_for_an_acknowledgement() -> None:
    """Head and body of an answer are sent apart; with the delay of small packets the body comes 40 ms later."""
    times = []
    with running() as address, Client(address) as client:
        for _ in range(30):
            start = time.perf_counter()
            client.infer(rows(1))
            times.append(time.perf_counter() - start)
    assert min(times) < 0.02


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01 not HTTP\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b""]
)
def test_what_is_no_http_ends_its_connection_alone(sent: bytes) -> None:
    with running() as address, Client(address) as client:
        host, port = address.split("/")[2].split(":")
        with socket.create_connection((host, int(port)), timeout=10) as other:
            other.sendall(sent)
            other.shutdown(socket.SHUT_WR)
            assert other.recv(1000)[:12] in (b"HTTP/1.1 400", b"")
        assert len(client.infer(rows(1))["logits"]) == 1


def test_no_server_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(UserError, match=f"cannot listen on 127.0.0.1, port {port}"):
            serve(linear_model(), Limits(), "127.0.0.1", port)
    with pytest.raises(UserError, match="no answer from"), Client(f"http://127.0.0.1:{port}/v2") as client:
        client.metadata()
    with pytest.raises(UserError, match="no address"):
        Client("127.0.0.1:8000")


@pytest.mark.slow
def test_the_load_of_more_and_more_clients(tmp_path: Path) -> None:
    with running() as address:
        table = load_test(address, rows(2), (1, 3), 0.1, tmp_path, "images")
    content = json.loads((tmp_path / "load.json").read_text(encoding="utf-8"))
    assert content["rows"] == 2
    assert [level["clients"] for level in content["levels"]] == [1, 3]
    for level in content["levels"]:
        latency = [level["latency"][name] for name in ("p50", "p90", "p99", "max")]
        assert 0 < latency[0] <= latency[1] <= latency[2] <= latency[3]
        assert level["throughput"] == pytest.approx(2 * level["requests"] / level["seconds"])
        assert level["seconds"] == pytest.approx(0.1, abs=0.3)
        assert level["refused"] == 0
        assert table.rows[str(level["clients"])]["p99"] == pytest.approx(1e3 * latency[2])
    assert (tmp_path / "load.png").exists()
    assert (tmp_path / "load.md").read_text(encoding="utf-8") == table.as_markdown()


def test_requests_that_were_sent_away_are_counted() -> None:
    with running(requests=1) as address:
        level = measure(address, rows(8), 6, 0.3)
    assert level.refused > 0
    assert level.requests > 0


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_told_to_stop_answers_first(stop: signal.Signals) -> None:
    process = subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True, cwd=ENGINE_ROOT)
    assert process.stdout is not None
    with process, ThreadPoolExecutor(1) as executor:
        address = next(word for word in process.stdout.readline().split() if word.startswith("http"))
        inputs = rows(2)
        with Client(address) as client:
            answer = executor.submit(client.infer, inputs)
            assert process.stdout.readline() == "asked\n"
            process.send_signal(stop)
            np.testing.assert_array_equal(answer.result()["logits"], Linear()(inputs)["logits"])
        assert process.wait(60) == 0
    with pytest.raises(UserError, match="no answer"), Client(address) as client:
        client.metadata()
