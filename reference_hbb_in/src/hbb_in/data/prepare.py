"""The data step: simulate chunks, split, match the classes, write shuffled files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from fairmodel.config import DataConfig
from fairmodel.dataset import DatasetWriter
from fairmodel.errors import UserError
from fairmodel.splits import split
from fairmodel.workers import Workers

from .chunks import Chunk, plan, simulate
from .features import CLASSES, SCHEMA
from .matching import match_spectra
from .ragged import EVENT, LABELS, jet_class, to_samples
from .ragged_file import RaggedFile, gather
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
        from .cms.download import download_ntuples

        download_ntuples(config.options, raw)
        convert_ntuples(config, out, raw=raw, workers=workers)
        return
    if source != "simulation":
        message = (
            f"data.source = {source!r}: this project simulates its jets or reads those of CMS, nothing else; "
            'set source = "simulation" or source = "cern" in [data] of the profile'
        )
        raise UserError(message)
    chunks = plan(config.options, config.seed)
    files = simulate(chunks, raw, workers)
    columns = _columns(chunks, files)
    splits = _split_and_match(columns, config)
    provenance = _provenance(config, files, columns["label"])
    for number, (name, rows) in enumerate(splits.items()):
        order = np.random.default_rng([config.seed, number]).permutation(len(rows))
        jets = gather(files, rows)
        matched = {"split": name, "matched_jets": _by_class(columns["label"][rows])}
        with DatasetWriter(out / f"{name}.h5", SCHEMA, provenance | matched) as writer:
            for start in range(0, len(rows), BLOCK):
                writer.append(to_samples(jets.take(order[start : start + BLOCK])))


def _columns(chunks: Sequence[Chunk], files: Sequence[Path]) -> dict[str, np.ndarray]:
    """Of the jets of all files, one after the other: transverse momentum, label, event, file and process."""
    parts: dict[str, list[np.ndarray]] = {name: [] for name in ("pt", "label", "event", "file", "process")}
    for number, (chunk, path) in enumerate(zip(chunks, files, strict=True)):
        with RaggedFile(path) as file:
            parts["pt"].append(file.column("fj_pt"))
            parts["label"].append(jet_class({name: file.column(name) for name in LABELS}))
            parts["event"].append(file.column(EVENT))
        parts["file"].append(np.full(len(parts["pt"][-1]), number))
        parts["process"].append(np.full(len(parts["pt"][-1]), chunk.process))
    return {name: np.concatenate(arrays) for name, arrays in parts.items()}


def _split_and_match(columns: dict[str, np.ndarray], config: DataConfig) -> dict[str, np.ndarray]:
    """Rows of each split, sorted. A file is a chunk, which holds one process.

    The classes are matched within each split, since chunks have spectra of their own: whole ones in a split would undo
    a matching of all jets together.
    """
    pt, label, event = (columns[name] for name in ("pt", "label", "event"))
    splits = split(config, event=event, file=columns["file"], stratum=columns["process"])
    bins, seed = config.options.pt_bins, config.seed
    return {
        name: rows[match_spectra(pt[rows], label[rows], event[rows], bins=bins, seed=seed)]
        for name, rows in splits.items()
    }


def _provenance(config: DataConfig, files: Sequence[Path], label: np.ndarray) -> dict[str, Any]:
    return {
        "source": "simulation",
        "configuration": config.model_dump(mode="json"),
        "software": library_versions(),
        "chunks": [path.name for path in files],
        "simulated_jets": _by_class(label),
        "unusable_weights": "they are the generator's, for the spectra before the classes were matched",
    }


def _by_class(label: np.ndarray) -> dict[str, int]:
    return dict(zip(CLASSES, np.bincount(label, minlength=len(CLASSES)).tolist(), strict=True))
