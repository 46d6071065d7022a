"""The list of files: what it may say, how it is written, and what is compared with it."""

import hashlib
import string
import tempfile
import tomllib
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from fairmodel.download.checksums import checksums, name_problem
from fairmodel.download.manifest import Manifest, ManifestFile, write_manifest
from fairmodel.errors import UserError
from fairmodel.interface import Run

SHA = hashlib.sha256(b"abc").hexdigest()
ADLER = "024d0127"  # of b"abc", RFC 1950
PINS = f'bytes = 3\nsha256 = "{SHA}"\n'
DOI = "10.5281/zenodo.42"


def written(folder: Path, text: str) -> Path:
    path = folder / "files.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_entry_says_where_from_and_what(tmp_path: Path) -> None:
    text = f'[[file]]\nname = "train/a.h5"\n{PINS}doi = "{DOI}"\n[[file]]\nname = "b"\nbytes = 3\nadler32 = "{ADLER}"\n'
    first, second = Manifest.load(written(tmp_path, text)).files
    assert (first.name, first.size, first.sha256, first.doi) == ("train/a.h5", 3, SHA, DOI)
    assert (second.name, second.size, second.adler32, second.doi) == ("b", 3, ADLER, None)
    assert Manifest.load(written(tmp_path, "file = []\n")).files == ()
    assert Manifest.load(written(tmp_path, "# nothing\n")).files == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[file]", r"is not valid TOML: .*line 1"),
        ("file = 3", r"file: is not a list of tables \[\[file\]\]"),
        ("files = []", r"files: unknown key"),
        ("[[file]]\n" + PINS, r"file 1 \(None\): name: Field required"),
        ('[[file]]\nname = "a"\n', r"file 1 \('a'\): needs bytes, and sha256 or adler32"),
        ('[[file]]\nname = "a"\nbytes = 3\n', r"needs bytes, and sha256 or adler32"),
        (f'[[file]]\nname = "a"\nsha256 = "{SHA}"\n', r"needs bytes, and sha256 or adler32"),
        ('[[file]]\nname = "a"\nbytes = -1\nadler32 = "01234567"\n', r"bytes = -1: .*greater than or equal to 0"),
        ('[[file]]\nname = "a"\nbytes = 3\nsha256 = "abc"\n', r"sha256 = 'abc': is not 64 digits 0-9 and a-f"),
        ('[[file]]\nname = "a"\nbytes = 3\nadler32 = "0123456G"\n', r"adler32 = '0123456G': is not 8 digits"),
        ('[[file]]\nname = "a"\nbytes = 3\nmd5 = "x"\n', r"md5 = 'x': unknown key; known here: name, bytes, sha256,"),
        (f'[[file]]\nname = "a"\n{PINS}doi = "zenodo.42"\n', r"doi = 'zenodo.42': is not a DOI"),
        (f'[[file]]\nname = "a"\n{PINS}url = "file:///etc/passwd"\n', r"url = .*is not an address"),
        (f'[[file]]\nname = "a"\n{PINS}index = "b"\n', r"\('a'\): has an index, which gives size and checksum"),
        ('[[file]]\nname = "a"\nindex = "b"\n', r"'a': its index 'b' is no entry with bytes and a checksum"),
        (f'[[file]]\nname = "a"\n{PINS}[[file]]\nname = "A"\n{PINS}', r"'A' and 'a' are the same file"),
        (f'[[file]]\nname = "../a"\n{PINS}', r"file 1 \('\.\./a'\): name = '\.\./a': is not a path below a folder"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_entry(text: str, problem: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UserError, match=problem) as caught:
        Manifest.load(path)
    assert str(path) in str(caught.value)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = f'odd = 1\n[[file]]\nname = "a/"\n{PINS}[[file]]\nname = "b"\nbytes = "x"\nsha256 = "y"\n'
    with pytest.raises(UserError, match=r"odd: .*; file 1 .*; file 2 .*bytes = 'x': .*; file 2 .*sha256 = 'y': "):
        Manifest.load(written(tmp_path, text))


def test_no_list_at_all(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"files\.toml does not exist; write it with `make data-manifest`"):
        Manifest.load(tmp_path / "files.toml")
    (tmp_path / "files.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(UserError, match=r"files\.toml is not valid TOML"):
        Manifest.load(tmp_path / "files.toml")


BAD = {
    "climbs": ["..", "../a", "a/../b", "a/..", "./a"],
    "absolute": ["/a", "//host/a", "C:/a", "c:a", "\\a", "a\\..\\..\\b", "\\\\host\\a"],
    "empty": ["", "/", "a/", "a//b"],
    "control": ["a\nb", "a\0", "\x1b[2Ja", "a\x7f", "\u202egpj.a", "a\u200b"],
    "windows": ["nul", "a/CON.h5", "com1", "LPT9.txt", "a?", 'a"', "a*", "a.", "a /b", " a"],
    "ours": ["a.part"],
    "long": ["a" * 241, "ü" * 121],
}


@pytest.mark.parametrize("name", [name for names in BAD.values() for name in names])
def test_names_that_could_do_harm(name: str) -> None:
    assert name_problem(name)
    with pytest.raises(ValidationError, match="name"):
        ManifestFile(name=name, bytes=3, sha256=SHA)


PART = st.text(string.ascii_letters + string.digits + "._-+=@ äé漢", min_size=1, max_size=20)


@given(st.lists(PART, min_size=1, max_size=4).map("/".join))
def test_a_good_name_stays_below_its_folder(name: str) -> None:
    if name_problem(name) is None:
        path = Path("/a/folder") / name
        assert path.as_posix() == f"/a/folder/{name}"
        assert ".." not in path.parts


@pytest.mark.parametrize("name", ["a", "train.h5", "train/ntuple_9.root", "a b/ü.x", "con-tent", ".hidden", "..a"])
def test_good_names(name: str) -> None:
    assert name_problem(name) is None


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1])
def test_checksums_are_those_of_the_whole_file(size: int, tmp_path: Path) -> None:
    content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    (tmp_path / "a").write_bytes(content)
    assert checksums(tmp_path / "a", ["sha256", "adler32"]) == {
        "sha256": hashlib.sha256(content).hexdigest(),
        "adler32": f"{zlib.adler32(content) & 0xFFFFFFFF:08x}",
    }


