"""A result is kept as long as nothing that it depends on has changed, and no longer."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import fairmodel
from fairmodel.identity import BY_VALUE, FOOTPRINTS, code_files, code_of, identity
from fairmodel.interface import Run
from fairmodel.schema import Schema

ENGINE = Path(str(fairmodel.__file__)).parent
STEPS = ("train", "evaluate", "export", "explain", "describe", "report")
# a file of the engine, and which of these steps depend on it
DEPENDING = {
    "layers.py": {"train", "evaluate", "export", "explain"},
    "dataset.py": {*STEPS},
    "training/train.py": {"train"},
    "training/optimise.py": {"train"},
    "training/batches.py": {"train", "evaluate", "export", "explain"},
    "evaluation/network.py": {"evaluate", "export", "explain"},
    "evaluation/evaluate.py": {"evaluate"},
    "evaluation/separation.py": {"evaluate", "explain", "report"},
    "export/onnx.py": {"export"},
    "interpret/lrp/rules.py": {"explain"},
    "interpret/lrp/relevance.py": {"explain"},
    "fair/model_card.md.j2": {"describe", "report"},
    "fair/sbom.py": {"describe"},
    "report/page.html.j2": {"report"},
    "settings/evaluation.py": set(),
    "progress.py": set(),
    "serving/app.py": set(),
}
LOADED = """
import json, sys
from importlib import import_module
from pathlib import Path
from fairmodel.interface import Run
from tests.projects import other_config, other_project
from fairmodel.paths import Paths
step, root = sys.argv[1:]
run = Run(other_project(), other_config(), Paths.of_project(Path(root), "tiny"))
before = set(sys.modules)
module = {"train": "training.train", "evaluate": "evaluation.evaluate", "export": "export.onnx",
          "explain": "interpret.explain", "report": "report.page", "describe": "fair.describe"}[step]
getattr(import_module("fairmodel." + module), step)(run)
print(json.dumps(sorted(str(module.__file__) for name, module in sys.modules.items()
                        if name.partition(".")[0] == "fairmodel" and name not in before)))
