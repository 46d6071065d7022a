"""The house stands on its floors: no import runs upwards, none goes in a circle, none names a project."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import fairmodel

ENGINE = Path(str(fairmodel.__file__)).parent
FLOORS = (
    ("schema", "errors", "files", "progress", "arrays", "lazy", "deflate", "closure"),
    ("settings", "config", "paths", "dataset", "splits", "layers"),
    ("metadata", "present", "workers"),
    ("interface", "identity", "discover", "web"),
    ("training", "download", "validation", "explore", "stamps"),
    ("evaluation", "inference"),
    ("reproduce", "serving"),
    ("export", "portability", "interpret"),
    ("fair",),
    ("report",),
    ("commands",),
    ("cli", "testing", "documentation"),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
MODULES = sorted(path for path in ENGINE.rglob("*.py") if path != ENGINE / "__init__.py")


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module of the engine that a file imports, by its dotted name below the engine, with the line."""
    package = path.relative_to(ENGINE).parent.parts
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - (node.level - 1)]
            yield (
                ".".join([*base, *([node.module] if node.module else [alias.name for alias in node.names])]),
                node.lineno,
            )
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fairmodel."):
            yield str(node.module).removeprefix("fairmodel."), node.lineno


def room_of(path: Path) -> str:
    return path.relative_to(ENGINE).with_suffix("").parts[0]


def test_every_room_has_a_floor() -> None:
    rooms = {room_of(path) for path in MODULES}
    assert {room for room in rooms if not room.startswith("_")} == FLOOR.keys()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ENGINE).as_posix())
def test_no_import_runs_upwards(path: Path) -> None:
    room = room_of(path)
    upwards = [
        f"line {line}: {room} imports {name}, which is above it"
        for name, line in imports(path)
        if name.partition(".")[0] in FLOOR and FLOOR[name.partition(".")[0]] > FLOOR.get(room, len(FLOORS))
    ]
    assert not upwards


def test_no_room_is_in_a_circle() -> None:
    needs = {room: set[str]() for room in FLOOR}
    for path in MODULES:
        needs.setdefault(room_of(path), set()).update(name.partition(".")[0] for name, _ in imports(path))
    waiting = {room: {other for other in others if other in FLOOR} - {room} for room, others in needs.items()}
    while free := [room for room, others in waiting.items() if not others]:
        waiting = {room: others - {*free} for room, others in waiting.items() if room not in free}
    assert not waiting


def test_no_module_is_in_a_circle() -> None:
    """Within a room as well; an import that only type checkers read counts like any other."""
    names = {
        ".".join(path.relative_to(ENGINE).with_suffix("").parts).removesuffix(".__init__"): path for path in MODULES
    }
    waiting = {name: {other for other, _ in imports(path)} & names.keys() - {name} for name, path in names.items()}
    while free := [name for name, others in waiting.items() if not others]:
        waiting = {name: others - {*free} for name, others in waiting.items() if name not in free}
    assert not waiting


def test_no_import_names_a_project() -> None:
    known = {"fairmodel"}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ImportFrom) and not node.level:
                known.add(str(node.module).partition(".")[0])
    assert not {name for name in known if name.startswith(("hbb", "reference", "xaug", "fair_model"))}


def test_modules_are_chapters() -> None:
    lengths = {path.relative_to(ENGINE).as_posix(): path.read_bytes().count(b"\n") for path in MODULES}
    # one file by design, copied as a whole; and a table
    allowed = {"fair/fetch/fetch_model.py", "commands/table.py"}
    assert not {name: length for name, length in lengths.items() if length > 320 and name not in allowed}
