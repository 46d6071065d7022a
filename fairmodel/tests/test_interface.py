"""What a project shows the engine: what it has to give, what is refused, and that it travels to other processes."""

import pickle
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import pytest

from fairmodel.cli import main
from fairmodel.errors import UserError
from fairmodel.interface import (
    Command,
    NoOptions,
    Project,
    ReportSection,
    Run,
    ValidationSection,
    option,
)
from fairmodel.lazy import Lazy

from .projects import CELLS, PROFILE, other_project, own_project

PREPARE, BUILD = "tests.projects:prepare_cells", "tests.projects:convolution"
LEAST: dict[str, Any] = {"schema": CELLS, "prepare": PREPARE, "build": BUILD}
NOWHERE = "tests.projects:nothing"


def test_three_parts_are_enough() -> None:
    project = Project(**LEAST)
    assert project.package == "tests"
    assert (project.data_options, project.model_options) == (NoOptions, NoOptions)
    assert (project.plot, project.studies, project.report, project.validation) == (None, (), (), ())
    assert project.loss == Lazy("fairmodel.training.optimise:cross_entropy")
    assert project.optimiser == Lazy("fairmodel.training.optimise:make_optimiser")
    project.check()


@pytest.mark.parametrize("missing", LEAST)
def test_a_required_part_that_is_missing_is_named(missing: str) -> None:
    with pytest.raises(TypeError, match=f"missing 1 required keyword-only argument: '{missing}'"):
        Project(**{name: value for name, value in LEAST.items() if name != missing})


def test_parts_have_names() -> None:
    with pytest.raises(TypeError, match="positional"):
        Project(CELLS, "a:b", "a:b")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'network'"):
        Project(**LEAST | {"network": BUILD})


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"schema": None}, r"Project\(schema=…\) is None; give it the Schema of the data"),
        ({"schema": "cells"}, r"Project\(schema=…\) is 'cells'; give it the Schema"),
        ({"prepare": None}, r"Project\(prepare=…\) is None; give it a function, or its name package\.module:function"),
        ({"build": 3}, r"Project\(build=…\) is 3; give it a function"),
        ({"plot": 3}, r"Project\(plot=…\) is 3; give it a function"),
        ({"loss": None}, r"Project\(loss=…\) is None; give it a function"),
        ({"optimiser": "adam"}, r"Project\(optimiser=…\) is 'adam'; write it as package\.module:function"),
        ({"build": NOWHERE}, r"Project\(build=…\) is 'tests\.projects:nothing', but .*projects\.py defines no nothing"),
        ({"handlers": {"GRU": NOWHERE}}, r"a function in Project\(handlers=…\) is .*defines no nothing"),
        ({"readers": {".root": NOWHERE}}, r"a function in Project\(readers=…\) is .*defines no nothing"),
        ({"studies": (Command("a", "b", NOWHERE),)}, r"a function in Project\(studies=…\) is .*defines no nothing"),
        ({"report": (ReportSection("A", "b", NOWHERE),)}, r"a function in Project\(report=…\) is .*defines no nothing"),
        ({"validation": (ValidationSection("A", NOWHERE),)}, r"a function in Project\(validation=…\) is .*no nothing"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_is_no_part_is_refused_with_field_value_and_remedy(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(UserError, match=f"^{problem}"):
        Project(**LEAST | changes).check()


def test_names_are_refused_before_anything_runs(other: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """The loss is not even needed for this command."""
    project = replace(other.project, loss="tests.projects:nothing")
    assert main(project, ["summary", "--project", str(other.paths.root), "--profile", PROFILE]) == 1
    assert capsys.readouterr().err.startswith("error: Project(loss=…) is 'tests.projects:nothing', but ")


def test_relative_names_are_those_of_the_package() -> None:
    project = Project(
        schema=CELLS,
        package="shapes.of.mine",
        prepare=".data:prepare",
        build=".model.deep:build",
        plot="other.place:draw",
        handlers={"GRU": ".rules:gru"},
        readers={".csv": ".files:Table"},
        studies=(Command("look", "look closely", ".studies:look"),),
        report=(ReportSection("A", "make a", ".report:a"),),
        validation=(ValidationSection("B", ".validation:B"),),
    )
    assert project.prepare == Lazy("shapes.of.mine.data:prepare")
    assert project.build == Lazy("shapes.of.mine.model.deep:build")
    assert project.plot == Lazy("other.place:draw")
    assert project.handlers == {"GRU": "shapes.of.mine.rules:gru"}
    assert project.readers == {".csv": "shapes.of.mine.files:Table"}
    assert project.studies[0].function == "shapes.of.mine.studies:look"
    assert project.report[0].render == "shapes.of.mine.report:a"
    assert project.validation[0].collector == "shapes.of.mine.validation:B"


def test_the_package_is_that_of_the_network_unless_it_is_given() -> None:
    assert Project(**LEAST | {"build": "shapes.model:build"}).package == "shapes"
    assert Project(**LEAST | {"build": own_project}).package == "tests"
    assert Project(**LEAST, package="another").package == "another"


def test_a_function_itself_will_do(other: Run) -> None:
    from .projects import Channels, convolution

    project = replace(other.project, build=convolution)
    assert project.build is convolution
    project.check()
    assert sum(weight.numel() for weight in project.build(Channels()).parameters()) > 0


@pytest.mark.parametrize("make", [own_project, other_project])
def test_a_project_is_the_same_in_another_process(make: Any) -> None:
    project = make()
    copy = pickle.loads(pickle.dumps(project))
    assert copy == project == make()
    assert copy.package == "tests"
    assert copy.schema == project.schema


def test_replacing_a_part_leaves_the_others() -> None:
    project = other_project()
    changed = replace(project, plot=None, loss="tests.projects:convolution")
    assert changed.plot is None
    assert changed.loss == Lazy("tests.projects:convolution")
    assert replace(changed, plot=project.plot, loss=project.loss) == project
    assert project.plot is not None
    with pytest.raises(FrozenInstanceError):
        project.package = "another"  # type: ignore[misc]


def test_options_of_a_study_are_those_of_argparse() -> None:
    number = option("-n", "--number", type=int, default=3)
    assert (number.names, number.settings, number.exclusive) == (("-n", "--number"), {"type": int, "default": 3}, "")


def test_options_of_one_group_exclude_each_other(other: Run, capsys: pytest.CaptureFixture[str]) -> None:
    options = [option(f"--{name}", action="store_true", exclusive=name[0]) for name in ("aa", "ab", "ba", "bb")]
    study = Command("look", "look", "builtins:dict", tuple(options), takes="nothing")
    project = replace(other.project, studies=(study,))
    for pair in (["--aa", "--ab"], ["--ba", "--bb"]):
        with pytest.raises(SystemExit, match="2"):
            main(project, ["look", *pair])
        assert "not allowed with" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="0"):
        main(project, ["look", "--aa", "--bb", "--help"])


def test_a_run_is_read_from_a_folder(other: Run) -> None:
    run = Run.of(other.project, other.paths.root, PROFILE)
    assert (run.project, run.paths) == (other.project, other.paths)
    assert run.config.profile == PROFILE
    with pytest.raises(UserError, match="there is no profile 'huge'"):
        Run.of(other.project, other.paths.root, "huge")


def test_a_run_of_a_relative_folder_has_absolute_paths(other: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(other.paths.root)
    assert Run.of(other.project, Path(), PROFILE).paths == other.paths
