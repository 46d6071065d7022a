"""Tasks in processes of this machine, and what they cost."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fairmodel.errors import UserError
from fairmodel.testing.cluster import wait
from fairmodel.workers import Workers
from fairmodel.workers.cost import COST_FILE, Cost, Usage, read_costs, step_cost

from . import tasks
from .projects import ENGINE_ROOT


def run(processes: int, function: Any, items: Sequence[Any], folder: Path | None = None) -> list[tuple[int, Any]]:
    return sorted(Workers(processes, folder=folder).run(function, items, title="try", unit="tasks", rows=rows))


def rows(result: object) -> int:
    return result if isinstance(result, int) else 0


@pytest.mark.parametrize("processes", [1, 2, 9])
def test_every_task_is_done_once(processes: int, tmp_path: Path) -> None:
    numbers = range(5)
    function = partial(tasks.write, folder=tmp_path)
    assert run(processes, function, numbers) == [(number, len(tasks.content(number))) for number in numbers]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        f"{number}.bin": tasks.content(number) for number in numbers
    }


def test_nothing_to_do_is_done_without_a_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(2, tasks.square, [], tmp_path) == []
    assert capsys.readouterr().err == ""
    assert list(tmp_path.iterdir()) == []


def test_somebody_has_to_do_the_work() -> None:
    with pytest.raises(UserError, match=r"--workers -1: at least one process.*positive"):
        Workers(-1)


def test_an_error_of_a_task_reaches_the_user() -> None:
    with pytest.raises(UserError, match="no 3 here; take another number"):
        run(2, tasks.refuse, range(6))


def test_a_killed_process_is_one_line_with_the_remedy() -> None:
    with pytest.raises(UserError, match=r"was killed, perhaps for want of memory; run the same .* fewer --workers"):
        run(2, tasks.deadly, range(6))


def test_processes_are_others_quiet_and_single_threaded(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that as many processes as processors do not get into each other's way; here all is as before."""
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    ((_, (process, threads, nowhere)),) = run(1, tasks.about_me, [0])
    assert process != os.getpid()
    assert (threads, nowhere) == ("1", True)
    assert os.environ["OMP_NUM_THREADS"] == "7"
    monkeypatch.delenv("OMP_NUM_THREADS")
    run(1, tasks.about_me, [0])
    assert "OMP_NUM_THREADS" not in os.environ
    assert capfd.readouterr().out == ""


@pytest.mark.slow
def test_the_cost_is_that_of_the_tasks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Processor time is what the tasks burn, whatever this process did; memory is theirs, not what is large here."""
    here = bytearray(b"1" * 400_000_000)
    run(1, tasks.burn, [0.2, 0.3], tmp_path)
    run(1, tasks.allocate, [100_000_000], tmp_path)
    del here
    burned, allocated = read_costs(tmp_path / COST_FILE)
    assert burned["cpu_seconds"] == pytest.approx(0.5, abs=0.05)
    assert burned["wall_seconds"] >= 0.5
    assert burned["peak_bytes"] < 100e6
    assert 100e6 < allocated["peak_bytes"] < 250e6
    assert (burned["title"], burned["unit"], burned["tasks"], burned["processes"]) == ("try", "tasks", 2, 1)
    assert (burned["rows"], allocated["rows"]) == (0, 100_000_000)
    assert len(burned["processors"]) == 1
    said = capsys.readouterr().err
    assert "try: 2 of 2 tasks in " in said
    assert "try: 1 of 1 tasks, 100000000 rows in " in said


def test_what_a_step_takes_by_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with step_cost("data", tmp_path):
        tasks.burn(0.2)
        time.sleep(0.2)
    (record,) = read_costs(tmp_path / COST_FILE)
    assert (record["title"], record["unit"]) == ("data", "step")
    assert record["cpu_seconds"] == pytest.approx(0.2, abs=0.05)
    assert record["wall_seconds"] >= 0.4
    assert "in all; this process itself used 0 CPU s" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (59.4, "59 s"), (60, "1 min"), (3723, "1 h 2 min 3 s"), (7200, "2 h")]
)
def test_the_line_says_how_much(seconds: float, text: str) -> None:
    cost = Cost("simulate", "chunks", 40)
    cost.add(Usage(230.4, 410_000_000, "a:1", "x"), 500)
    cost.add(Usage(235.4, 290_000_000, "b:1", "x"), 700)
    cost.wall_seconds = seconds
    assert str(cost) == (f"simulate: 2 of 40 chunks, 1200 rows in {text}, 466 CPU s, at most 0.41 GB per process")


@pytest.mark.parametrize("content", ["[]", '{"schema": 2, "runs": []}'])
def test_another_file_of_costs_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / COST_FILE).write_text(content)
    with pytest.raises(UserError, match=rf"{COST_FILE} holds no costs in the form of schema 1; delete it"):
        read_costs(tmp_path / COST_FILE)


PROGRAM = """
import sys
from functools import partial
from pathlib import Path
from fairmodel.workers import Workers
from tests import tasks

if __name__ == "__main__":
    function = partial(tasks.write_once, folder=Path(sys.argv[1]))
    for _ in Workers(2).run(function, range(12), title="try", unit="tasks"):
        pass
"""


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_no_process_stays_behind(sign: signal.Signals, tmp_path: Path) -> None:
    """Whether it is killed or gets Ctrl-C, which a terminal sends to all its processes: the next run goes on."""
    script, folder = tmp_path / "program.py", tmp_path / "out"
    script.write_text(PROGRAM)
    environment = os.environ | {"PYTHONPATH": str(ENGINE_ROOT)}
    command = [sys.executable, str(script), str(folder)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)
    wait((folder / "stuck").exists, "no task was reached")
    (os.kill if sign == signal.SIGKILL else os.killpg)(process.pid, sign)
    process.wait(timeout=20)
    wait(lambda: not members(process.pid), "a worker outlived its parent")
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert {path.name for path in folder.iterdir()} == {"stuck", *(f"{number}.bin" for number in range(12))}


def members(group: int) -> list[str]:
    """Living processes of a process group."""
    found = subprocess.run(["ps", "-eo", "pgid=,stat="], check=True, capture_output=True, text=True).stdout
    return [line for line in found.splitlines() if line.split()[0] == str(group) and "Z" not in line.split()[1]]
