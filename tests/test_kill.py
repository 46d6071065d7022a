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
STEPS = ["data", "train", "evaluate", "export", "report"]
MOMENTS = [(0.02, 0.2), (0.2, 0.95)]  # each step is killed early, and anywhere; in parts of the time that it takes
SEED = 20
SPLITS = [f"data/processed/smoke/{split}.h5" for split in ("train", "val", "test")]
SAME_BYTES = ["models/smoke/weights.safetensors", "models/smoke/history.csv", "reports/smoke/metrics.json", *SPLITS]
OTHERS = ["models/smoke/model.onnx", "models/smoke/run.json", "reports/smoke/report.html"]


class Run:
    """`make all`, in a process group of its own, watched from outside."""

    def __init__(self, project: Path) -> None:
        self.log = project.with_name("log")
        with self.log.open("wb") as stream:
            self.process = subprocess.Popen(
                make_command(ARGUMENTS),
                cwd=project,
                env=run_environment(),
                stdout=stream,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def begun(self) -> list[str]:
        """The steps that have begun, after a moment."""
        time.sleep(0.05)
        names = re.findall(r"-m fair_model (\w+) --profile", self.log.read_text(encoding="utf-8"))
        return [name for name in names if name in STEPS]

    def wait_for(self, step: str) -> bool:
        """Wait until a step begins; false if it was done already."""
        while self.process.poll() is None:
            names = self.begun()
            if names and STEPS.index(names[-1]) >= STEPS.index(step):
                return names[-1] == step
        return False

    def wait_in(self, step: str, seconds: float) -> None:
        """Wait for a time, but not beyond the end of a step that has begun."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.begun()[-1] == step and self.process.poll() is None:
            pass

    def kill(self) -> None:
        """SIGKILL to make and to everything that it started."""
        if self.process.poll() is None:
            killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


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
    run = Run(project)
    begun: dict[str, float] = {}
    while run.process.poll() is None:
        for step in run.begun():
            begun.setdefault(step, time.monotonic())
    assert run.process.returncode == 0
    ends = [*list(begun.values())[1:], time.monotonic()]
    return {step: end - begin for (step, begin), end in zip(begun.items(), ends, strict=True)}


@pytest.mark.slow
def test_killed_runs_end_like_one_that_was_not(default_bake: Path, tmp_path: Path) -> None:
    """Kills at random moments of every step: what is there after each is whole, and the rest gets made."""
    never_killed = new_project(default_bake, tmp_path / "reference")
    durations = undisturbed(never_killed)
    expected = digests(never_killed)
    assert expected.keys() == set(SAME_BYTES)
    project = new_project(default_bake, tmp_path / "killed")
    generator = random.Random(SEED)
    killed = []
    for step, part in [(step, generator.uniform(*span)) for step in STEPS for span in MOMENTS]:
        run = Run(project)
        if run.wait_for(step):
            run.wait_in(step, part * durations[step])
            killed.append(step)
        run.kill()
        assert digests(project).items() <= expected.items()
    assert set(killed) == set(STEPS)
    make(project, *ARGUMENTS)
    assert digests(project) == expected
    assert all((project / name).stat().st_size > 0 for name in OTHERS)
    assert not (project / "models" / "smoke" / "checkpoint.pt").exists()
