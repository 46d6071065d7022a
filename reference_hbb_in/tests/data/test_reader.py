"""CMS ntuples as files to predict: every entry, in the form that the network was trained with."""

from pathlib import Path

import numpy as np
import pytest
from fairmodel import UserError
from fairmodel.lazy import Lazy

from hbb_in.data.cms.mixture import write_ntuple
from hbb_in.data.cms.reader import NtupleReader
from hbb_in.data.features import SCHEMA
from hbb_in.data.ragged import RaggedJets, to_samples
from hbb_in.project import PROJECT

from .ntuples import random_jets


@pytest.fixture
def jets() -> RaggedJets:
    return random_jets(90, seed=6)


@pytest.fixture
def ntuple(jets: RaggedJets, tmp_path: Path) -> Path:
    path = tmp_path / "jets.root"
    write_ntuple(path, [jets.take(np.arange(40)), jets.take(np.arange(40, 90))], "random jets")
    return path


@pytest.mark.parametrize("start", [0, 39, 60, 90])
def test_every_entry_from_a_start_on(start: int, jets: RaggedJets, ntuple: Path) -> None:
    reader = Lazy(PROJECT.readers[".root"])()
    assert reader.count(ntuple) == 90
    parts = [*reader.read(ntuple, start)]
    expected = to_samples(jets)
    assert [row for part in parts for row in part.identifiers["row"].tolist()] == [*range(start, 90)]
    for part in parts:
        rows = part.identifiers["row"]
        assert part.identifiers["event"].tolist() == expected.event[rows].tolist()
        for item in SCHEMA.inputs:
            np.testing.assert_array_equal(part.inputs[item.name], expected.inputs[item.name][rows])


def test_jets_outside_the_window_are_read_too(jets: RaggedJets, tmp_path: Path) -> None:
    columns = dict(jets.columns) | {"fj_pt": np.full(90, 5.0, np.float32)}
    write_ntuple(tmp_path / "soft.root", [RaggedJets(columns, jets.objects)], "soft jets")
    assert sum(len(part) for part in NtupleReader().read(tmp_path / "soft.root", 0)) == 90


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "a.root").write_bytes(b"no ROOT file")
    with pytest.raises(UserError, match=r"a\.root: it is not a readable ROOT file"):
        NtupleReader().count(tmp_path / "a.root")
