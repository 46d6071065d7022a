from pathlib import Path

import numpy as np
import pytest
from fairmodel import UserError

from hbb_in.data.features import SCHEMA, TRACKS
from hbb_in.data.ragged import COLUMN_TYPES, Objects, RaggedJets, jet_class, to_samples
from hbb_in.data.ragged_file import RaggedFile, RaggedWriter

from .ntuples import assert_same_jets, random_jets


def objects_of(jets: RaggedJets, name: str) -> list[list[list[float]]]:
    """The objects of each jet, taken apart one by one."""
    rows = iter(jets.objects[name].values.tolist())
    return [[next(rows) for _ in range(number)] for number in jets.objects[name].number]


@pytest.fixture
def jets() -> RaggedJets:
    """Jets of which some have more objects than slots, and some none."""
    return random_jets(40, most={"tracks": 75, "vertices": 8})


def test_chosen_jets_keep_their_objects(jets: RaggedJets) -> None:
    chosen = np.array([3, 17, 17, 0, 39])
    taken = jets.take(chosen)
    for item in SCHEMA.inputs:
        every = objects_of(jets, item.name)
        assert objects_of(taken, item.name) == [every[jet] for jet in chosen]
    for name, values in jets.columns.items():
        assert taken.columns[name].tolist() == [values[jet] for jet in chosen]
    assert len(jets.take(np.zeros(0, dtype=int))) == 0


def test_parts_make_the_whole(jets: RaggedJets) -> None:
    parts = [jets.take(np.arange(start, stop)) for start, stop in ((0, 11), (11, 11), (11, 40))]
    assert_same_jets(RaggedJets.concatenate(parts), jets)


def test_rows_hold_the_first_objects_and_zeros(jets: RaggedJets) -> None:
    samples = to_samples(jets)
    for item in SCHEMA.inputs:
        nothing = [0.0] * len(item.features)
        for row, count, rows in zip(
            samples.inputs[item.name], samples.counts[item.name], objects_of(jets, item.name), strict=True
        ):
            assert row.tolist() == (rows + [nothing] * item.slots)[: item.slots]
            assert count == min(len(rows), item.slots)
    assert samples.inputs["tracks"].dtype == np.float32
    assert (jets.objects["tracks"].number > TRACKS.slots).any()


def test_classes_follow_sample_and_flavour() -> None:
    bits = np.array(np.unravel_index(np.arange(8), (2, 2, 2))).astype(np.int32)
    columns = dict(zip(("sample_isQCD", "fj_isQCD", "fj_isH"), bits, strict=True))
    expected = {(1, 1, 0): 0, (0, 0, 1): 1, (0, 1, 1): 1, (1, 0, 1): 1, (1, 1, 1): -2}
    assert jet_class(columns).tolist() == [expected.get(tuple(row), -1) for row in bits.T.tolist()]


def write(path: Path, jets: RaggedJets) -> Path:
    with RaggedWriter(path, {"seed": 1}) as writer:
        writer.append(jets.take(np.arange(7)))
        writer.append(jets.take(np.arange(7, len(jets))))
        writer.describe(cuts=[["pt", 3]])
    return path


def test_jets_come_back_from_their_file(jets: RaggedJets, tmp_path: Path) -> None:
    with RaggedFile(write(tmp_path / "a.h5", jets)) as file:
        assert len(file) == len(jets)
        assert_same_jets(file.read(0, 40), jets)
        assert_same_jets(RaggedJets.concatenate(list(file.batches(9))), jets)
        assert_same_jets(file.read(12, 12), jets.take(np.arange(0)))
        np.testing.assert_array_equal(file.column("fj_pt"), jets.columns["fj_pt"])
        assert file.provenance == {"seed": 1, "cuts": [["pt", 3]]}


def test_an_interrupted_file_is_absent(jets: RaggedJets, tmp_path: Path) -> None:
    def write_half() -> None:
        with RaggedWriter(tmp_path / "a.h5", {}) as writer:
            writer.append(jets)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert not list(tmp_path.iterdir())
    with pytest.raises(UserError, match=r"a\.h5 does not exist"):
        RaggedFile(tmp_path / "a.h5")


def test_truncated_and_damaged_files_are_refused(jets: RaggedJets, tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", jets)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=r"a\.h5 .*truncated or corrupted"):
        RaggedFile(path)
    place = content.index(jets.objects["tracks"].values[:20].tobytes())
    path.write_bytes(content[: place + 9] + bytes([content[place + 9] ^ 1]) + content[place + 10 :])
    with RaggedFile(path) as file, pytest.raises(UserError, match=r"a\.h5: /objects/tracks/values cannot be read"):
        file.read(0, 40)


def test_a_file_of_other_columns_is_refused(jets: RaggedJets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.h5", jets)
    monkeypatch.setitem(COLUMN_TYPES, "fj_new", "float32")
    with pytest.raises(UserError, match=r"a\.h5: /columns/fj_new is missing"):
        RaggedFile(path)


def test_objects_know_jet_and_rank() -> None:
    objects = Objects(np.array([2, 0, 3]), np.zeros((5, 30), dtype=np.float32))
    assert objects.owner.tolist() == [0, 0, 2, 2, 2]
    assert objects.rank.tolist() == [0, 1, 0, 1, 2]
