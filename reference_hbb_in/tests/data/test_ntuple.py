"""Reading CMS ntuples: files written from known jets come back as those jets, and faulty ones are named."""

import re
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
from fairmodel import UserError

from hbb_in.data.cms import ntuple
from hbb_in.data.cms.jets import read_jets
from hbb_in.data.options import Window
from hbb_in.data.ragged import RaggedJets

from .ntuples import Branches, assert_same_jets, ntuple_branches, random_jets, write_branches


def read_all(path: Path, window: Window | None = None) -> RaggedJets:
    return RaggedJets.concatenate([jets for jets, _ in read_jets(path, window or Window())])


@pytest.fixture
def jets() -> RaggedJets:
    """Jets of which some have more objects than slots; every weight is one, as if there were none."""
    jets = random_jets(50, most={"tracks": 80, "vertices": 9})
    jets.columns["fj_weight"][:] = 1
    return jets


def test_jets_come_back_as_they_were_written(jets: RaggedJets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ntuple, "STEP_JETS", 16)
    path = write_branches(tmp_path / "a:b.root", ntuple_branches(jets), basket=20)
    assert [len(part) for part, _ in read_jets(path, Window())] == [16, 16, 16, 2]
    assert_same_jets(read_all(path), jets)


def test_generator_weights_are_read_where_there_are_some(jets: RaggedJets, tmp_path: Path) -> None:
    weights = np.linspace(0.5, 2, 50, dtype=np.float32)
    found = read_all(write_branches(tmp_path / "a.root", ntuple_branches(jets) | {"fj_weight": weights}))
    np.testing.assert_array_equal(found.columns["fj_weight"], weights, strict=True)


@pytest.mark.parametrize("kind", [np.float64, np.int64, np.uint8], ids=lambda kind: kind.__name__)
def test_numbers_may_be_of_any_type(kind: type, jets: RaggedJets, tmp_path: Path) -> None:
    for objects in jets.objects.values():
        np.rint(np.abs(objects.values), out=objects.values)
    branches = ntuple_branches(jets)
    for name in ("event_no", "fj_isH", "npv", "fj_nbHadrons"):
        jets.columns[name][:] = np.rint(jets.columns[name])
        branches[name] = jets.columns[name].astype(kind)
    for name in ("track_quality", "sv_ntracks"):
        branches[name] = ak.values_astype(branches[name], kind)
    assert_same_jets(read_all(write_branches(tmp_path / "a.root", branches)), jets)


