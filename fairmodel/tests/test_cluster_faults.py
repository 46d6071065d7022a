"""What can go wrong on a real cluster."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from distributed import Client

from fairmodel.errors import UserError
from fairmodel.testing.cluster import LocalCluster, local_cluster, run_on, when_stuck
from fairmodel.workers import cluster, connection, environment

from . import tasks

pytestmark = pytest.mark.slow

NUMBERS = range(12)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """A cluster that the tests leave as it is: two workers, one of them with more threads than it needs."""
    with local_cluster(tmp_path_factory.mktemp("cluster"), threads=(1, 3)) as running:
        with Client(running.address) as client:
            client.wait_for_workers(2, timeout=60)
        yield running


@pytest.fixture
def address(shared: LocalCluster) -> str:
    return shared.address


def kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)


def test_a_worker_does_one_task_at_a_time(address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What tasks call is seldom made for threads; whoever starts workers with several of them is told."""
    assert {together for _, together in run_on(address, tasks.busy, [tmp_path] * 12)} == {1}
    assert "note: a worker process does one task at a time" in capsys.readouterr().err


def test_an_error_of_a_task_reaches_the_user(address: str) -> None:
    with pytest.raises(UserError, match="no 3 here; take another number"):
        run_on(address, tasks.refuse, NUMBERS)


def test_a_failure_is_tried_again_before_it_counts(address: str, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError, match="a mistake in the program"):
        run_on(address, tasks.fail, [tmp_path / "attempts"])
    assert (tmp_path / "attempts").read_text() == "x" * (1 + cluster.RETRIES)


def test_a_task_that_kills_its_workers_is_named(tmp_path: Path) -> None:
    with (
        local_cluster(tmp_path, threads=(1, 1), allowed_failures=1) as running,
        pytest.raises(UserError, match=r"task 1 of 1, 3: 2 workers died while they had it, the last at tcp://127.*run"),
    ):
        run_on(running.address, tasks.deadly, [tasks.REFUSED])


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((connection, "WORKER_SECONDS"), (cluster, "ALONE_SECONDS"), (cluster, "POLL_SECONDS")):
        monkeypatch.setattr(module, name, 0.5)
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 2.0)
    monkeypatch.setattr(cluster, "ANSWER_SECONDS", 2.0)


@pytest.mark.usefixtures("impatient")
def test_a_cluster_without_workers_is_given_up(tmp_path: Path) -> None:
    with (
        local_cluster(tmp_path, threads=()) as running,
        pytest.raises(UserError, match=r"no worker for 0.5 s; start some with `dask worker"),
    ):
        run_on(running.address, tasks.square, NUMBERS)


@pytest.mark.usefixtures("impatient")
def test_a_cluster_whose_workers_all_die_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "WORKER_SECONDS", 60)
    folder = tmp_path / "out"
    with (
        local_cluster(tmp_path, threads=(1,)) as running,
        when_stuck(folder, kill),
        pytest.raises(UserError, match=r"no worker for 0.5 s; start some; finished files are kept"),
    ):
        run_on(running.address, partial(tasks.write_once, folder=folder), NUMBERS, folder)
    assert not list(folder.glob("*.part"))


def test_a_new_worker_goes_on_for_the_last_one(tmp_path: Path) -> None:
    folder = tmp_path / "out"

    def replace(process: int) -> None:
        kill(process)
        running.add_worker()

    with local_cluster(tmp_path, threads=(1,)) as running, when_stuck(folder, replace):
        results = run_on(running.address, partial(tasks.write_once, folder=folder), NUMBERS, folder)
    assert [index for index, _ in results] == list(NUMBERS)
    assert all((folder / f"{number}.bin").read_bytes() == tasks.content(number) for number in NUMBERS)


@pytest.mark.usefixtures("impatient")
def test_a_lost_scheduler_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(connection, "WORKER_SECONDS", 60)
    folder = tmp_path / "out"
    with (
        local_cluster(tmp_path, threads=(1,)) as running,
        when_stuck(folder, lambda _: running.scheduler.kill()),
        pytest.raises(UserError, match=r"connection to the scheduler was lost; finished files are kept"),
    ):
        run_on(running.address, partial(tasks.write_once, folder=folder), NUMBERS, folder)
    assert "Traceback" not in capfd.readouterr().err
    assert not list(folder.glob("*.part"))


def test_the_address_of_a_worker(shared: LocalCluster) -> None:
    run_on(shared.address, tasks.square, NUMBERS)
    worker = (shared.folder / "worker-0.log").read_text().partition("Start worker at:")[2].split()[0]
    with pytest.raises(UserError, match=f"a worker is at {worker}, no scheduler"):
        run_on(worker, tasks.square, NUMBERS)


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("_python", "3.99", r"Python 3\.1\d instead of 3\.99"),
        ("_version", "0.1", r"distributed [\d.]+ instead of 0\.1.*numpy [\d.]+ instead of 0\.1"),
        ("_source_digest", "0" * 64, "other source files of engine or project"),
    ],
)
def test_another_environment_is_refused(
    name: str, value: str, found: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers and scheduler differ from this process, as its functions describe it, and say so."""
    monkeypatch.setattr(environment, name, lambda *_: value)
    with pytest.raises(UserError, match=rf"does not fit \(tcp://127.*{found}.*scheduler: .*{found}"):
        run_on(address, tasks.square, NUMBERS)


def test_a_folder_that_workers_do_not_see(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def elsewhere(folder: Path) -> Iterator[Path]:
        yield folder / "a file that is not there"

    monkeypatch.setattr(cluster, "_marked", elsewhere)
    with pytest.raises(UserError, match=rf"no write access to the same {tmp_path}.*under the same path"):
        run_on(address, tasks.square, NUMBERS, tmp_path)
