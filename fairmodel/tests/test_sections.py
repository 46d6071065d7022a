"""A section's file changes when the section does, and only then."""

import json
import os
from pathlib import Path

from fairmodel.config import RunConfig
from fairmodel.sections import write_sections

from .projects import Channels, other_config

LONG_AGO = 1_000_000_000
SECTIONS = set(RunConfig.model_fields) - {"profile"}


def changed(config: RunConfig, folder: Path, source: str | None = None) -> set[str]:
    """Names of the sections whose files are written anew."""
    for path in folder.glob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO))
    write_sections(config, folder, manifest=folder.parent / "files.toml", source=source)
    return {path.stem for path in folder.iterdir() if path.stat().st_mtime > LONG_AGO}


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    config = other_config()
    assert changed(config, tmp_path) == SECTIONS
    assert changed(config, tmp_path) == set()
    assert changed(config.model_copy(update={"model": Channels(channels=7)}), tmp_path) == {"model"}
    training = config.training.model_copy(update={"epochs": 99})
    assert changed(config.model_copy(update={"training": training}), tmp_path) == {"model", "training"}


def test_another_source_is_another_data_section(tmp_path: Path) -> None:
    config = other_config()
    changed(config, tmp_path)
    assert changed(config, tmp_path, source="simulation") == set()
    assert changed(config, tmp_path, source="cern") == {"data"}
    assert json.loads((tmp_path / "data.json").read_text())["source"] == "cern"
    assert changed(config, tmp_path) == {"data"}


def test_another_list_of_files_is_another_data_section_where_it_matters(tmp_path: Path) -> None:
    config, manifest = other_config(), tmp_path / "files.toml"
    for source, matters in (("zenodo", {"data"}), ("cern", {"data"}), ("simulation", set())):
        manifest.write_text("file = []")
        changed(config, tmp_path / "build", source)
        assert changed(config, tmp_path / "build", source) == set()
        manifest.write_text("# another\nfile = []")
        assert changed(config, tmp_path / "build", source) == matters


def test_the_files_hold_the_whole_configuration(tmp_path: Path) -> None:
    changed(other_config(), tmp_path)
    content = {path.stem: json.loads(path.read_text()) for path in tmp_path.iterdir()}
    assert content == other_config().model_dump(mode="json", exclude={"profile"})
