"""One ROOT file of the CMS ntuple, read a bounded number of jets at a time, with errors that name branch and entry."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from fairmodel import UserError

__all__ = ["TREE", "check_finite", "count_entries", "read_ntuple", "reader_versions", "refuse"]

TREE = "deepntuplizer/tree"
# largest part in memory at a time: jets, and bytes uncompressed
STEP_JETS, STEP_BYTES = 16384, 50_000_000
NOT_OURS = "the file is not the ntuple that this program reads"


def reader_versions() -> dict[str, str]:
    """Versions of the libraries that read ROOT files. Raises UserError for a missing one, with the remedy."""
    try:
        return {name: import_module(name).__version__ for name in ("uproot", "awkward", "isal")}
    except ModuleNotFoundError as error:
        message = (
            f"reading and writing CMS ntuples needs {error.name}, which is not installed; install the extra `cern`: "
            "pip install -e '.[cern]'"
        )
        raise UserError(message) from error


def read_ntuple(
    path: Path, numbers: Sequence[str], lists: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the entries of the tree in order, a part at a time: number of the first one, branch -> Awkward array.

    `numbers` are branches with one number for each jet, `lists` those with one for each object of a jet; `optional` are
    numbers that need not be there. Raises UserError that names the file for another tree, a missing branch, or one of
    the wrong kind, and that names branch and entry too for a part that cannot be read.
    """
    with _inflated_by_isal(), _open(path) as file:
        tree = _tree(file, path)
        present = [*numbers, *sorted({*optional} & {*tree.keys()})]
        _check_branches(tree, path, present, lists)
        names = [*present, *lists]
        step = _step(tree, names)
        parts = tree.iterate(names, step_size=step, how=dict)
        for start in range(0, tree.num_entries, step):
            try:
                entries = next(parts)
            except Exception as error:
                stop = min(start + step, tree.num_entries)
                refuse(path, f"{_damaged_branch(tree, names, start, stop)} cannot be read from entry {start} on", error)
            yield start, entries


def count_entries(path: Path) -> int:
    """Number of jets in a file; raises UserError that names the file if it is none of these ntuples."""
    reader_versions()
    with _open(path) as file:
        return int(_tree(file, path).num_entries)


def _step(tree: Any, names: Sequence[str]) -> int:
    """Number of entries to read at a time."""
    size = sum(tree[name].uncompressed_bytes for name in names) / max(tree.num_entries, 1)
    return max(1, min(STEP_JETS, int(STEP_BYTES / max(size, 1))))


def check_finite(values: np.ndarray, branches: Sequence[str], path: Path, entries: np.ndarray) -> None:
    """Refuse NaN and infinities in values (row, branch), where `entries` are the numbers of the rows' jets in the file.

    The ntuple's makers replaced such values, so that one in a file is a sign of damage.
    """
    if np.isfinite(values).all():
        return
    row, column = np.argwhere(~np.isfinite(values))[0]
    refuse(path, f"branch {branches[column]} holds {values[row, column]} in entry {entries[row]}")


def refuse(path: Path, problem: str, cause: Exception | None = None) -> NoReturn:
    """Raise the error for a damaged file."""
    message = f"{path}: {problem}; download the file again"
    raise UserError(message) from cause


# Exception below, since uproot's decompressors raise many types at damaged bytes


def _open(path: Path) -> Any:
    try:
        # a dictionary, so that no part of the file's name is taken for the name of a tree
        file = import_module("uproot").open({path: None}, array_cache=None)
    except Exception as error:
        refuse(path, "it is not a readable ROOT file (truncated or corrupted)", error)
    expected, size = file.file.fEND, path.stat().st_size
    if size < expected:
        file.close()
        refuse(path, f"it is truncated to {size} of {expected} bytes")
    return file


@contextmanager
def _inflated_by_isal() -> Iterator[None]:
    """Let uproot decompress by ISA-L, in half the time of zlib: its public switch for that reaches only its writers."""
    inner: Any = getattr(import_module("uproot").compression, "_decompress_ZLIB", None)
    before = getattr(inner, "library", None)
    if before is None:  # a version without the inner switch reads as well, only slower
        yield
        return
    inner.library = "isal"
    try:
        yield
    finally:
        inner.library = before


def _tree(file: Any, path: Path) -> Any:
    try:
        trees = file.keys(cycle=False, filter_classname="TTree")
        tree = file[TREE] if TREE in trees else None
    except Exception as error:
        refuse(path, f"the tree {TREE} cannot be read", error)
    if tree is None:
        message = f"{path}: there is no tree {TREE}, only {', '.join(trees) or 'none at all'}; {NOT_OURS}"
        raise UserError(message)
    return tree


def _check_branches(tree: Any, path: Path, numbers: Sequence[str], lists: Sequence[str]) -> None:
    missing = sorted({*numbers, *lists} - {*tree.keys()})
    if missing:
        message = f"{path}: the tree {TREE} has no branch {', '.join(missing)}; {NOT_OURS}"
        raise UserError(message)
    for names, kind, expected in (
        (numbers, "AsDtype", "one number for each jet"),
        (lists, "AsJagged", "one number for each object of a jet"),
    ):
        for name in names:
            interpretation = tree[name].interpretation
            # what a list holds is an interpretation of its own, which must be numbers in both kinds
            content = interpretation.content if type(interpretation).__name__ == "AsJagged" else interpretation
            if type(interpretation).__name__ != kind or getattr(content, "inner_shape", None) != ():
                message = f"{path}: branch {name} is {tree[name].typename}, expected {expected}; {NOT_OURS}"
                raise UserError(message)


def _damaged_branch(tree: Any, names: Sequence[str], start: int, stop: int) -> str:
    for name in names:
        try:
            tree[name].array(entry_start=start, entry_stop=stop)
        except Exception:
            return f"branch {name}"
    return TREE
