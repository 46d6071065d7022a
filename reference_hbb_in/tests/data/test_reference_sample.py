"""A small sample, simulated afresh, against the statistics of the quick sample in the documentation.

Both have the same recipe and other seeds. If a change of the physics is meant, make the quick sample anew and run
`python -m hbb_in data validate --write-reference`.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fairmodel import Run, Samples
from fairmodel.files import read_json
from fairmodel.validation.reference import Comparison, compare, worst

from hbb_in.data.features import SCHEMA
from hbb_in.data.options import DataOptions
from hbb_in.data.prepare import match_spectra
from hbb_in.data.ragged import to_samples
from hbb_in.data.simulation import tracker
from hbb_in.data.simulation.arrays import EventRecord
from hbb_in.data.simulation.generation import event_records, graviton_settings, qcd_settings
from hbb_in.data.simulation.pipeline import simulate_batch
from hbb_in.project import PROJECT

RUN = Run.of(PROJECT, Path(__file__).resolve().parents[2], "quick")
SCALE = 45  # as much smaller than the quick sample
BINS = 8
ALARM = 1e-3  # a probability that no sound change of the seeds should fall below


@pytest.fixture(scope="module")
def options() -> DataOptions:
    options = RUN.config.data.options
    assert isinstance(options, DataOptions)
    return options


@pytest.fixture(scope="module")
def collisions(options: DataOptions) -> list[tuple[bool, EventRecord]]:
    """Collisions in the proportions of the quick sample, the signal's from every mass point."""
    background = options.background_chunks * options.chunk_events // SCALE
    masses = Counter(options.graviton_masses[index % 14] for index in range(options.signal_chunks))
    recipes = [(False, qcd_settings(options.pt_hat_min, options.bias_power), background)]
    recipes += [
        (True, graviton_settings(mass), number * options.chunk_events // SCALE) for mass, number in masses.items()
    ]
    return [
        (signal, record)
        for seed, (signal, settings, events) in enumerate(recipes, start=71)
        for record in event_records(settings, seed=seed, events=events, batch=events)
    ]


def sample(collisions: list[tuple[bool, EventRecord]], options: DataOptions) -> Samples:
    """The detector's view of the collisions, matched in transverse momentum."""

    def jets() -> Iterator[Samples]:
        for number, (signal, record) in enumerate(collisions):
            generator = np.random.default_rng([5, number])
            yield to_samples(
                simulate_batch(record, options.window, signal=signal, first_event=10_000 * number, generator=generator)
            )

    samples = Samples.concatenate(list(jets()))
    pt = samples.spectators["fj_pt"]
    return samples.take(match_spectra(pt, samples.labels, samples.event, bins=BINS, seed=1))


def compared(collisions: list[tuple[bool, EventRecord]], options: DataOptions) -> list[Comparison]:
    return compare(read_json(RUN.paths.reference_statistics), SCHEMA, [sample(collisions, options)])


def test_a_new_sample_agrees_with_the_documented_one(
    collisions: list[tuple[bool, EventRecord]], options: DataOptions
) -> None:
    comparisons = compared(collisions, options)
    largest, probability = worst(comparisons)
    assert len(comparisons) > 300
    assert probability > ALARM, largest
    # all deviations together: neither too large nor suspiciously small
    assert 0.7 < np.std([comparison.deviation for comparison in comparisons]) < 1.4


@pytest.mark.parametrize("name", ["sigma_d_xy", "sigma_d_z"])
def test_a_tenth_more_resolution_is_noticed(
    name: str,
    collisions: list[tuple[bool, EventRecord]],
    options: DataOptions,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = getattr(tracker, name)
    monkeypatch.setattr(tracker, name, lambda pt, eta: 1.1 * original(pt, eta))
    _, probability = worst(compared(collisions, options))
    assert probability < ALARM
