"""The data step: simulate, split, write."""

from pathlib import Path

import numpy as np
from fairmodel.config import DataConfig
from fairmodel.dataset import DatasetWriter, Samples
from fairmodel.errors import UserError
from fairmodel.progress import progress
from fairmodel.splits import split
from fairmodel.workers import Workers

from .features import SCHEMA
from .simulation import simulate

__all__ = ["prepare"]

EVENTS_PER_FILE = 100  # a stretch of the simulation that the splits by file keep together
ROWS_AT_ONCE = 1000


def prepare(config: DataConfig, out: Path, *, raw: Path, source: str, workers: Workers) -> None:
    """Write `train.h5`, `val.h5` and `test.h5` into `out`; the rows depend on `config` alone."""
    del raw, workers  # the toy is made in seconds: nothing to keep, nothing to share out
    if source != "simulation":
        message = (
            f"source {source!r}: this project has no files of CERN Open Data; list some in data/files.toml, and call "
            "download.cern.fetch and read them in data/prepare.py"
        )
        raise UserError(message)
    event = np.repeat(np.arange(config.options.jets // 2), 2)
    file = event // EVENTS_PER_FILE
    splits = split(config, event=event, file=file, stratum=np.full(len(file), "the simulation"))
    provenance = {"source": source, "configuration": config.model_dump(mode="json")}
    with progress(None, total=len(event), title="simulate", unit="jets") as bar:
        for name, rows in splits.items():
            with DatasetWriter(out / f"{name}.h5", SCHEMA, provenance | {"split": name}) as writer:
                for start in range(0, len(rows), ROWS_AT_ONCE):
                    chosen = rows[start : start + ROWS_AT_ONCE]
                    writer.append(_jets(chosen, config))
                    bar.update(len(chosen))


def _jets(rows: np.ndarray, config: DataConfig) -> Samples:
    """The jets of these numbers, sorted; event n has the jets 2 n and 2 n + 1."""
    events = np.unique(rows // 2)
    simulated = np.repeat(2 * events, 2) + np.tile([0, 1], len(events))
    return simulate(events, config.options, config.seed).take(np.searchsorted(simulated, rows))
