"""What the pages "Your data" and "Your network" say, done in a new project."""

import re
import shutil
from pathlib import Path

import numpy as np

from .projects import ROOT

__all__ = ["follow_pages"]

PAGES = ("your-data.md", "your-network.md")
BLOCK = re.compile(r"^```(?:python|toml)\n# (\S+\.(?:py|toml))\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
TABLE = r"^\[{0}\]\n.*?(?=^\[(?!{0}\.)|\Z)"  # with the tables inside it
TOY = ("data/simulation.py", "model/deep_sets.py")


def follow_pages(project: Path, package: str) -> None:
    """Put data and network of the pages in place of the toy, with showers that differ between the classes."""
    for page in PAGES:
        for place, text in BLOCK.findall((ROOT / "docs" / page).read_text(encoding="utf-8")):
            if place.endswith(".py"):
                (project / place.replace("<package>", package)).write_text(text, encoding="utf-8")
                continue
            for path in (project / "config").glob("*.toml"):
                _replace_tables(path, text)
    _delete_toy(project, package)
    for profile in ("smoke", "quick"):
        raw = project / "data" / "raw" / profile
        raw.mkdir(parents=True)
        cells, counts, labels = _showers(2000)
        np.savez(raw / "showers.npz", cells=cells, counts=counts, labels=labels)


def _delete_toy(project: Path, package: str) -> None:
    """What the page says to delete: two modules, their tests, their entries on the page of the interface."""
    interface = project / "docs" / "api.md"
    text = interface.read_text(encoding="utf-8")
    for name in TOY:
        (project / "src" / package / name).unlink()
        module = f"{package}.{name.removesuffix('.py').replace('/', '.')}"
        text = text.replace(f".. automodule:: {module}\n   :members:\n", "")
    interface.write_text(text, encoding="utf-8")
    for name in ("data", "model"):
        shutil.rmtree(project / "tests" / name)


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
