"""CMS ntuples as files to predict: all jets of the tree, whatever window the data set was selected with."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from fairmodel.inference.rows import InputRows

from ..features import SCHEMA
from ..ragged import EVENT, branch_of, padded
from .jets import read_objects
from .ntuple import count_entries, read_ntuple, reader_versions

__all__ = ["NtupleReader"]


class NtupleReader:
    """Entries of the tree `deepntuplizer/tree` as rows; only the branches of inputs and event number are read."""

    def count(self, path: Path) -> int:
        """Number of entries in a file."""
        return count_entries(path)

    def read(self, path: Path, start: int) -> Iterator[InputRows]:
        """Yield the entries from number `start` on; those before are read as well, and dropped."""
        reader_versions()
        lists = [branch_of(feature) for item in SCHEMA.inputs for feature in item.features]
        for first, arrays in read_ntuple(path, [EVENT], lists):
            event = np.asarray(arrays[EVENT]).astype(np.int64)
            rows = np.arange(max(start - first, 0), len(event))
            if not len(rows):
                continue
            objects = {item.name: read_objects(arrays, item, rows, path, first) for item in SCHEMA.inputs}
            inputs = {item.name: padded(objects[item.name], item) for item in SCHEMA.inputs}
            yield InputRows(inputs, {"row": first + rows, "event": event[rows]})
