"""What the conversion is compared with: reading the branches and nothing else, and the plain way to make arrays.

The plain way is that of many a script: every feature is padded for itself, in double precision, for every jet of the
file; what lies outside the window goes at the end.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from fairmodel.schema import Input

from ...data.cms.ntuple import TREE
from ...data.features import SCHEMA
from ...data.options import Window
from ...data.ragged import COLUMN_TYPES, WEIGHT, branch_of, in_window, jet_class

__all__ = ["plain_arrays", "plain_file", "read_branches"]

STEP_JETS = 16384  # in memory at a time, as in the conversion
NUMBERS = tuple(name for name in COLUMN_TYPES if name != WEIGHT)


def read_branches(path: Path) -> None:
    """Let uproot read all branches that the conversion needs, and do nothing with them."""
    lists = [branch_of(feature) for item in SCHEMA.inputs for feature in item.features]
    with import_module("uproot").open({path: TREE}) as tree:
        for _ in tree.iterate([*NUMBERS, *lists], step_size=STEP_JETS):
            pass


def plain_arrays(path: Path, window: Window) -> Iterator[dict[str, np.ndarray]]:
    """The inputs (jet, slot, feature) and the numbers (jet, number) of the selected jets, float64."""
    with import_module("uproot").open({path: TREE}) as tree:
        for start in range(0, tree.num_entries, STEP_JETS):
            part = {"entry_start": start, "entry_stop": start + STEP_JETS}
            arrays = {item.name: _padded(tree, item, part) for item in SCHEMA.inputs}
            columns = {name: tree[name].array(library="np", **part).astype(np.float64) for name in NUMBERS}
            arrays["numbers"] = np.stack(list(columns.values()), axis=-1)
            keep = np.logical_and.reduce([jet_class(columns) >= 0, *in_window(columns, window).values()])
            yield {name: values[keep] for name, values in arrays.items()}


def _padded(tree: Any, item: Input, part: dict[str, int]) -> np.ndarray:
    import awkward as ak

    features = []
    for feature in item.features:
        lists = tree[branch_of(feature)].array(**part)
        padded = ak.fill_none(ak.pad_none(lists, item.slots, clip=True), 0)
        features.append(ak.to_numpy(padded).astype(np.float64))
    return np.stack(features, axis=-1)


def plain_file(path: Path, window: Window, out: Path) -> None:
    """Write the plain arrays, compressed by the fastest level of gzip."""
    with h5py.File(out, "w") as file:
        for arrays in plain_arrays(path, window):
            for name, values in arrays.items():
                if name not in file:
                    shape = values.shape[1:]
                    layout = {"maxshape": (None, *shape), "chunks": (256, *shape), "shuffle": True}
                    file.create_dataset(name, (0, *shape), compression="gzip", compression_opts=1, dtype="f8", **layout)
                column = file[name]
                rows = len(column)
                column.resize(rows + len(values), axis=0)
                column[rows:] = values
