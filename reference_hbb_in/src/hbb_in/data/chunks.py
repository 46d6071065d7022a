"""Chunks: fixed portions of the simulation, each with its own seed and file, shared out over worker processes.

A chunk's content depends on its recipe alone, so neither the number of workers nor a kill half-way changes the data.
"""

import hashlib
import json
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ..dataset import Dataset, DatasetWriter
from ..errors import UserError
from ..progress import progress
from .features import SCHEMA
from .options import DataOptions, Window
from .simulation.generation import LARGEST_SEED, event_records, graviton_settings, qcd_settings
from .simulation.libraries import library_versions

__all__ = ["Chunk", "plan", "simulate", "simulate_chunk"]

PROCESSES = ("qcd", "graviton")
READ_ROWS = 1024
EVENTS_PER_CHUNK, EVENTS_PER_PROCESS = 10**6, 10**12


@dataclass(frozen=True)
class Chunk:
    """The recipe of one raw file: everything its content depends on, apart from the program itself."""

    process: str
    index: int
    settings: tuple[str, ...]
    seed: int
    events: int
    batch: int
    window: Window

    @property
    def signal(self) -> bool:
        """Whether its jets are Higgs bosons."""
        return self.process == "graviton"

    @property
    def first_event(self) -> int:
        """Number of its first event, different in every chunk of every process."""
        return PROCESSES.index(self.process) * EVENTS_PER_PROCESS + self.index * EVENTS_PER_CHUNK

    def seeds(self, part: int) -> np.random.SeedSequence:
        """Random numbers for one part of the chunk: 0 is the generator, n the detector's response to batch n - 1."""
        return np.random.SeedSequence([self.seed, PROCESSES.index(self.process), self.index, part])

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the recipe, of the simulation's source files and of the libraries' versions."""
        recipe = asdict(self) | {"window": self.window.model_dump(mode="json")}
        recipe |= {"source": _source_digest(), "libraries": library_versions()}
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()

    def path(self, folder: Path) -> Path:
        """Its file, named by the digest: a chunk of other settings is another file."""
        return folder / f"{self.process}-{self.index:04d}-{self.digest[:12]}.h5"


def _source_digest() -> str:
    folder = Path(__file__).parent
    files = [folder / "chunks.py", folder / "features.py", *sorted((folder / "simulation").glob("*.py"))]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def plan(options: DataOptions, seed: int) -> list[Chunk]:
    """All chunks of a data set, background first."""
    background = [qcd_settings(options.pt_hat_min, options.bias_power)] * options.background_chunks
    masses = options.graviton_masses
    signals = [graviton_settings(masses[index % len(masses)]) for index in range(options.signal_chunks)]
    return [
        Chunk(process, index, settings, seed, options.chunk_events, options.batch_events, options.window)
        for process, recipes in zip(PROCESSES, (background, signals), strict=True)
        for index, settings in enumerate(recipes)
    ]


def simulate_chunk(chunk: Chunk, folder: Path) -> int:
    """Simulate a chunk and write its file atomically; returns the number of jets."""
    from .simulation.pipeline import simulate_batch

    generator_seed = 1 + int(chunk.seeds(0).generate_state(1, np.uint64)[0]) % LARGEST_SEED
    records = event_records(chunk.settings, seed=generator_seed, events=chunk.events, batch=chunk.batch)
    with DatasetWriter(chunk.path(folder), SCHEMA, {"digest": chunk.digest}) as writer:
        for number, record in enumerate(records):
            samples = simulate_batch(
                record,
                chunk.window,
                signal=chunk.signal,
                first_event=chunk.first_event + number * chunk.batch,
                generator=np.random.default_rng(chunk.seeds(1 + number)),
            )
            writer.append(samples)
    return writer.rows


def simulate(chunks: Sequence[Chunk], folder: Path, workers: int) -> list[Path]:
    """Make the files of all chunks that are missing or damaged; returns every chunk's file, in order."""
    library_versions()
    missing = [chunk for chunk in chunks if not _is_finished(chunk, folder)]
    if missing:
        with _single_threaded(), progress(None, total=len(missing), title="simulate", unit="chunks") as bar:
            jets = 0
            for rows in _run(missing, folder, min(workers, len(missing))):
                jets += rows
                bar.set_postfix(jets=jets, refresh=False)
                bar.update()
    return [chunk.path(folder) for chunk in chunks]


def _is_finished(chunk: Chunk, folder: Path) -> bool:
    try:
        with Dataset(chunk.path(folder), SCHEMA) as data:
            for _ in data.batches(READ_ROWS):
                pass
            return bool(data.provenance["digest"] == chunk.digest)
    except UserError:
        return False


def _run(chunks: Sequence[Chunk], folder: Path, workers: int) -> Iterator[int]:
    """Simulate chunks in worker processes; yields the jets of each as it is finished."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker) as pool:
        try:
            for future in as_completed([pool.submit(simulate_chunk, chunk, folder) for chunk in chunks]):
                yield future.result()
        except BrokenProcessPool as error:
            message = (
                "a simulation process was killed, perhaps for want of memory (each needs about 0.5 GB); "
                "run the step again, with fewer workers: finished chunks are kept"
            )
            raise UserError(message) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Let the workers started inside use one thread each: they are as many as the processors already."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before


def _start_worker() -> None:
    """Die with the parent, stop at once on Ctrl-C, and keep the libraries' banners off the terminal."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.__stdout__.fileno() if sys.__stdout__ else 1)


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
