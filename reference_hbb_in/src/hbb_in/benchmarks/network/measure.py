"""All measurements of the benchmark, as one JSON-ready record."""

import itertools
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from fairmodel.dataset import Dataset
from fairmodel.metadata.provenance import hardware, versions
from fairmodel.progress import progress
from fairmodel.schema import Schema
from fairmodel.training.device import threads

from ...model.pair_effects import available
from .arithmetic import TRAINING, forward_operations, matrix_rate
from .clock import alternate, peak_memory
from .forms import FORMS, WORK, Jets, make_form, make_network, random_jets, train_once

__all__ = ["SCAN_BATCH", "measure"]

BATCHES = (1, 128, 1024)
MEMORY_BATCH = SCAN_BATCH = 128
MULTIPLICITIES = (1, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 59, 60)
LARGE, CHUNK, WIDTH = 2048, 10_000, 60


def measure(data: Dataset, rounds: int) -> dict[str, Any]:
    """Times on one thread, in CPU seconds, with the jets of `data`; the textbook form takes turns with the others."""
    forms = [name for name in FORMS if name != "compiled" or available(torch.zeros(1))]
    with threads(1):
        rates = {"large": matrix_rate(LARGE, LARGE, repeats=5), "60-wide": matrix_rate(CHUNK, WIDTH)}
        clock = Clock(data.schema, tuple(forms), rounds, rates["60-wide"])
        batches, multiplicities = clock.batches(data), clock.multiplicities()
    counts = torch.stack(_counts(_jets(data, MEMORY_BATCH)), 1).tolist()
    memory = {name: peak_memory(partial(train_once, name, data.schema, counts), MEMORY_BATCH) for name in forms}
    return {
        "schema": 1,
        "jets": data.path.name,
        "hardware": hardware(),
        "software": versions(),
        "operations_per_second": rates,
        "batches": batches,
        "multiplicities": multiplicities,
        "training_memory_bytes": {"batch": MEMORY_BATCH, "forms": memory},
    }


@dataclass(frozen=True)
class Clock:
    """Takes the time of the forms; `rate` is that of the floor, operations per CPU second."""

    schema: Schema
    forms: tuple[str, ...]
    rounds: int
    rate: float

    def batches(self, data: Dataset) -> list[dict[str, Any]]:
        """Jets of the sample in batches of several sizes."""
        cases = list(itertools.product(BATCHES, WORK))
        bar = progress(cases, total=len(cases), title="batches", unit="cases")
        return [row for batch, work in bar for row in self._rows(self.forms, work, _jets(data, batch))]

    def multiplicities(self) -> list[dict[str, Any]]:
        """Jets that all have one number of tracks, and two vertices; the textbook form does not depend on it."""
        forms = self.forms[1:]
        cases = list(itertools.product(MULTIPLICITIES, WORK))
        rows = []
        for tracks, work in progress(cases, total=len(cases), title="multiplicities", unit="cases"):
            jets = random_jets(self.schema, torch.full((SCAN_BATCH,), tracks), torch.full((SCAN_BATCH,), 2))
            rows += [{"tracks": tracks} | row for row in self._rows(forms, work, jets)]
        return rows

    def _rows(self, forms: tuple[str, ...], work: str, jets: Jets) -> list[dict[str, Any]]:
        """Time of each form, its ratio to the first one's, and the share of the floor that it reaches."""
        networks = {name: make_form(name, self.schema) for name in forms}
        seconds = alternate({name: partial(WORK[work], networks[name], jets) for name in forms}, self.rounds)
        floor = self._floor(work, jets)
        return [
            {
                "batch": len(jets[0]),
                "work": work,
                "form": name,
                "seconds": value,
                "jets_per_second": len(jets[0]) / value,
                "ratio": seconds[forms[0]] / value,
                "share_of_floor": floor / value,
                "floor_jets_per_second": len(jets[0]) / floor,
            }
            for name, value in seconds.items()
        ]

    def _floor(self, work: str, jets: Jets) -> float:
        """Seconds in which the matrix products that cannot be saved are done at the rate."""
        operations = forward_operations(make_network(self.schema, compiled=False), *_counts(jets)).sum()
        return float(operations) * (TRAINING if "backward" in work else 1) / self.rate


def _jets(data: Dataset, number: int) -> Jets:
    """The first jets of a file, which are in random order; those of a short file more than once."""
    samples = data.read(0, number)
    index = torch.arange(number) % len(samples)
    tracks, vertices = (torch.from_numpy(samples.inputs[item.name])[index] for item in data.schema.inputs)
    return tracks, vertices


def _counts(jets: Jets) -> tuple[torch.Tensor, torch.Tensor]:
    tracks, vertices = ((objects != 0).any(-1).sum(1) for objects in jets)
    return tracks, vertices
