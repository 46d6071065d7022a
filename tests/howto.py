"""What the pages "Your data" and "Your network" say, done in a new project."""

import ast
import re
from pathlib import Path

import numpy as np

from .projects import ROOT

__all__ = ["follow_pages"]

PAGES = ("your-data.md", "your-network.md")
BLOCK = re.compile(r"^```(?:python|toml)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
PLACE = re.compile(r"# (\S+\.(?:py|toml))\n")
TABLE = r"^\[{0}\]\n.*?(?=^\[(?!{0}\.)|\Z)"  # with the tables inside it


def follow_pages(project: Path, package: str) -> None:
    """Put data and network of the pages in place of the toy, with showers that differ between the classes."""
    for page in PAGES:
        for block in BLOCK.findall((ROOT / "docs" / page).read_text(encoding="utf-8")):
            place = PLACE.match(block)
            if place is None:
                _replace_definitions(project / "src" / package / "project.py", block)
            elif place.group(1).endswith(".py"):
                path = project / place.group(1).replace("<package>", package)
                path.write_text(block[place.end() :], encoding="utf-8")
            else:
                _replace_tables(project / place.group(1), block[place.end() :])
    raw = project / "data" / "raw" / "smoke"
    raw.mkdir(parents=True)
    cells, counts, labels = _showers(2000)
    np.savez(raw / "showers.npz", cells=cells, counts=counts, labels=labels)


def _replace_definitions(path: Path, block: str) -> None:
    """Put each function and constant of the block in the place of the one of the same name."""
    for new in ast.parse(block).body:
        text = path.read_text(encoding="utf-8")
        (old,) = [node for node in ast.parse(text).body if _name(node) == _name(new)]
        before, after = text.splitlines()[: old.lineno - 1], text.splitlines()[old.end_lineno :]
        middle = block.splitlines()[new.lineno - 1 : new.end_lineno]
        path.write_text("\n".join([*before, *middle, *after]) + "\n", encoding="utf-8")


def _name(node: ast.stmt) -> str:
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", node)
    return str(getattr(target, "id", getattr(target, "name", "")))


def _replace_tables(path: Path, block: str) -> None:
    text = path.read_text(encoding="utf-8")
    for name in re.findall(r"^\[(.+)\]$", block, flags=re.MULTILINE):
        pattern = re.compile(TABLE.format(re.escape(name)), flags=re.MULTILINE | re.DOTALL)
        (new,) = pattern.findall(block)
        text, count = pattern.subn(new.strip() + "\n\n", text)
        assert count == 1, f"{path} has no table [{name}]"
    path.write_text(text, encoding="utf-8")


def _showers(rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Showers of two widths and energies: float32 (row, slot, feature) with empty slots, their counts and labels."""
    random = np.random.default_rng(1)
    labels = np.arange(rows) % 2
    counts = random.integers(5, 50, rows).astype(np.uint16)
    cells = np.zeros((rows, 50, 3), np.float32)
    for shower, (count, label) in enumerate(zip(counts, labels, strict=True)):
        cells[shower, :count, 0] = np.minimum(random.exponential(3 if label else 1, count), 99)
        cells[shower, :count, 1:] = random.normal(0, 30 if label else 60, (count, 2))
    return cells, counts, labels
