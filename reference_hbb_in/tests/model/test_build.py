"""From the `[model]` section to a network."""

import subprocess
import sys

import pytest
from fairmodel import Feature, Input, Schema, UserError
from pydantic import ValidationError

from hbb_in.model.build import build
from hbb_in.model.options import ModelOptions


def features(prefix: str, count: int) -> tuple[Feature, ...]:
    return tuple(Feature(f"{prefix}_{index}", "1", "a number") for index in range(count))


SCHEMA = Schema(
    "jets", (Input("tracks", 60, features("track", 30)), Input("vertices", 5, features("sv", 14))), ("QCD", "Hbb"), 1
)


def test_defaults_are_the_papers_baseline() -> None:
    assert sum(parameter.numel() for parameter in build(ModelOptions(), SCHEMA).parameters()) == 25_554


def test_dropping_by_name() -> None:
    options = ModelOptions(
        hidden=16,
        effect=8,
        output=8,
        dropped_track_features=tuple(f"track_{index}" for index in (2, *range(13, 22), 25, 26)),
        dropped_vertex_features=tuple(f"sv_{index}" for index in (0, 1, 2, 3, 8)),
    )
    network = build(options, SCHEMA)
    assert sum(parameter.numel() for parameter in network.parameters()) == 2_842
    assert network.select_vertices.kept.tolist() == [4, 5, 6, 7, 9, 10, 11, 12, 13]


def test_wrong_names_are_refused() -> None:
    with pytest.raises(UserError, match=r"dropped_track_features names sv_1, which tracks do not have"):
        build(ModelOptions(dropped_track_features=("sv_1",)), SCHEMA)
    with pytest.raises(UserError, match="drops every feature of vertices"):
        build(ModelOptions(dropped_vertex_features=SCHEMA.inputs[1].feature_names), SCHEMA)


def test_wrong_options_are_refused() -> None:
    with pytest.raises(ValidationError, match="greater than 0"):
        ModelOptions(hidden=0)
    with pytest.raises(ValidationError, match="dropped_track_features names track_1 more than once"):
        ModelOptions(dropped_track_features=("track_1", "track_1"))


def test_options_do_not_import_torch() -> None:
    program = "import importlib, sys; importlib.import_module(sys.argv[1]); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program, ModelOptions.__module__], check=False).returncode == 0
