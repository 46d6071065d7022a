import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from fairmodel import Workers
from fairmodel.testing.cluster import local_cluster, wait

from hbb_in.data.chunks import plan, simulate
from hbb_in.data.options import DataOptions
from hbb_in.data.ragged import RaggedJets
from hbb_in.data.ragged_file import RaggedFile

OPTIONS = DataOptions(background_chunks=1, signal_chunks=2, chunk_events=10, batch_events=6)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The chunks, simulated by two workers."""
    return simulate(plan(OPTIONS, seed=3), tmp_path_factory.mktemp("two"), workers=Workers(2))


def read(path: Path) -> RaggedJets:
    with RaggedFile(path) as file:
        return file.read(0, len(file))


def arrays(jets: RaggedJets) -> list[np.ndarray]:
    objects = [array for objects in jets.objects.values() for array in (objects.number, objects.values)]
    return [*jets.columns.values(), *objects]


def assert_same(first: Path, second: Path) -> None:
    pairs = zip(arrays(read(first)), arrays(read(second)), strict=True)
    assert all(np.array_equal(left, right) for left, right in pairs)


def test_the_data_do_not_depend_on_the_number_of_workers(finished: list[Path], tmp_path: Path) -> None:
    for ours, theirs in zip(simulate(plan(OPTIONS, seed=3), tmp_path, workers=Workers(1)), finished, strict=True):
        assert ours.name == theirs.name
        assert_same(ours, theirs)


def test_event_numbers_are_unique_across_processes_and_chunks(finished: list[Path]) -> None:
    events = [set(read(path).columns["event_no"].tolist()) for path in finished]
    assert len(set.union(*events)) == sum(len(numbers) for numbers in events)
    assert sum(len(numbers) for numbers in events) > 10


def test_finished_chunks_are_kept_and_damaged_ones_made_again(finished: list[Path]) -> None:
    chunks, folder = plan(OPTIONS, seed=3), finished[0].parent
    whole, times = finished[2].read_bytes(), [path.stat().st_mtime_ns for path in finished]
    expected = read(finished[2])
    finished[2].write_bytes(whole[: len(whole) // 2])
    finished[2].with_name(finished[2].name + ".part").write_bytes(b"left behind by a kill")
    assert simulate(chunks, folder, workers=Workers(1)) == finished
    assert [path.stat().st_mtime_ns for path in finished[:2]] == times[:2]
    assert all(np.array_equal(*pair) for pair in zip(arrays(read(finished[2])), arrays(expected), strict=True))
    assert sorted(folder.iterdir()) == sorted(finished)


@pytest.mark.parametrize(
    "change", [{"chunk_events": 13}, {"batch_events": 7}, {"pt_hat_min": 250}, {"window": {"pt": (310, 2000)}}]
)
def test_other_settings_are_other_files(change: dict[str, object], tmp_path: Path) -> None:
    changed = DataOptions.model_validate(OPTIONS.model_dump() | change)
    assert plan(changed, 3)[0].path(tmp_path) != plan(OPTIONS, 3)[0].path(tmp_path)


def test_more_chunks_keep_those_there_are(tmp_path: Path) -> None:
    longer = OPTIONS.model_copy(update={"background_chunks": 3})
    files = [{chunk.path(tmp_path) for chunk in plan(options, 3)} for options in (OPTIONS, longer)]
    assert files[0] < files[1]
    assert len(files[1]) == 5


def test_seeds_differ_between_chunks_and_data_sets() -> None:
    chunks = [*plan(OPTIONS, seed=3), *plan(OPTIONS, seed=4)]
    states = {tuple(chunk.seeds(part).generate_state(4)) for chunk in chunks for part in range(3)}
    assert len(states) == 3 * len(chunks)


PROGRAM = """
import sys
from pathlib import Path
from fairmodel import Workers
from hbb_in.data.chunks import plan, simulate
from hbb_in.data.options import DataOptions

if __name__ == "__main__":
    options = DataOptions(background_chunks=4, signal_chunks=1, chunk_events=30, batch_events=15)
    simulate(plan(options, 1), Path(sys.argv[1]), workers=Workers(2))
"""


@pytest.mark.slow
def test_a_killed_run_leaves_no_process_and_is_resumed(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    folder = tmp_path / "raw"
    command = [sys.executable, str(script), str(folder)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)
    wait(lambda: len(list(folder.glob("*.h5"))) >= 1, "no chunk was finished")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    wait(lambda: not members(process.pid), "a worker outlived its parent")
    before = {path: path.stat().st_mtime_ns for path in folder.glob("*.h5")}
    assert 0 < len(before) < 5
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert len(list(folder.glob("*.h5"))) == 5
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in before.items())


@pytest.mark.slow
def test_a_cluster_makes_the_same_files_though_a_worker_is_killed(tmp_path: Path) -> None:
    """To the byte; whichever worker dies has a chunk in hand, since both do until all are finished."""
    options = OPTIONS.model_copy(update={"background_chunks": 4, "chunk_events": 60})
    local, remote, folder = (tmp_path / name for name in ("local", "remote", "cluster"))
    folder.mkdir()
    expected = simulate(plan(options, seed=3), local, Workers(2))
    with local_cluster(folder, threads=(1, 1)) as cluster:
        address = cluster.address

        def kill() -> None:
            wait(lambda: any(remote.glob("*.h5")), "no chunk was finished")
            cluster.workers[0].kill()

        killer = threading.Thread(target=kill)
        killer.start()
        simulate(plan(options, seed=3), remote, Workers(1, address, remote, "hbb_in"))
        killer.join()
    files = {path.name: path.read_bytes() for path in remote.iterdir() if path.name != "cost.json"}
    assert files == {path.name: path.read_bytes() for path in expected}


def members(group: int) -> list[str]:
    """Living processes of a process group."""
    found = subprocess.run(["ps", "-eo", "pgid=,stat="], check=True, capture_output=True, text=True).stdout
    return [line for line in found.splitlines() if line.split()[0] == str(group) and "Z" not in line.split()[1]]
