"""Ntuples as CMS publishes them, written from known jets."""

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot

from ...dataset import Samples
from ..cms import ntuple
from ..features import SCHEMA, TRACKS, VERTICES

__all__ = ["PREFIXES", "Columns", "ntuple_columns", "random_jets", "write_ntuple"]

PREFIXES = {"track": "tracks", "trackBTag": "tracks", "sv": "vertices"}  # of the names of list branches

Columns = dict[str, Any]


def random_jets(jets: int, seed: int = 0, first_event: int = 0) -> Samples:
    """Jets in the middle of the window, two to an event, whose values tell the classes apart; some without objects."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(jets) % 2).astype(np.int64)
    inputs, counts = {}, {}
    for item in (TRACKS, VERTICES):
        number = random.integers(0, item.slots + 1, jets)
        values = random.normal(size=(jets, item.slots, len(item.features))) + 0.3 * labels[:, None, None]
        inputs[item.name] = (values * (np.arange(item.slots) < number[:, None])[..., None]).astype(np.float32)
        counts[item.name] = number.astype(np.uint16)
    spectators = {feature.name: random.random(jets).astype(np.float32) for feature in SCHEMA.spectators}
    spectators |= {"fj_pt": spectators["fj_pt"] + 500, "fj_sdmass": spectators["fj_sdmass"] + 120}
    event = first_event + np.arange(jets, dtype=np.int64) // 2
    return Samples(inputs, counts, labels, spectators["fj_weight"], spectators, event)


def ntuple_columns(samples: Samples) -> Columns:
    """The jets as the ntuple has them: integer labels, one list for each feature."""
    columns: Columns = {
        "event_no": samples.event.astype(np.uint32),
        "sample_isQCD": (samples.labels == 0).astype(np.int32),
        "fj_isQCD": (samples.labels == 0).astype(np.int32),
        "fj_isH": samples.labels.astype(np.int32),
    }
    columns |= samples.spectators
    for item in (TRACKS, VERTICES):
        real = np.arange(item.slots) < samples.counts[item.name][:, None]
        for index, name in enumerate(item.feature_names):
            values = samples.inputs[item.name][..., index]
            columns[name] = ak.unflatten(values[real], samples.counts[item.name].astype(int))
    return columns


def write_ntuple(path: Path, columns: Columns, tree: str = ntuple.TREE) -> Path:
    """Write columns by the ntuple's branch names, with as little structure as ROOT allows."""
    lists = {name: values for name, values in columns.items() if isinstance(values, ak.Array)}
    branches = {name: values for name, values in columns.items() if name not in lists}
    for prefix in PREFIXES:
        names = [name for name in lists if name.startswith(f"{prefix}_")]
        branches[prefix] = ak.zip({name.removeprefix(f"{prefix}_"): lists[name] for name in names})
    types = {
        name: values.type.content if isinstance(values, ak.Array) else values.dtype for name, values in branches.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with uproot.recreate(path) as file:
        file.mktree(tree, types, counter_name=lambda counted: f"n_{counted}").extend(branches)
    return path
