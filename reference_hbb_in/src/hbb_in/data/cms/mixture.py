"""`simulate`: simulated jets as CMS publishes its own, in ROOT files of the same tree, branches and meaning.

The files lie in train/ and test/, and all samples are mixed in them at random.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from fairmodel import DataConfig, Run, UserError, Workers
from fairmodel.files import atomic_path
from fairmodel.identity import program
from fairmodel.splits import SPLITS, split

from ..chunks import plan, simulate
from ..features import SCHEMA
from ..ragged import COLUMN_TYPES, EVENT, Objects, RaggedJets, branch_of
from ..ragged_file import RaggedFile, gather
from .ntuple import TREE, reader_versions

__all__ = ["MergedFile", "recipe_of", "simulate_ntuples", "write_ntuple", "write_ntuples"]

BASKET_JETS = 2000  # in one compressed piece of a branch, as ROOT makes them in 30 MB of all branches
RECIPE = "recipe"  # name of the text in a file that tells what the file was made from
COUNTERS = {"tracks": "n_tracks", "vertices": "n_sv"}


@dataclass(frozen=True)
class MergedFile:
    """The recipe of one ROOT file: its jets in order, int64 (jet,), as indices over all `chunks`."""

    path: Path
    chunks: tuple[Path, ...]
    jets: np.ndarray

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that its content depends on; chunks are named by digests of their own."""
        recipe = [program(__name__), reader_versions(), [path.name for path in self.chunks], self.jets.tolist()]
        return hashlib.sha256(json.dumps(recipe).encode()).hexdigest()

    def write(self) -> int:
        """Write the file atomically; return the number of jets."""
        order = np.argsort(self.jets)
        jets = gather(self.chunks, self.jets[order]).take(np.argsort(order))
        return write_ntuple(self.path, _parts(jets), self.digest)


def write_ntuples(run: Run, *, root: Path, jets_per_file: int, workers: Workers) -> None:
    """Simulate the jets of a profile, write them as ROOT files in `root`, and print the paths."""
    if jets_per_file < 1:
        message = f"--jets-per-file {jets_per_file}: a file needs at least one jet"
        raise UserError(message)
    root.mkdir(parents=True, exist_ok=True)  # a folder that cannot be made is refused before hours of work
    files = simulate_ntuples(run.config.data, root, raw=run.paths.raw, jets_per_file=jets_per_file, workers=workers)
    size = sum(path.stat().st_size for path in files) / 1e6
    sys.stdout.write(f"{len(files)} files, {size:.1f} MB, in {root / 'train'} and {root / 'test'}\n")
    if root.resolve() != run.paths.raw:
        sys.stdout.write(f"to make a data set of them, move train and test to {run.paths.raw}: make data SOURCE=cern\n")


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


def write_ntuple(path: Path, parts: Iterable[RaggedJets], recipe: str) -> int:
    """Write jets, one part after the other, to a file that appears only when it is whole; return their number.

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
    """Return the recipe that a whole ROOT file holds; None for another file, or a damaged one."""
    uproot = import_module("uproot")
    try:
        with uproot.open({path: None}) as file:
            return str(file[RECIPE]) if path.stat().st_size >= file.file.fEND else None
    except Exception:  # uproot raises many types at damaged bytes
        return None


def _plan_files(config: DataConfig, folder: Path, chunks: Sequence[Path], jets_per_file: int) -> list[MergedFile]:
    """Files to write, numbered as the published ones: those of test first."""
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


def _parts(jets: RaggedJets) -> Iterator[RaggedJets]:
    for start in range(0, len(jets), BASKET_JETS):
        yield jets.take(np.arange(start, min(start + BASKET_JETS, len(jets))))


def _branch_types() -> dict[str, Any]:
    lists = {branch_of(feature): "var * float32" for item in SCHEMA.inputs for feature in item.features}
    return {**COLUMN_TYPES, **lists}


def _counter(branch: str) -> str:
    """Name of the branch with the number of entries of a list branch."""
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
