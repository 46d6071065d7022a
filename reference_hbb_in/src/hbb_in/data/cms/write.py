"""ROOT files like those that CMS publishes: the same tree, branches and meaning, from jets in ragged form."""

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from fairmodel.files import atomic_path

from ..features import SCHEMA
from ..ragged import COLUMN_TYPES, Objects, RaggedJets, branch_of
from .ntuple import TREE, reader_versions

__all__ = ["recipe_of", "write_ntuple"]

RECIPE = "recipe"  # name of the text in which a file says what it was made from
COUNTERS = {"tracks": "n_tracks", "vertices": "n_sv"}


def write_ntuple(path: Path, parts: Iterable[RaggedJets], recipe: str) -> int:
    """Write jets, one part after the other, to a file that appears only when it is whole; returns their number.

    The lists of an input share one counter branch, as in the published files, whose own float branches `ntracks` and
    `nsv` say the same. Each part becomes one compressed basket of each branch.
    """
    reader_versions()
    uproot = import_module("uproot")
    written = 0
    with atomic_path(path) as temporary, uproot.recreate(temporary, compression=uproot.ZLIB(1)) as file:
        file[RECIPE] = recipe
        tree = file.mktree(TREE, _branch_types(), counter_name=_counter)
        for jets in parts:
            tree.extend(_branches(jets))
            written += len(jets)
    return written


def recipe_of(path: Path) -> str | None:
    """What a whole ROOT file says it was made from, or None."""
    uproot = import_module("uproot")
    try:
        with uproot.open({path: None}) as file:
            return str(file[RECIPE]) if path.stat().st_size >= file.file.fEND else None
    except Exception:  # uproot hands on whatever goes wrong at damaged bytes
        return None


def _branch_types() -> dict[str, Any]:
    lists = {branch_of(feature): "var * float32" for item in SCHEMA.inputs for feature in item.features}
    return {**COLUMN_TYPES, **lists}


def _counter(branch: str) -> str:
    """The branch that says how many entries a list branch has."""
    for item in SCHEMA.inputs:
        if branch in map(branch_of, item.features):
            return COUNTERS[item.name]
    return f"n_{branch}"


def _branches(jets: RaggedJets) -> dict[str, Any]:
    branches: dict[str, Any] = dict(jets.columns)
    for item in SCHEMA.inputs:
        objects = jets.objects[item.name]
        for column, feature in enumerate(item.features):
            branches[branch_of(feature)] = _lists(objects, column)
    return branches


def _lists(objects: Objects, column: int) -> Any:
    """One feature of the objects of each jet, as an Awkward array."""
    import awkward as ak

    return ak.unflatten(np.ascontiguousarray(objects.values[:, column]), objects.number)
