"""A really simulated sample, small enough for every test run."""

from dataclasses import dataclass

import numpy as np
from fairmodel import Samples

from hbb_in.data.options import Window
from hbb_in.data.ragged import RaggedJets, to_samples
from hbb_in.data.simulation.arrays import EventRecord
from hbb_in.data.simulation.generation import event_records, graviton_settings, qcd_settings
from hbb_in.data.simulation.pipeline import simulate_batch

__all__ = ["Simulated", "simulate"]

EVENTS = 120


@dataclass(frozen=True)
class Simulated:
    """Event records of both processes and the jets made of them, with all their objects."""

    records: dict[str, EventRecord]
    ragged: dict[str, RaggedJets]

    @property
    def samples(self) -> dict[str, Samples]:
        return {name: to_samples(jets) for name, jets in self.ragged.items()}

    @property
    def jets(self) -> Samples:
        return Samples.concatenate(list(self.samples.values()))


def simulate() -> Simulated:
    settings = {"qcd": qcd_settings(260.0, 4.5), "graviton": graviton_settings(1500.0)}
    records = {
        name: next(event_records(lines, seed=11, events=EVENTS, batch=EVENTS)) for name, lines in settings.items()
    }
    ragged = {
        name: simulate_batch(
            record, Window(), signal=name == "graviton", first_event=0, generator=np.random.default_rng(5)
        )
        for name, record in records.items()
    }
    return Simulated(records, ragged)
