"""A random part of a data set, as a file of the same layout."""

from pathlib import Path

import numpy as np

from ..dataset import Dataset, DatasetWriter
from ..schema import Schema

__all__ = ["write_subset"]

BLOCK_ROWS = 4096


def write_subset(source: Path, out: Path, schema: Schema, rows: int, seed: int) -> None:
    """Write `rows` random rows of `source` into `out`, in their order; the same arguments give the same bytes.

    With one seed, more rows contain fewer: the rows of the smaller part are in the larger one too.
    """
    with Dataset(source, schema) as dataset:
        chosen = np.sort(np.random.default_rng(seed).permutation(len(dataset))[:rows])
        provenance = dataset.provenance | {"subset": {"rows": rows, "of": len(dataset), "seed": seed}}
        with DatasetWriter(out, schema, provenance) as writer:
            for start in range(0, len(dataset), BLOCK_ROWS):
                here = chosen[(chosen >= start) & (chosen < start + BLOCK_ROWS)] - start
                if len(here):
                    writer.append(dataset.read(start, start + BLOCK_ROWS).take(here))
