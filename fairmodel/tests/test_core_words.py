"""The core serves any project: no word of one project's field is in it."""

import re
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
WORDS = re.compile("|".join(["tra" + "ck", "ver" + "tex", "ver" + "tices", "j" + "et", "h" + "bb"]), re.IGNORECASE)
OWNED_BY_THE_PROJECT = ("project.py", "data", "model", "studies")


def core_files() -> list[Path]:
    files = [path for suffix in ("*.py", "*.j2") for path in PACKAGE.rglob(suffix)]
    return sorted(path for path in files if path.relative_to(PACKAGE).parts[0] not in OWNED_BY_THE_PROJECT)


def test_the_core_speaks_of_rows_and_objects_only() -> None:
    # the package's own name is an answer, and one project's name may well be a word of its field
    found = [
        f"{path.relative_to(PACKAGE)}:{number}: {line.strip()}"
        for path in core_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if WORDS.search(line)
    ]
    assert found == []


def test_the_whole_core_is_read() -> None:
    names = {path.name for path in core_files()}
    assert {"cli.py", "train.py", "onnx.py", "page.html.j2", "metadata.py", Path(__file__).name} <= names
    assert WORDS.search("a " + "J" + "et")
