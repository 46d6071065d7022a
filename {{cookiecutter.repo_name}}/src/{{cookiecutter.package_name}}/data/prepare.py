"""The data step: simulate, split by event, write."""

from pathlib import Path

import numpy as np

from ..config import DataConfig
from ..dataset import DatasetWriter
from ..errors import UserError
from ..progress import progress
from ..splits import SPLITS, split_by_event
from ..workers import Workers
from .features import SCHEMA
from .simulation import simulate

__all__ = ["prepare"]

EVENTS_AT_ONCE = 500


def prepare(config: DataConfig, out: Path, *, raw: Path, source: str, workers: Workers) -> None:
    """Write `train.h5`, `val.h5` and `test.h5` into `out`; the rows depend on `config` alone."""
    del raw, workers  # the toy is made in seconds: nothing to keep, nothing to share out
    if source != "simulation":
        message = f"source {source!r} has no files yet; list them in data/files.toml and read them in data/prepare.py"
        raise UserError(message)
    events = np.arange(config.options.jets // 2)
    rows = split_by_event(events, config.fractions.model_dump(), config.seed)
    provenance = config.model_dump(mode="json")
    with progress(None, total=2 * len(events), title="simulate", unit="jets") as bar:
        for name in SPLITS:
            with DatasetWriter(out / f"{name}.h5", SCHEMA, provenance | {"split": name}) as writer:
                for start in range(0, len(rows[name]), EVENTS_AT_ONCE):
                    chosen = events[rows[name][start : start + EVENTS_AT_ONCE]]
                    writer.append(simulate(chosen, config.options, config.seed))
                    bar.update(2 * len(chosen))
