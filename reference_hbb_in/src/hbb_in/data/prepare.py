"""The data step: simulate chunks, match the classes, split by event, write shuffled files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ..config import DataConfig
from ..dataset import Dataset, DatasetWriter, Samples
from ..errors import UserError
from ..splits import split_by_event
from ..workers import Workers
from .chunks import plan, simulate
from .features import CLASSES, SCHEMA
from .matching import match_spectra
from .simulation.libraries import library_versions

__all__ = ["prepare"]

BLOCK = 4096  # rows written at a time


def prepare(config: DataConfig, out: Path, *, raw: Path, source: str, workers: Workers) -> None:
    """Write `train.h5`, `val.h5` and `test.h5` into `out`; unfinished work stays in `raw` for the next run.

    The rows depend on `config` and `source` alone. Simulated rows are in random order, those of ntuples in the order of
    the files; one split of the simulation at a time is in memory.
    """
    if source == "cern":
        from .cms.convert import convert_ntuples

        convert_ntuples(config, out, raw=raw)
        return
    if source != "simulation":
        message = (
            f"data.source = {source!r}: this project simulates its jets or reads those of CMS, nothing else; "
            'set source = "simulation" or source = "cern" in [data] of the profile'
        )
        raise UserError(message)
    options = config.options
    files = simulate(plan(options, config.seed), raw, workers)
    pt, label, event = _columns(files)
    kept = match_spectra(pt, label, event, bins=options.pt_bins, seed=config.seed)
    fractions = config.fractions.model_dump()
    provenance = _provenance(config, files, label, kept)
    for number, (name, rows) in enumerate(split_by_event(event[kept], fractions, config.seed).items()):
        order = np.random.default_rng([config.seed, number]).permutation(len(rows))
        samples = _gather(files, kept[rows]).take(order)
        with DatasetWriter(out / f"{name}.h5", SCHEMA, provenance) as writer:
            for start in range(0, len(samples), BLOCK):
                writer.append(samples.take(np.arange(start, min(start + BLOCK, len(samples)))))


def _columns(files: Sequence[Path]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Transverse momentum, label and event of the jets of all files, one after the other."""
    parts: list[list[np.ndarray]] = []
    for path in files:
        with h5py.File(path) as file:
            parts.append([file[name][:] for name in ("spectators/fj_pt", "labels", "event")])
    pt, label, event = (np.concatenate(column) for column in zip(*parts, strict=True))
    return pt, label, event


def _gather(files: Sequence[Path], rows: np.ndarray) -> Samples:
    """The given rows, sorted, counted over all files."""
    parts, start = [], 0
    for path in files:
        with Dataset(path, SCHEMA) as data:
            stop = start + len(data)
            parts.append(data.read().take(rows[(rows >= start) & (rows < stop)] - start))
        start = stop
    return Samples.concatenate(parts)


def _provenance(config: DataConfig, files: Sequence[Path], label: np.ndarray, kept: np.ndarray) -> dict[str, Any]:
    def by_class(labels: np.ndarray) -> dict[str, int]:
        return dict(zip(CLASSES, np.bincount(labels, minlength=len(CLASSES)).tolist(), strict=True))

    return {
        "source": "simulation",
        "configuration": config.model_dump(mode="json"),
        "software": library_versions(),
        "chunks": [path.name for path in files],
        "simulated_jets": by_class(label),
        "matched_jets": by_class(label[kept]),
    }
