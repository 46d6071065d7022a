"""What the engine expects of this project. The template owns this file; the folders beside it are for your tests."""

from pathlib import Path

import pytest
from fairmodel.discover import find_project
from fairmodel.testing import contract

ROOT = Path(__file__).parents[1]
PROJECT = find_project(ROOT)


def test_every_function_that_the_project_names_is_there() -> None:
    contract.check_functions(PROJECT)


@pytest.mark.parametrize("profile", contract.list_profiles(ROOT))
def test_every_profile_is_valid(profile: str) -> None:
    contract.check_profile(PROJECT, ROOT, profile)


def test_variants_of_the_network_differ() -> None:
    contract.check_ablations(PROJECT)


def test_the_network_answers_row_by_row() -> None:
    contract.check_network(PROJECT, ROOT)


def test_the_graph_answers_as_the_network_does() -> None:
    contract.check_export(PROJECT, ROOT)


def test_the_data_step_can_be_repeated(tmp_path: Path) -> None:
    contract.check_data(PROJECT, ROOT, tmp_path)


def test_the_list_of_files_is_valid() -> None:
    contract.check_manifest(ROOT)


def test_the_metadata_follow_their_source() -> None:
    contract.check_metadata(ROOT)


@pytest.mark.parametrize("command", contract.command_names(PROJECT))
def test_every_command_explains_itself(command: str) -> None:
    contract.check_command(PROJECT, command)
