"""The data step: three files that depend on the configuration alone."""

from pathlib import Path

import numpy as np
import pytest
from fairmodel.config import DataConfig
from fairmodel.dataset import Dataset, Samples
from fairmodel.errors import UserError
from fairmodel.splits import SPLITS
from fairmodel.workers import Workers

from {{ cookiecutter.package_name }}.data.features import SCHEMA
from {{ cookiecutter.package_name }}.data.options import DataOptions
from {{ cookiecutter.package_name }}.data.prepare import prepare

CONFIG = DataConfig(seed=3, options=DataOptions(jets=200))


def made(folder: Path, workers: int = 1, config: DataConfig = CONFIG) -> Path:
    prepare(config, folder, raw=folder / "raw", source="simulation", workers=Workers(workers))
    return folder


def test_three_files_of_the_wanted_shares(tmp_path: Path) -> None:
    made(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.h5" for name in SPLITS}
    events = []
    for name, rows in {"train": 140, "val": 20, "test": 40}.items():
        with Dataset(tmp_path / f"{name}.h5", SCHEMA) as dataset:
            assert len(dataset) == rows
            events.append(dataset.read().event)
            assert dataset.provenance["source"] == "simulation"
            assert dataset.provenance["split"] == name
            assert dataset.provenance["configuration"]["seed"] == CONFIG.seed
    assert np.unique(np.concatenate(events), return_counts=True)[1].tolist() == [2] * 100
    assert sum(len(np.unique(part)) for part in events) == 100


def test_the_files_depend_on_the_configuration_alone(tmp_path: Path) -> None:
    one, two = made(tmp_path / "one", workers=1), made(tmp_path / "two", workers=2)
    other = made(tmp_path / "other", config=CONFIG.model_copy(update={"seed": 4}))
    for name in SPLITS:
        content = (one / f"{name}.h5").read_bytes()
        assert (two / f"{name}.h5").read_bytes() == content
        assert (other / f"{name}.h5").read_bytes() != content


def read(folder: Path) -> dict[str, Samples]:
    """The rows of each split."""
    samples = {}
    for name in SPLITS:
        with Dataset(folder / f"{name}.h5", SCHEMA) as dataset:
            samples[name] = dataset.read()
    return samples


@pytest.mark.parametrize("method", ["file", "random-file", "row", "k-fold"])
def test_every_method_deals_out_the_same_jets(method: str, tmp_path: Path) -> None:
    settings = {"seed": 3, "options": DataOptions(jets=1200)}
    folds = {"folds": 3, "fold": 1} if method == "k-fold" else {}
    expected = read(made(tmp_path / "event", config=DataConfig.model_validate(settings)))
    found = read(made(tmp_path / method, config=DataConfig.model_validate(settings | folds | {"split": method})))
    one, other = (in_order(Samples.concatenate(list(samples.values()))) for samples in (expected, found))
    assert np.array_equal(one.inputs["particles"], other.inputs["particles"])
    assert np.array_equal(one.labels, other.labels)
    stretches = [set((part.event // 100).tolist()) for part in found.values()]
    assert (sum(map(len, stretches)) == 6) == (method != "row")


def in_order(samples: Samples) -> Samples:
    return samples.take(np.lexsort([samples.spectators["jet_pt"], samples.event]))


def test_a_source_without_files_says_where_to_list_them(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"'cern'.*data/files\.toml"):
        prepare(CONFIG, tmp_path, raw=tmp_path, source="cern", workers=Workers(1))
    assert list(tmp_path.iterdir()) == []
