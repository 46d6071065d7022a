"""A project of which every FAIR check that needs no network passes, for tests that spoil it in one way each."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx

from fairmodel.fair import metadata
from fairmodel.fair.check.network import Network
from fairmodel.fair.check.subject import Subject
from fairmodel.fair.crate.action import Action, reach_of
from fairmodel.fair.crate.record import append
from fairmodel.fair.describe import describe
from fairmodel.files import read_json, sha256, write_json
from fairmodel.interface import Run
from fairmodel.paths import Paths

__all__ = [
    "DOI",
    "SOURCE",
    "edit_graph",
    "edit_json",
    "make_good",
    "record_step",
    "replace_in",
    "subject_of",
    "without_file",
]

DOI = "10.5281/zenodo.7654321"
SOURCE = r"""
[identity]
title = "A \"good\" model, ünï & <b>bold</b> | $x_1$"
version = "1.2.3"
description = "Tells dark from bright."
keywords = ["cells", "test"]
doi = "10.5281/zenodo.7654321"
date-released = "2030-01-31"
repository = "https://code.cells.dev/good"
license = "MIT"
access = "open"
[[people]]
given-names = "Grace"
family-names = "Hopper"
orcid = "0000-0002-1694-233X"
[model]
task = "classification of images"
architecture = "a convolution"
intended-use = "Tests."
out-of-scope = "All else."
limitations = "Random numbers."
ethics = "No person is described."
hardware = "Any processor."
[training-data]
title = "Cells"
doi = "10.5281/zenodo.7654320"
license = "CC0-1.0"
[[references]]
type = "article"
title = "On cells"
authors = [{ name = "Somebody" }]
doi = "10.1103/PhysRevD.102.012010"
year = 2020
"""
PYPROJECT = """[project]
name = "cells"
version = "1.2.3"
dependencies = ["numpy", "torch"]
[project.optional-dependencies]
gpu = ["no-such-engine>=10"]
"""
CODE = """import numpy
from torch import nn
from . import b
import no_such_engine
try:
    import nothing
except ImportError:
    pass
"""


def make_good(run: Run, root: Path) -> Run:
    """Copy a trained run to `root` and add all that a project should have."""
    shutil.copytree(run.paths.root, root)
    good = Run(run.project, run.config, Paths.of_project(root, run.paths.profile))
    (root / "fair.toml").write_text(SOURCE, encoding="utf-8")
    (root / "LICENSE").write_text("Permission is granted. " * 20, encoding="utf-8")
    (root / "README.md").write_text("A model, https://code.cells.dev/good.\n", encoding="utf-8")
    (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (root / "src" / "cells").mkdir(parents=True)
    (root / "src" / "cells" / "a.py").write_text(
        CODE,
        encoding="utf-8",
    )
    software = {name: text for name, text in read_json(good.paths.run)["software"].items() if name != "python"}
    pins = ["# pins", *(f"{name}=={version.partition('+')[0]}" for name, version in software.items())]
    pins.append("numpy==0.1 ; python_version < '3'")
    (root / "constraints.txt").write_text("\n".join(pins), encoding="utf-8")

    metadata.write(root)
    edit_graph(good.paths.onnx, lambda graph: onnx.helper.set_model_props(graph, _properties(graph)))
    describe(good)
    for step in ("train", "evaluate", "export", "fair describe"):
        record_step(good, step)
    return good


def _properties(graph: onnx.ModelProto) -> dict[str, str]:
    """What the graph says of itself, with the DOI that it would have had."""
    return {item.key: item.value for item in graph.metadata_props} | {"doi": DOI}


def record_step(run: Run, step: str, **settings: Any) -> None:
    """Append a step to the crate, with the files as they are."""
    root, reach = run.paths.root, reach_of(tuple(step.split()), run.paths.profile)[1]
    files = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    known: dict[str, Any] = {"commit": {"id": "0" * 40, "dirty": False}} | settings
    moment = f"2030-01-31T00:00:{len(list(root.glob('models/*/*'))):02}"
    action = Action(
        step=step,
        profile=run.paths.profile,
        command=f"python -m cells {step}",
        started=moment + ".0Z",
        ended=moment + ".5Z",
        agent="#A",
        settings={"configuration": run.config.model_dump(mode="json")} | known,
        inputs={name: sha256(files[name]) for name in reach.reads if name in files},
        outputs={name: sha256(path) for name, path in files.items() if reach.has(name)},
    )
    append(root, action, run.project.package)


def subject_of(run: Run, network: Network | None = None) -> Subject:
    """What the checks look at."""
    return Subject(run, network)


def replace_in(path: Path, old: str, new: str) -> None:
    """Replace a text that is there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def edit_json(path: Path, change: Callable[[Any], Any]) -> None:
    """Change the content of a JSON file in place."""
    content = read_json(path)
    change(content)
    write_json(path, content)


def without_file(name: str) -> Callable[[Any], None]:
    """A change of a description that no longer lists the file."""

    def change(description: Any) -> None:
        files = description["distribution"]
        (gone,) = [item for item in files if item.get("name") == name]
        files.remove(gone)

    return change


def edit_graph(path: Path, change: Callable[[onnx.ModelProto], Any]) -> None:
    """Change a graph in place."""
    graph = onnx.load(path)
    change(graph)
    path.write_bytes(graph.SerializeToString())
