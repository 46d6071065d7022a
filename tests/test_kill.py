"""A run that is killed again and again ends like one that never was."""

import hashlib
import random
import re
import shutil
import signal
import subprocess
import time
from os import killpg
from pathlib import Path

import pytest

from .projects import borrow_environment, make, make_command, run_environment

ARGUMENTS = ("all", "PROFILE=smoke")
KILLS_PER_STEP = 2
SEED = 20
STEPS = ["data", "train", "evaluate", "export", "report"]
SPLITS = [f"data/processed/smoke/{split}.h5" for split in ("train", "val", "test")]
SAME_BYTES = ["models/smoke/weights.safetensors", "models/smoke/history.csv", "reports/smoke/metrics.json", *SPLITS]
OTHERS = ["models/smoke/model.onnx", "models/smoke/run.json", "reports/smoke/report.html"]


class Run:
    """`make all`, in a process group of its own, watched line by line."""

    def __init__(self, project: Path) -> None:
        self.process = subprocess.Popen(
            make_command(ARGUMENTS),
            cwd=project,
            env=run_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def next_step(self) -> str | None:
        """Wait for the next step to begin; None at the end."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            found = re.search(r"-m fair_model (\w+) --profile", line)
            if found and found.group(1) in STEPS:
                return found.group(1)
        return None

    def wait_until(self, step: str) -> str | None:
        """Wait until a step begins; returns what began instead if the step was done already."""
        while (begun := self.next_step()) and STEPS.index(begun) < STEPS.index(step):
            pass
        return begun

    def kill(self) -> None:
        """SIGKILL to make and to everything that it started."""
        killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


def digests(project: Path) -> dict[str, str]:
    """SHA-256 of those files that are there and do not depend on the hour."""
    present = [project / name for name in SAME_BYTES if (project / name).exists()]
    return {str(path.relative_to(project)): hashlib.sha256(path.read_bytes()).hexdigest() for path in present}


def new_project(default_bake: Path, folder: Path) -> Path:
    project = Path(shutil.copytree(default_bake, folder / default_bake.name))
    borrow_environment(project)
    return project


def undisturbed(project: Path) -> dict[str, float]:
    """Run to the end; returns how many seconds each step took."""
    run, begun = Run(project), {}
    while step := run.next_step():
        begun[step] = time.monotonic()
    assert run.process.wait() == 0
    ends = [*list(begun.values())[1:], time.monotonic()]
    return {step: end - begin for (step, begin), end in zip(begun.items(), ends, strict=True)}


@pytest.mark.slow
def test_killed_runs_end_like_one_that_was_not(default_bake: Path, tmp_path: Path) -> None:
    """Kills at random moments of every step: what is there after each is whole, and the rest gets made."""
    never_killed = new_project(default_bake, tmp_path / "reference")
    durations = undisturbed(never_killed)
    expected = digests(never_killed)
    assert list(durations) == STEPS
    project = new_project(default_bake, tmp_path / "killed")
    moments = random.Random(SEED)
    kills = []
    for step in (step for step in STEPS for _ in range(KILLS_PER_STEP)):
        run = Run(project)
        begun = run.wait_until(step)
        if begun == step:
            time.sleep(moments.uniform(0.1, 0.95) * durations[step])
        run.kill()
        kills.append(begun)
        assert digests(project).items() <= expected.items()
    assert set(kills) >= set(STEPS), "every step was to be killed at least once"
    make(project, *ARGUMENTS)
    assert digests(project) == expected
    assert all((project / name).stat().st_size > 0 for name in OTHERS)
    assert not (project / "models" / "smoke" / "checkpoint.pt").exists()