def test_the_size_is_compared_first(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abd")
    file = ManifestFile(name="a", bytes=3, sha256=SHA, adler32=ADLER)
    assert file.problem(path) == f"has the sha256 {hashlib.sha256(b'abd').hexdigest()}, {SHA} is expected"
    assert ManifestFile(name="a", bytes=3, adler32=ADLER).problem(path) == (
        f"has the adler32 {zlib.adler32(b'abd'):08x}, {ADLER} is expected"
    )
    assert file.model_copy(update={"size": 4}).problem(path) == "has 3 bytes, 4 are expected"
    path.write_bytes(b"abc")
    assert file.problem(path) is None


def test_the_data_set_is_listed_by_default(other: Run, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = other.paths.manifest
    write_manifest(other, files=[], doi=DOI)
    assert capsys.readouterr().out == f"{manifest}: train.h5, val.h5, test.h5\n"
    tables = tomllib.loads(manifest.read_text())["file"]
    assert [table["name"] for table in tables] == ["train.h5", "val.h5", "test.h5"]
    for table in tables:
        content = (other.paths.processed / table["name"]).read_bytes()
        assert table == {
            "name": table["name"],
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "doi": DOI,
        }


def test_an_unfinished_data_set_is_not_listed(other: Run) -> None:
    other.paths.split("val").write_bytes(b"not HDF5")
    with pytest.raises(UserError, match=r"val\.h5 is not a readable HDF5 file"):
        write_manifest(other, files=[], doi=None)
    assert not other.paths.manifest.exists()


def test_other_entries_and_the_comment_at_the_head_stay(other: Run) -> None:
    kept = f'name = "ü \'quoted\'.root"\nbytes = 7\nadler32 = "{ADLER}"\ndoi = "10.5281/zenodo.1"\n'
    old = f'name = "train/x.root"\nbytes = 9\nadler32 = "{ADLER}"\n'
    local = f'name = "local.h5"\n{PINS}'
    written(other.paths.manifest.parent, f"# why\n#\n\n[[file]]\n{kept}\n[[file]]\n{old}\n[[file]]\n{local}")
    raw = other.paths.raw / "train" / "x.root"
    raw.parent.mkdir(parents=True)
    raw.write_bytes(b"abc")
    write_manifest(other, files=[raw], doi=DOI)
    text = other.paths.manifest.read_text(encoding="utf-8")
    assert text.startswith(f"# why\n#\n\n[[file]]\n{kept}")
    files = Manifest.load(other.paths.manifest).files
    assert [file.name for file in files] == ["ü 'quoted'.root", "train/x.root", "local.h5"]
    assert files[1] == ManifestFile(name="train/x.root", bytes=3, sha256=SHA, doi=DOI)
    write_manifest(other, files=[raw], doi=DOI)
    assert other.paths.manifest.read_text(encoding="utf-8") == text


def test_a_file_keeps_its_record_only_as_long_as_it_is_the_same(other: Run) -> None:
    write_manifest(other, files=[], doi=DOI)
    write_manifest(other, files=[], doi=None)
    assert {file.doi for file in Manifest.load(other.paths.manifest).files} == {DOI}
    content = other.paths.split("train").read_bytes()
    other.paths.split("train").write_bytes(content + b"\0")
    write_manifest(other, files=[], doi=None)
    dois = {file.name: file.doi for file in Manifest.load(other.paths.manifest).files}
    assert dois == {"train.h5": None, "val.h5": DOI, "test.h5": DOI}


@pytest.mark.parametrize(
    ("files", "doi", "problem"),
    [
        ([], "https://doi.org/10.5281/zenodo.1", r"--doi 'https://doi.org/.*' is not a DOI, such as"),
        ([Path("nowhere.h5")], None, r"nowhere\.h5 is not a file"),
        ([Path("bad?.h5")], None, r"bad\?\.h5: the name 'bad\?\.h5' holds \?.*rename the file"),
    ],
)
def test_what_cannot_be_listed(
    files: list[Path], doi: str | None, problem: str, other: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad?.h5").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=problem):
        write_manifest(other, files=files, doi=doi)
    assert not other.paths.manifest.exists()


@settings(max_examples=30)
@given(
    st.dictionaries(
        PART.filter(lambda name: name_problem(name) is None),
        st.tuples(st.integers(0, 2**60), st.sampled_from([None, DOI, "10.5281/zenodo.7"])),
        max_size=5,
    )
)
def test_what_is_written_is_read_again(entries: dict[str, tuple[int, str | None]]) -> None:
    """Whatever the names: TOML has other rules for strings than JSON, in whose form they are written."""
    files = tuple(
        ManifestFile(name=f"{number}/{name}", bytes=size, sha256=SHA, doi=doi)
        for number, (name, (size, doi)) in enumerate(entries.items())
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "files.toml"
        Manifest(path, files).save()
        assert Manifest.load(path).files == files