"""


def depending(file: str, run: Run) -> set[str]:
    return {step for step in STEPS if ENGINE / file in code_files(step, run.project)["engine"]}


@pytest.mark.parametrize("file", DEPENDING)
def test_steps_depend_on_the_files_that_can_change_their_results(file: str, other: Run) -> None:
    found = depending(file, other)
    assert DEPENDING[file] <= found
    assert not found - DEPENDING[file] - {"describe", "report"}  # those two tell of all others


def test_a_change_of_what_comes_later_redoes_nothing_earlier(other: Run) -> None:
    later: dict[str, tuple[str, ...]] = {
        "train": ("evaluation", "export", "interpret", "report", "fair", "serving", "commands", "reproduce")
    }
    later |= {"data": (*later["train"], "training"), "evaluate": ("export", "interpret", "report", "fair")}
    for step, rooms in later.items():
        files = code_files(step, other.project)["engine"]
        assert not [path for path in files if path.relative_to(ENGINE).parts[0] in rooms]


def test_every_file_of_the_engine_counts_somewhere_or_never_reaches_a_result(other: Run) -> None:
    counted = {path for step in FOOTPRINTS for path in code_files(step, other.project)["engine"]}
    rooms = {
        "commands",
        "serving",
        "inference",
        "testing",
        "portability",
        "settings",
        "fair",
        "explore",
        "documentation",
    }
    alone = {
        "cli.py",
        "config.py",
        "discover.py",
        "errors.py",
        "progress.py",
        "stamps.py",
        "__init__.py",
        "cern.py",
        "dag.py",
    }
    files = set(ENGINE.rglob("*.py")) - counted
    assert not {path for path in files if path.name not in alone and path.relative_to(ENGINE).parts[0] not in rooms}


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_all_that_a_step_imports_is_in_its_identity(step: str, explained: Run) -> None:
    """The modules that a process has loaded after the step are the independent answer."""
    command = [sys.executable, "-c", LOADED, step, str(explained.paths.root)]
    result = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    loaded = {Path(name) for name in json.loads(result.stdout.splitlines()[-1])}
    by_value = tuple(name.removeprefix("fairmodel.") for name in BY_VALUE)
    known = {*code_files(step, explained.project)["engine"]}
    missing = loaded - known
    assert not {path for path in missing if not path.relative_to(ENGINE).as_posix().startswith(by_value)}


@pytest.fixture
def explained(other: Run) -> Run:
    """A run on which every step can work."""
    from fairmodel.evaluation.evaluate import evaluate
    from fairmodel.export.onnx import export
    from fairmodel.fair.describe import describe
    from fairmodel.training.train import train

    for step in (train, evaluate, export, describe):
        step(other)
    return other


PROJECT = """
from fairmodel import Feature, Input, Project, Schema
PROJECT = Project(
    package="shapes",
    schema=Schema("shapes", (Input("points", 3, (Feature("x", "m", "place"),)),), ("a", "b"), 0),
    prepare=".data.prepare:prepare", build=".model.build:build", loss=".training:loss",
    handlers={"Odd": ".interpretation:odd"},
)
"""
FILES = {
    "__init__.py": "",
    "project.py": PROJECT,
    "data/__init__.py": "",
    "data/prepare.py": "from .helpers import helper\ndef prepare(*a, **k): helper()\n",
    "data/helpers.py": "def helper(): ...\n",
    "model/__init__.py": "",
    "model/build.py": "def build(options):\n    from .layer import layer\n    return layer()\n",
    "model/layer.py": "def layer(): ...\n",
    "model/kernel.cpp": "// code\n",
    "training.py": "def loss(a, b): ...\n",
    "interpretation.py": "def odd(): ...\n",
    "unused.py": "",
}
WHAT_DEPENDS = {
    "data/prepare.py": {"data"},
    "data/helpers.py": {"data"},
    "model/build.py": {"train", "evaluate", "export", "explain"},
    "model/layer.py": {"train", "evaluate", "export", "explain"},
    "model/kernel.cpp": {"train", "evaluate", "export", "explain"},
    "training.py": {"train"},
    "interpretation.py": {"explain"},
    "unused.py": set[str](),
    "project.py": set[str](),  # what it declares counts by value
}
ASK = """
import json, sys
from shapes.project import PROJECT
from fairmodel.identity import code_of
print(json.dumps({step: code_of(step, PROJECT) for step in ("data", "train", "evaluate", "export", "explain")}))
"""


def asked(folder: Path) -> dict[str, dict[str, str]]:
    command = [sys.executable, "-B", "-c", ASK]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    found: dict[str, dict[str, str]] = json.loads(result.stdout)
    return found


@pytest.mark.slow
def test_a_change_of_each_file_of_a_project_redoes_what_depends_on_it(tmp_path: Path) -> None:
    for name, text in FILES.items():
        path = tmp_path / "shapes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    before = asked(tmp_path)
    for name, steps in WHAT_DEPENDS.items():
        path = tmp_path / "shapes" / name
        text = path.read_text()
        path.write_text(text + "\n# changed\n")
        after = asked(tmp_path)
        path.write_text(text)
        assert {step for step in before if before[step] != after[step]} == steps, name
    (tmp_path / "shapes" / "project.py").write_text(PROJECT.replace('"b"', '"c"'))
    assert all(before[step] != code for step, code in asked(tmp_path).items()), "another schema"


def test_schema_settings_inputs_and_more_count(other: Run) -> None:
    project, config = other.project, other.config
    first = identity("train", project, config, inputs={"train.h5": "a"})
    assert first == identity("train", project, config, inputs={"train.h5": "a"})
    classes = replace(project.schema, classes=("dark", "bright", "mixed"))
    assert isinstance(classes, Schema)
    training = config.training.model_copy(update={"seed": 2})
    evaluation = config.evaluation.model_copy(update={"bootstrap": 9})
    others = [
        identity("train", project, config, inputs={"train.h5": "b"}),
        identity("train", project, config, inputs={"train.h5": "a"}, more=3),
        identity("train", replace(project, schema=classes), config, inputs={"train.h5": "a"}),
        identity("train", project, config.model_copy(update={"training": training}), inputs={"train.h5": "a"}),
    ]
    assert len({first, *others}) == 5
    assert first == identity(
        "train", project, config.model_copy(update={"evaluation": evaluation}), inputs={"train.h5": "a"}
    )


def test_the_place_of_the_engine_does_not_count(other: Run, tmp_path: Path) -> None:
    """The same files elsewhere, as in a wheel, give the same hashes."""
    shutil.copytree(ENGINE, tmp_path / "fairmodel", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    script = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); from fairmodel.identity import code_of, FOOTPRINTS\n"
        "from tests.projects import other_project\nimport fairmodel\n"
        "assert fairmodel.__file__.startswith(sys.argv[1])\n"
        "print(json.dumps({step: code_of(step, other_project())['engine'] for step in FOOTPRINTS}))"
    )
    command = [sys.executable, "-B", "-c", script, str(tmp_path)]
    result = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True)
    assert json.loads(result.stdout) == {step: code_of(step, other.project)["engine"] for step in FOOTPRINTS}
