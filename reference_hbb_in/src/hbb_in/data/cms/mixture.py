"""Simulated jets as CMS publishes its own: ROOT files in train/ and test/, in which all samples are mixed at random."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from fairmodel.config import DataConfig
from fairmodel.errors import UserError
from fairmodel.splits import SPLITS, split
from fairmodel.workers import Workers

from ..chunks import plan, simulate
from ..ragged import EVENT, RaggedJets
from ..ragged_file import RaggedFile, gather
from .ntuple import reader_versions
from .write import recipe_of, write_ntuple

__all__ = ["MergedFile", "simulate_ntuples"]

BASKET_JETS = 2000  # in one compressed piece of a branch, as ROOT makes them in 30 MB of all branches


@dataclass(frozen=True)
class MergedFile:
    """The recipe of one ROOT file: which jets, counted over all `chunks`, it holds in which order, int64 (jet,)."""

    path: Path
    chunks: tuple[Path, ...]
    jets: np.ndarray

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what its content depends on; chunks are named by digests of their own."""
        program = [(Path(__file__).parent / name).read_text(encoding="utf-8") for name in ("mixture.py", "write.py")]
        recipe = [program, reader_versions(), [path.name for path in self.chunks], self.jets.tolist()]
        return hashlib.sha256(json.dumps(recipe).encode()).hexdigest()

    def write(self) -> int:
        """Write the file atomically; returns the number of jets."""
        order = np.argsort(self.jets)
        jets = gather(self.chunks, self.jets[order]).take(np.argsort(order))
        return write_ntuple(self.path, _parts(jets), self.digest)


def _parts(jets: RaggedJets) -> Iterator[RaggedJets]:
    for start in range(0, len(jets), BASKET_JETS):
        yield jets.take(np.arange(start, min(start + BASKET_JETS, len(jets))))


def simulate_ntuples(
    config: DataConfig, folder: Path, *, raw: Path, jets_per_file: int, workers: Workers
) -> list[Path]:
    """Write all jets that the profile simulates, before any matching, into `folder/train` and `folder/test`.

    The chunks of the simulation in `raw` are shared with the data step: those that are there are not simulated again.
    Whole events go to train or test by the fractions of the profile. Files that are there with the same content are
    kept, so that a killed run goes on. Returns the paths of all files.
    """
    chunks = simulate(plan(config.options, config.seed), raw, workers)
    files = _plan_files(config, folder, chunks, jets_per_file)
    _refuse_others(folder, files)
    missing = [file for file in files if recipe_of(file.path) != file.digest]
    for _ in workers.run(MergedFile.write, missing, title="write ROOT", unit="files", rows=int):
        pass
    return [file.path for file in files]


def _plan_files(config: DataConfig, folder: Path, chunks: Sequence[Path], jets_per_file: int) -> list[MergedFile]:
    """The files, numbered as the published ones: those of test first."""
    events = np.concatenate([_events(path) for path in chunks])
    by_event = config.model_copy(update={"split": "event", "folds": None, "fold": None})
    parts = split(by_event, event=events, file=events, stratum=events)
    jets = {"test": parts["test"], "train": np.concatenate([parts[name] for name in SPLITS if name != "test"])}
    files: list[MergedFile] = []
    for number, (name, rows) in enumerate(jets.items()):
        if not len(rows):
            message = f"none of the {len(events)} jets is for {name}; simulate more chunks ([data.options])"
            raise UserError(message)
        mixed = np.random.default_rng([config.seed, number]).permutation(rows)
        for start in range(0, len(mixed), jets_per_file):
            path = folder / name / f"ntuple_merged_{len(files)}.root"
            files.append(MergedFile(path, tuple(chunks), mixed[start : start + jets_per_file]))
    return files


def _events(path: Path) -> np.ndarray:
    with RaggedFile(path) as file:
        return file.column(EVENT)


def _refuse_others(folder: Path, files: Sequence[MergedFile]) -> None:
    others = {path for name in ("train", "test") for path in (folder / name).glob("*.root")} - {
        file.path for file in files
    }
    if others:
        message = (
            f"{min(others)} is not one of the {len(files)} files that this command writes, and would be read with "
            "them; remove it or choose another folder"
        )
        raise UserError(message)