def test_lists_may_be_vectors(jets: RaggedJets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`std::vector<float>` as its bytes lie in a file: ten of a header before the numbers of each jet.

    uproot writes no such branches, so their bytes are written as lists of bytes, and called vectors when they are read.
    """

    def packed(lists: ak.Array) -> ak.Array:
        content = [bytes(10) + np.asarray(values, dtype=">f4").tobytes() for values in lists]
        flat = np.frombuffer(b"".join(content), dtype=np.uint8)
        return ak.unflatten(flat, [len(values) for values in content])

    branches = ntuple_branches(jets)
    vectors = [name for name, values in branches.items() if isinstance(values, ak.Array)]
    path = write_branches(tmp_path / "a.root", branches | {name: packed(branches[name]) for name in vectors})
    open_tree = ntuple._tree

    def tree_of_vectors(file: Any, path: Path) -> Any:
        tree = open_tree(file, path)
        for name in vectors:
            tree[name]._interpretation = uproot.AsJagged(uproot.AsDtype(">f4"), header_bytes=10)
        return tree

    monkeypatch.setattr(ntuple, "_tree", tree_of_vectors)
    assert_same_jets(read_all(path), jets)


def test_the_window_cuts(jets: RaggedJets, tmp_path: Path) -> None:
    jets.columns["fj_pt"][:] = np.linspace(310, 690, 50)
    path = write_branches(tmp_path / "a.root", ntuple_branches(jets))
    inside = np.flatnonzero((jets.columns["fj_pt"] > 400) & (jets.columns["fj_pt"] < 600))
    assert_same_jets(read_all(path, Window(pt=(400, 600))), jets.take(inside))
    assert_same_jets(read_all(path, Window(pt=(100, 200))), jets.take(np.arange(0)))


def test_isal_decompresses(jets: RaggedJets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The switch that makes uproot use it is no public one: a new version may do without."""
    path = write_branches(tmp_path / "a.root", ntuple_branches(jets))
    inflated = []

    def decompress(content: bytes, bufsize: int) -> bytes:
        inflated.append(bufsize)
        return zlib.decompress(content, bufsize=bufsize)

    monkeypatch.setattr("isal.isal_zlib.decompress", decompress)
    assert_same_jets(read_all(path), jets)
    assert inflated


def peak_memory(path: Path) -> int:
    tracemalloc.start()
    for _ in read_jets(path, Window()):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize(("limit", "value"), [("STEP_JETS", 100), ("STEP_BYTES", 400_000)])
def test_memory_does_not_grow_with_the_file(
    limit: str, value: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ntuple, limit, value)
    jets = random_jets(400)
    small, large = (
        write_branches(tmp_path / f"{times}.root", ntuple_branches(RaggedJets.concatenate([jets] * times)), basket=100)
        for times in (1, 4)
    )
    read_all(small)  # what is loaded and remembered once
    assert peak_memory(large) < 1.25 * peak_memory(small)


def remove(name: str) -> Callable[[Branches], None]:
    return lambda branches: branches.pop(name)


def put(name: str, entry: int, value: float) -> Callable[[Branches], None]:
    def change(branches: Branches) -> None:
        values = branches[name]
        if isinstance(values, ak.Array):
            flat = ak.flatten(values).to_numpy().copy()
            flat[int(ak.sum(ak.num(values)[:entry]))] = value
            branches[name] = ak.unflatten(flat, ak.num(values))
        else:
            branches[name] = values.astype(np.float32)
            branches[name][entry] = value

    return change


def number_of(name: str) -> Callable[[Branches], None]:
    return lambda branches: branches.update({name: ak.to_numpy(ak.num(branches[name])).astype(np.float32)})


def list_of(name: str) -> Callable[[Branches], None]:
    return lambda branches: branches.update({name: ak.unflatten(branches[name], np.ones(40, dtype=int))})


def pair_of(name: str) -> Callable[[Branches], None]:
    return lambda branches: branches.update({name: np.stack([branches[name]] * 2, axis=-1)})


FAULTS: list[tuple[Callable[[Branches], None], str]] = [
    (remove("event_no"), "has no branch event_no"),
    (remove("track_dz"), "has no branch track_dz"),
    (remove("fj_tau32"), "has no branch fj_tau32"),
    (put("track_dz", 21, np.nan), "branch track_dz holds nan in entry 21"),
    (put("sv_mass", 21, np.inf), "branch sv_mass holds inf in entry 21"),
    (put("fj_tau21", 21, np.nan), "branch fj_tau21 holds nan in entry 21"),
    (put("fj_pt", 21, np.nan), "branch fj_pt holds nan in entry 21"),
    (put("fj_isH", 21, np.nan), "branch fj_isH holds nan in entry 21"),
    (put("fj_nbHadrons", 21, -np.inf), "branch fj_nbHadrons holds -inf in entry 21"),
    (number_of("track_dz"), "branch track_dz is float, expected one number for each object"),
    (list_of("npv"), "branch npv is float[], expected one number for each jet"),
    (pair_of("npv"), "branch npv is float[2], expected one number for each jet"),
]


@pytest.mark.parametrize(("change", "problem"), FAULTS, ids=[problem for _, problem in FAULTS])
def test_a_fault_in_a_file_is_named(
    change: Callable[[Branches], None], problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ntuple, "STEP_JETS", 16)
    jets = random_jets(40)
    busy = np.flatnonzero(np.all([objects.number > 0 for objects in jets.objects.values()], axis=0))[0]
    jets = jets.take(np.insert(np.delete(np.arange(40), busy), 21, busy))
    branches = ntuple_branches(jets)
    change(branches)
    path = write_branches(tmp_path / "faulty.root", branches)
    with pytest.raises(UserError, match=f"^{re.escape(str(path))}: .*{re.escape(problem)}"):
        read_all(path)


def test_damage_in_a_jet_that_is_not_used_does_no_harm(tmp_path: Path) -> None:
    jets = random_jets(10)
    jets.columns["fj_pt"][4] = 250
    branches = ntuple_branches(jets)
    put("fj_tau21", 4, np.nan)(branches)
    path = write_branches(tmp_path / "a.root", branches)
    np.testing.assert_array_equal(
        read_all(path).columns["fj_tau21"], np.delete(jets.columns["fj_tau21"], 4), strict=True
    )


def test_a_jet_of_both_classes_is_a_damaged_file(tmp_path: Path) -> None:
    branches = ntuple_branches(random_jets(10))
    for name in ("sample_isQCD", "fj_isQCD", "fj_isH"):
        branches[name][6] = 1
    path = write_branches(tmp_path / "a.root", branches)
    with pytest.raises(UserError, match="entry 6 is both QCD and H"):
        read_all(path)


def test_lists_of_different_lengths_are_refused(tmp_path: Path) -> None:
    branches = ntuple_branches(random_jets(10))
    lengths = ak.num(branches["track_dz"]).to_numpy() + (np.arange(10) == 7)
    branches["track_dz"] = ak.unflatten(np.zeros(lengths.sum(), dtype=np.float32), lengths)
    path = write_branches(tmp_path / "a.root", branches)
    with pytest.raises(UserError, match=r"track_ptrel and track_dz hold different numbers .* entry 7"):
        read_all(path)


def test_another_tree_is_refused_by_name(tmp_path: Path) -> None:
    path = write_branches(tmp_path / "a.root", ntuple_branches(random_jets(4)), tree="Events")
    with pytest.raises(UserError, match=r"a\.root: there is no tree deepntuplizer/tree, only Events"):
        read_all(path)


def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    content = write_branches(tmp_path / "a.root", ntuple_branches(random_jets(200))).read_bytes()
    path = tmp_path / "cut.root"
    for stop in [*range(0, len(content), len(content) // 20), len(content) - 1]:
        path.write_bytes(content[:stop])
        with pytest.raises(UserError, match=r"cut\.root: .*download the file again"):
            read_all(path)


def test_damaged_bytes_are_placed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ntuple, "STEP_JETS", 64)
    path = write_branches(tmp_path / "a.root", ntuple_branches(random_jets(200)), basket=80)
    with uproot.open(path) as file:
        seek = file[ntuple.TREE]["track_dxy"].member("fBasketSeek")[1]
    with path.open("r+b") as stream:
        stream.seek(seek + 200)
        stream.write(bytes(200))
    with pytest.raises(UserError, match=r"a\.root: branch track_dxy cannot be read from entry 64 on"):
        read_all(path)
