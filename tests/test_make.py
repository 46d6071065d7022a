"""The Makefile of a project is a DAG: every step runs when it has to, and only then."""

import re
import shutil
import zlib
from pathlib import Path

import pytest

from .projects import PROFILES, ROOT, borrow_environment, make, targets

STEPS = ["data", "train", "evaluate", "export", "describe", "report"]
PROJECT_MK = """
PROJECT_STEPS += inspect

inspect: reports/$(PROFILE)/inspect.txt ## hold this network against another one (seconds)
reports/$(PROFILE)/inspect.txt: $(METRICS)
	cp $< $@
"""
# (what is changed in config/smoke.toml, the steps that have to run again)
CHANGES = {
    "a comment": ("[data]", "# nothing new\n[data]", []),
    "evaluation": ("bootstrap = 50\ngroups", "bootstrap = 40\ngroups", ["evaluate", "describe", "report"]),
    "export": ("[evaluation]", "[export]\ntolerance = 1e-3\n\n[evaluation]", ["export", "describe", "report"]),
    "training": ("epochs = 3", "epochs = 4", STEPS[1:]),
    "model": ("latent = 8", "latent = 4", STEPS[1:]),
}


@pytest.fixture(scope="module")
def first_run(default_bake: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A project after `make -j2 all PROFILE=smoke`, and what that printed."""
    project = Path(shutil.copytree(default_bake, tmp_path_factory.mktemp("finished") / default_bake.name))
    borrow_environment(project)
    return project, make(project, "-j2", "all", "PROFILE=smoke")


@pytest.fixture
def finished(first_run: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of that project, times included."""
    return Path(shutil.copytree(first_run[0], tmp_path / first_run[0].name, symlinks=True))


def steps(output: str) -> list[str]:
    """The steps among the commands that make printed."""
    names = re.findall(r"-m fair_model (?:fair )?(\w+) --profile", output)
    return [name for name in names if name not in ("stamps", "summary", "check")]


def words_of_pdf(path: Path) -> set[str]:
    """The strings that a PDF file shows."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", path.read_bytes(), re.DOTALL)
    content = b"\n".join(zlib.decompress(stream) for stream in streams if stream[:1] == b"\x78")
    shown = re.findall(rb"^BT$(.*?)^ET$", content, re.MULTILINE | re.DOTALL)
    return {b"".join(re.findall(rb"\((.*?)\)", text)).decode() for text in shown}


@pytest.mark.parametrize("where", ["repository", "project"])
def test_help_lists_every_target(where: str, project: Path) -> None:
    folder = {"repository": ROOT, "project": project}[where]
    makefile = (folder / "Makefile").read_text(encoding="utf-8")
    phony = {name for line in re.findall(r"^\.PHONY: (.*)", makefile, re.MULTILINE) for name in line.split()}
    rules = set(re.findall(r"^([a-z][a-z-]*):(?!=)", makefile, re.MULTILINE))
    assert targets(folder) == phony - {"FORCE"} == rules


@pytest.mark.parametrize("profile", PROFILES)
def test_all_resolves_in_a_new_project(profile: str, project: Path) -> None:
    assert steps(make(project, "-n", "all", f"PROFILE={profile}")) == STEPS


def test_who_does_the_work_is_told_to_the_data_step_alone(project: Path) -> None:
    for variable, option in (("WORKERS=3", "--workers 3"), ("SCHEDULER=tcp://there:1", "--scheduler tcp://there:1")):
        planned = " ".join(make(project, "-n", "all", "PROFILE=smoke", variable).split())
        assert planned.count(option) == planned.count(f" data --profile smoke {option}") == 1


def test_other_workers_do_not_make_the_data_again(finished: Path) -> None:
    assert steps(make(finished, "all", "PROFILE=smoke", "WORKERS=1")) == []


def test_parallel_make_runs_every_step_once(first_run: tuple[Path, str]) -> None:
    project, output = first_run
    ran = steps(output)
    assert sorted(ran) == sorted(STEPS)
    assert ran[:2] == STEPS[:2]
    for name in ("weights.safetensors", "model.onnx", "run.json"):
        assert (project / "models" / "smoke" / name).stat().st_size > 0
    assert f"Report: {project / 'reports' / 'smoke' / 'report.html'}" in output
    assert [path for path in project.rglob("*.part") if ".venv" not in path.parts] == []


def test_a_second_run_does_nothing(finished: Path) -> None:
    output = make(finished, "all", "PROFILE=smoke")
    assert steps(output) == []
    assert "AUC" in output


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_setting_redoes_what_depends_on_it(what: str, finished: Path) -> None:
    old, new, expected = CHANGES[what]
    config = finished / "config" / "smoke.toml"
    text = config.read_text(encoding="utf-8")
    assert text.count(old) == 1
    config.write_text(text.replace(old, new), encoding="utf-8")
    make(finished, "build/smoke/evaluate.json", "PROFILE=smoke")  # writes all stamps; a dry run does not
    assert steps(make(finished, "-n", "all", "PROFILE=smoke")) == expected


# (what is changed in the source, the steps that have to run again)
CODE = {
    "the data": ("data/simulation.py", STEPS[:1]),  # whose files a dry run does not make newer
    "the network": ("model/deep_sets.py", STEPS[1:]),
    "the training": ("training.py", STEPS[1:]),
    "the drawing of a row": ("data/display.py", []),
}


@pytest.mark.parametrize("what", CODE)
def test_changed_code_redoes_what_depends_on_it(what: str, finished: Path) -> None:
    name, expected = CODE[what]
    with (finished / "src" / "fair_model" / name).open("a") as stream:
        stream.write("\n# changed\n")
    said = make(finished, "build/smoke/evaluate.json", "PROFILE=smoke")
    assert ("changed code" in said) == bool(expected)
    assert steps(make(finished, "-n", "all", "PROFILE=smoke")) == expected


def test_new_data_redo_everything(finished: Path) -> None:
    config = finished / "config" / "smoke.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("jets = 2000", "jets = 200"), encoding="utf-8")
    assert steps(make(finished, "data", "PROFILE=smoke")) == STEPS[:1]
    assert steps(make(finished, "-n", "all", "PROFILE=smoke")) == STEPS[1:]


def test_studies_are_made_once_and_again_for_other_settings(finished: Path) -> None:
    def planned() -> list[str]:
        output = make(finished, "-n", "reproduce-seeds", "learning-curve", "PROFILE=smoke", "WORKERS=1")
        return re.findall(r"-m fair_model ([a-z-]+) --profile smoke --workers 1", " ".join(output.split()))

    assert planned() == ["reproduce-seeds", "learning-curve"]
    make(finished, "learning-curve", "PROFILE=smoke", "WORKERS=1")
    assert planned() == ["reproduce-seeds"]
    config = finished / "config" / "smoke.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("fractions = [0.25,", "fractions = [0.2,"), encoding="utf-8")
    make(finished, "build/smoke/reproduce.json", "PROFILE=smoke")
    assert planned() == ["reproduce-seeds", "learning-curve"]


def test_a_project_adds_steps_of_its_own(finished: Path) -> None:
    with (finished / "project.mk").open("a") as stream:
        stream.write(PROJECT_MK)
    assert "inspect" in targets(finished)
    assert "cp reports/smoke/metrics.json reports/smoke/inspect.txt" in make(finished, "all", "PROFILE=smoke")
    make(finished, "graph", "PROFILE=smoke")
    assert words_of_pdf(finished / "reports" / "dag.pdf") == {*STEPS, "inspect"}
    assert (finished / "reports" / "dag.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("all", "PROFILE=nope"), ("nope", "config")),
        (("data", "PROFILE=smoke", "SOURCE=cern"), ("cern", "data/files.toml")),
    ],
    ids=["profile", "source"],
)
def test_a_wrong_request_is_one_line(arguments: tuple[str, ...], words: tuple[str, ...], project: Path) -> None:
    lines = make(project, *arguments, status=2).splitlines()
    said = [line for line in lines if not re.search(r"^make: \*\*\*| -m fair_model ", line)]
    assert len(said) == 1
    assert said[0].startswith("error: ")
    assert all(word in said[0] for word in words)
    assert not list(project.glob("data/processed/*/*"))


def test_clean_keeps_what_no_step_made(default_bake: Path, finished: Path) -> None:
    made = [finished / name for name in ("data/processed/smoke", "models/smoke", "reports/smoke", "build")]
    assert all(path.exists() for path in made)
    for _ in range(2):  # there is nothing to remove the second time
        make(finished, "clean")
        assert not any(path.exists() for path in made)
    kept = [path for path in default_bake.rglob("*") if path.is_file()]
    assert all((finished / path.relative_to(default_bake)).is_file() for path in kept)
    assert (finished / ".venv" / "bin" / "python").exists()
