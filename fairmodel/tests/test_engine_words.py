"""The engine serves any project: no word of one project's field is in it."""

import re

from .projects import ENGINE_ROOT

ENGINE = ENGINE_ROOT / "src" / "fairmodel"
FILES = sorted(path for suffix in ("*.py", "*.pyi", "*.j2") for path in ENGINE.rglob(suffix))
WORDS = re.compile(r"track|vert(ex|ices)|jet|hbb", re.IGNORECASE)


def test_the_engine_speaks_of_rows_and_objects_only() -> None:
    found = [
        f"{path.relative_to(ENGINE)}:{number}: {line.strip()}"
        for path in FILES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if WORDS.search(line)
    ]
    assert found == []


def test_the_whole_engine_is_read() -> None:
    names = {path.name for path in FILES}
    assert {"cli.py", "train.py", "onnx.py", "page.html.j2", "metadata.py"} <= names
