"""Chunks: fixed portions of the simulation, each with its own seed and file, shared out over worker processes.

A chunk's content depends on its recipe alone, so neither the number of workers nor a kill half-way changes the data.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from fairmodel import UserError, Workers
from fairmodel.identity import program

from .options import DataOptions, Window
from .ragged_file import RaggedFile, RaggedWriter
from .simulation.arrays import EventRecord
from .simulation.generation import LARGEST_SEED, MINIMUM_BIAS, event_records, graviton_settings, qcd_settings

__all__ = ["Chunk", "library_versions", "plan", "simulate", "simulate_chunk"]

PROCESSES = ("qcd", "graviton")
READ_ROWS = 1024
EVENTS_PER_CHUNK, EVENTS_PER_PROCESS = 10**6, 10**12
POOL = 500  # minimum-bias collisions from which the pile-up of a chunk is drawn
# their versions decide what is simulated; PYTHIA and FastJet are GPL and stay an extra
LIBRARIES = ("pythia8mc", "fastjet", "awkward", "numpy")


@dataclass(frozen=True)
class Chunk:
    """The recipe of one raw file: everything that its content depends on, apart from the program itself."""

    process: str
    index: int
    settings: tuple[str, ...]
    seed: int
    events: int
    batch: int
    pileup: float
    window: Window

    def __str__(self) -> str:
        return f"chunk {self.index} of {self.process}"

    @property
    def signal(self) -> bool:
        """True for jets of Higgs bosons."""
        return self.process == "graviton"

    @property
    def first_event(self) -> int:
        """Number of its first event, different in every chunk of every process."""
        return PROCESSES.index(self.process) * EVENTS_PER_PROCESS + self.index * EVENTS_PER_CHUNK

    def seeds(self, *part: int) -> np.random.SeedSequence:
        """Random numbers for one part of the chunk.

        0 is the generator of the hard collisions, (0, 1) that of pile-up, n the detector's response to batch n - 1.
        """
        return np.random.SeedSequence([self.seed, PROCESSES.index(self.process), self.index, *part])

    def generate(self) -> Iterator[EventRecord]:
        """The hard collisions, a batch at a time."""
        return event_records(self.settings, seed=_pythia_seed(self.seeds(0)), events=self.events, batch=self.batch)

    def generate_pileup(self) -> Iterator[EventRecord]:
        """The minimum-bias collisions from which pile-up is drawn."""
        return event_records(MINIMUM_BIAS, seed=_pythia_seed(self.seeds(0, 1)), events=POOL, batch=self.batch)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the recipe, of the source files of the simulation and of the versions of its libraries."""
        recipe = asdict(self) | {"window": self.window.model_dump(mode="json")}
        recipe |= {"program": program(__name__), "libraries": library_versions()}
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()

    def path(self, folder: Path) -> Path:
        """Its file, named by the digest: a chunk of other settings is another file."""
        return folder / f"{self.process}-{self.index:04d}-{self.digest[:12]}.h5"


def plan(options: DataOptions, seed: int) -> list[Chunk]:
    """All chunks of a data set, background first."""
    background = [qcd_settings(options.pt_hat_min, options.bias_power)] * options.background_chunks
    masses = options.graviton_masses
    signals = [graviton_settings(masses[index % len(masses)]) for index in range(options.signal_chunks)]
    return [
        Chunk(
            process, index, settings, seed, options.chunk_events, options.batch_events, options.pileup, options.window
        )
        for process, recipes in zip(PROCESSES, (background, signals), strict=True)
        for index, settings in enumerate(recipes)
    ]


def simulate(chunks: Sequence[Chunk], folder: Path, workers: Workers) -> list[Path]:
    """Make the files of all chunks that are missing or damaged; return every chunk's file, in order."""
    library_versions()
    missing = [chunk for chunk in chunks if not _is_finished(chunk, folder)]
    for _ in workers.run(partial(simulate_chunk, folder=folder), missing, title="simulate", unit="chunks", rows=int):
        pass
    return [chunk.path(folder) for chunk in chunks]


def simulate_chunk(chunk: Chunk, folder: Path) -> int:
    """Simulate a chunk and write its file atomically; return the number of jets."""
    from .simulation.detector import Pileup
    from .simulation.pipeline import simulate_batch

    pileup = Pileup.of_records(chunk.generate_pileup(), chunk.pileup) if chunk.pileup else None
    with RaggedWriter(chunk.path(folder), {"digest": chunk.digest}) as writer:
        for number, record in enumerate(chunk.generate()):
            jets = simulate_batch(
                record,
                chunk.window,
                signal=chunk.signal,
                first_event=chunk.first_event + number * chunk.batch,
                generator=np.random.default_rng(chunk.seeds(1 + number)),
                pileup=pileup,
            )
            writer.append(jets)
    return writer.rows


def library_versions() -> dict[str, str]:
    """Installed version of each library of the simulation. Raises UserError for a missing one, with the remedy."""
    versions: dict[str, str] = {}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError as error:
            message = (
                f"the simulation needs {name}, which is not installed; install the extra `simulation`: "
                "pip install -e '.[simulation]'"
            )
            raise UserError(message) from error
    return versions


def _is_finished(chunk: Chunk, folder: Path) -> bool:
    try:
        with RaggedFile(chunk.path(folder)) as file:
            for _ in file.batches(READ_ROWS):
                pass
            return bool(file.provenance["digest"] == chunk.digest)
    except UserError:
        return False


def _pythia_seed(seeds: np.random.SeedSequence) -> int:
    return 1 + int(seeds.generate_state(1, np.uint64)[0]) % LARGEST_SEED
