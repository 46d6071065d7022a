"""Ntuples as CMS publishes them, written from known jets, and faulty ones."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import awkward as ak
import numpy as np
import uproot
from fairmodel import Workers

from hbb_in.data.cms import ntuple
from hbb_in.data.features import SCHEMA
from hbb_in.data.ragged import COLUMN_TYPES, LABELS, Objects, RaggedJets

__all__ = ["Branches", "Here", "assert_same_jets", "ntuple_branches", "random_jets", "write_branches"]

T = TypeVar("T")
R = TypeVar("R")
Branches = dict[str, Any]


class Here(Workers):
    """Workers that save the time to start a process."""

    def run(
        self,
        function: Callable[[T], R],
        tasks: Sequence[T],
        **_: object,
    ) -> Iterator[tuple[int, R]]:
        return enumerate(map(function, tasks))


def random_jets(jets: int, seed: int = 0, first_event: int = 0, most: dict[str, int] | None = None) -> RaggedJets:
    """Jets in the middle of the window, two to an event, whose values tell the classes apart; some without objects."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(jets) % 2)
    columns = {name: random.random(jets).astype(kind) for name, kind in COLUMN_TYPES.items()}
    columns |= dict(zip(LABELS, np.array([labels == 0, labels == 0, labels == 1]).astype(np.int32), strict=True))
    columns["fj_pt"] += 500
    columns["fj_sdmass"] += 120
    columns["event_no"] = first_event + np.arange(jets, dtype=np.int64) // 2
    objects = {}
    for item in SCHEMA.inputs:
        number = random.integers(0, (most or {}).get(item.name, item.slots) + 1, jets)
        values = random.normal(size=(number.sum(), len(item.features))) + 0.3 * np.repeat(labels, number)[:, None]
        objects[item.name] = Objects(number, values.astype(np.float32))
    return RaggedJets(columns, objects)


def ntuple_branches(jets: RaggedJets) -> Branches:
    """The jets as the published files have them: 32-bit event numbers, one list for each feature, no weights."""
    branches: Branches = {name: values for name, values in jets.columns.items() if name != "fj_weight"}
    branches["event_no"] = jets.columns["event_no"].astype(np.uint32)
    for item in SCHEMA.inputs:
        objects = jets.objects[item.name]
        for index, name in enumerate(item.feature_names):
            branches[name] = ak.unflatten(np.ascontiguousarray(objects.values[:, index]), objects.number)
    return branches


def write_branches(path: Path, branches: Branches, tree: str = ntuple.TREE, basket: int | None = None) -> Path:
    """Write branches as they are, each list with a counter of its own; `basket` jets at a time."""
    kinds = {
        name: values.type.content if isinstance(values, ak.Array) else np.dtype((values.dtype, values.shape[1:]))
        for name, values in branches.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    jets = len(branches["fj_pt"])
    with uproot.recreate(path) as file:
        written = file.mktree(tree, kinds, counter_name=lambda counted: f"n_{counted}")
        for start in range(0, jets, basket or jets):
            written.extend({name: values[start : start + (basket or jets)] for name, values in branches.items()})
    return path


def assert_same_jets(found: RaggedJets, expected: RaggedJets) -> None:
    assert found.columns.keys() == expected.columns.keys()
    for name, values in expected.columns.items():
        np.testing.assert_array_equal(found.columns[name], values, strict=True, err_msg=name)
    assert found.objects.keys() == expected.objects.keys()
    for name, objects in expected.objects.items():
        np.testing.assert_array_equal(found.objects[name].number, objects.number, strict=True, err_msg=name)
        np.testing.assert_array_equal(found.objects[name].values, objects.values, strict=True, err_msg=name)
