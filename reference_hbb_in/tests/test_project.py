"""The project as the engine sees it: what each step depends on."""

from pathlib import Path

import pytest
from fairmodel.identity import code_files

import hbb_in
from hbb_in.project import PROJECT

SOURCE = Path(hbb_in.__file__).parent
SETTINGS = {"data/features.py", "model/options.py"}


def rooms(step: str) -> set[str]:
    """Folders and single files of the package that a step depends on, the feature table and options aside."""
    files = [path.relative_to(SOURCE) for path in code_files(step, PROJECT)["project"]]
    return {path.parts[0] for path in files if path.name != "__init__.py" and path.as_posix() not in SETTINGS}


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("data", {"data"}),
        ("validate", {"data", "validation"}),  # the simulated tracker is validated by itself
        ("train", {"model", "training.py"}),
        ("evaluate", {"model"}),
        ("export", {"model"}),
        ("explain", {"model"}),
        ("reproduce", {"data", "model", "training.py"}),
        ("report", {"interpretation", "reproduction"}),
        ("describe", set()),
    ],
)
def test_a_step_depends_on_its_rooms_alone(step: str, expected: set[str]) -> None:
    assert rooms(step) == expected


def test_the_compiled_code_is_part_of_the_network() -> None:
    assert SOURCE / "model" / "pair_effects.cpp" in code_files("train", PROJECT)["project"]


def test_the_data_step_does_not_depend_on_the_event_display() -> None:
    assert SOURCE / "data" / "display.py" not in code_files("data", PROJECT)["project"]
