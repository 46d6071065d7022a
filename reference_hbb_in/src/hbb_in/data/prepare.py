"""The data step: simulate chunks, split, match the spectra of the classes, write shuffled files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from fairmodel import DataConfig, DatasetWriter, UserError, Workers
from fairmodel.splits import split

from .chunks import Chunk, library_versions, plan, simulate
from .features import CLASSES, SCHEMA
from .ragged import EVENT, LABELS, jet_class, to_samples
from .ragged_file import RaggedFile, gather

__all__ = ["match_spectra", "prepare"]

BLOCK = 4096  # rows written at a time


def prepare(config: DataConfig, out: Path, *, raw: Path, source: str, workers: Workers) -> None:
    """Write `train.h5`, `val.h5` and `test.h5` into `out`; unfinished work stays in `raw` for the next run.

    The rows depend on `config` and `source` alone. Simulated rows are in random order, those of ntuples in the order of
    the files; one split of the simulation at a time is in memory.
    """
    if source == "cern":
        from .cms.convert import convert_ntuples, download_ntuples

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


def match_spectra(pt: np.ndarray, label: np.ndarray, event: np.ndarray, *, bins: int, seed: int) -> np.ndarray:
    """Accept and reject jets of both classes so that they follow one transverse-momentum spectrum.

    The network must not learn the transverse momentum at which the jets were simulated. pt (GeV), label and event are
    (jet,). In each of `bins` equally filled bins of pT every class keeps as many jets as the rarer one has, chosen at
    random. Returns the kept rows, sorted; the choice does not depend on the order of the jets.
    """
    for index, name in enumerate(CLASSES):
        if not np.any(label == index):
            message = f"a split has no {name} jets to match the others with; simulate more chunks ([data.options])"
            raise UserError(message)
    order = np.lexsort((pt, event))
    priority = np.empty(len(pt))
    priority[order] = np.random.default_rng(seed).random(len(pt))
    edges = np.quantile(pt, np.linspace(0, 1, bins + 1)[1:-1])
    bin_of_jet = np.searchsorted(edges, pt, side="right")
    kept = [_match_bin(np.flatnonzero(bin_of_jet == number), label, priority) for number in range(bins)]
    return np.sort(np.concatenate(kept))


def _columns(chunks: Sequence[Chunk], files: Sequence[Path]) -> dict[str, np.ndarray]:
    """Transverse momentum, label, event, file and process of the jets of all files, one file after the other."""
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

    The classes are matched within each split: chunks have spectra of their own, so that whole chunks in a split would
    undo a matching of all jets together.
    """
    pt, label, event = (columns[name] for name in ("pt", "label", "event"))
    splits = split(config, event=event, file=columns["file"], stratum=columns["process"])
    bins, seed = config.options.pt_bins, config.seed
    return {
        name: rows[match_spectra(pt[rows], label[rows], event[rows], bins=bins, seed=seed)]
        for name, rows in splits.items()
    }


def _match_bin(rows: np.ndarray, label: np.ndarray, priority: np.ndarray) -> np.ndarray:
    """Return as many rows of each class as the rarer one has, those of the least priority."""
    ordered = rows[np.argsort(priority[rows], kind="stable")]
    classes = [ordered[label[ordered] == index] for index in range(len(CLASSES))]
    fewest = min(len(members) for members in classes)
    return np.concatenate([members[:fewest] for members in classes])


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
