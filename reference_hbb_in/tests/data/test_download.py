"""The list of CMS files, and what the options choose of it."""

import zlib
from pathlib import Path

import pytest
from fairmodel import UserError
from fairmodel.download.manifest import Manifest, ManifestFile

from hbb_in.data.cms.convert import DOI, download_ntuples
from hbb_in.data.options import DataOptions

ROOT = Path(__file__).resolve().parents[2]
STORAGE = (
    "root://eospublic.cern.ch//eos/opendata/cms/datascience/HiggsToBBNtupleProducerTool/"
    "HiggsToBBNTuple_HiggsToBB_QCD_RunII_13TeV_MC"
)
# The record has its files also as lines of text, in the order of the alphabet; size and Adler-32 of these two texts,
# from cms-derived-Run2-datascience.json in github.com/cernopendata/opendata.cern.ch.
PUBLISHED = {"test": (9, 1386, "1a0ffc36"), "train": (82, 12791, "3b6345c1")}


@pytest.fixture(scope="module")
def listed() -> dict[str, ManifestFile]:
    return Manifest.load(ROOT / "data" / "files.toml").of_doi(DOI)


@pytest.mark.parametrize("folder", PUBLISHED)
def test_the_names_are_those_of_the_record(folder: str, listed: dict[str, ManifestFile]) -> None:
    number, size, checksum = PUBLISHED[folder]
    names = sorted(name for name in listed if name.startswith(folder) and name.endswith(".root"))
    assert len(names) == number
    text = "".join(f"{STORAGE}/{name}\n" for name in names).encode()
    assert len(text) == size
    assert f"{zlib.adler32(text):08x}" == checksum


def test_every_file_has_the_index_of_its_folder(listed: dict[str, ManifestFile]) -> None:
    files = {name: file for name, file in listed.items() if file.index}
    assert all(name.endswith(".root") for name in files)
    indices = {name: file for name, file in listed.items() if not file.index}
    assert indices.keys() == {file.index for file in files.values()}
    for name, file in files.items():
        assert file.index is not None
        assert file.index.split("/")[0] == name.split("/")[0]
    assert {file.size for file in indices.values()} == {2487, 22878}


def test_chosen_files_that_are_there_are_taken_without_a_network(tmp_path: Path) -> None:
    raw = tmp_path / "data" / "raw" / "full"
    names = ["train/a.root", "train/b.root", "test/c.root"]
    for name in names:
        (raw / name).parent.mkdir(parents=True, exist_ok=True)
        (raw / name).write_text(name)
    files = [
        ManifestFile(name=name, bytes=len(name), adler32=f"{zlib.adler32(name.encode()):08x}", doi=DOI)
        for name in names
    ]
    Manifest(tmp_path / "data" / "files.toml", tuple(files)).save()
    options = DataOptions(files=("train/*",), server="http://127.0.0.1:1")
    assert download_ntuples(options, raw) == [raw / "train" / "a.root", raw / "train" / "b.root"]
    with pytest.raises(UserError, match=r"no file in .*files\.toml matches 'val/\*'"):
        download_ntuples(DataOptions(files=("val/*",)), raw)


def test_no_choice_means_what_lies_there(tmp_path: Path) -> None:
    assert download_ntuples(DataOptions(files=()), tmp_path) == []
