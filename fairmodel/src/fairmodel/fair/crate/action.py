"""A step that was run: the files that it may read and write, their checksums, and its record."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...files import sha256, write_json

__all__ = ["FOOTPRINT_OF", "Action", "Checksums", "Reach", "current", "pruned", "reach_of"]


@dataclass(frozen=True)
class Action:
    """A step that ended well.

    `inputs` and `outputs` are SHA-256 checksums by path relative to the project; times are ISO 8601 in UTC.
    `settings` are values of JSON: profile, commit, configuration, seeds, environment, hardware.
    """

    step: str
    profile: str
    command: str
    started: str
    ended: str
    agent: str
    settings: Mapping[str, Any]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]

    @property
    def identifier(self) -> str:
        """A name for the action within its crate."""
        moment = self.started.translate(str.maketrans("", "", "-:"))
        return f"#{self.step.replace(' ', '-')}-{self.profile}-{moment}"


def current(actions: Iterable[Action]) -> dict[str, str]:
    """The checksum of each file that an action wrote last, or, where none wrote it, read last."""
    ordered = sorted(actions, key=lambda action: action.ended)
    read = {path: digest for action in ordered for path, digest in action.inputs.items()}
    return read | {path: digest for action in ordered for path, digest in action.outputs.items()}


def pruned(actions: Iterable[Action]) -> list[Action]:
    """The actions that wrote some file last, and those that made what they read: the others have been superseded."""
    ordered = sorted(actions, key=lambda action: action.ended)
    writer = {path: action for action in ordered for path in action.outputs}
    waiting = list({action.identifier: action for action in writer.values()}.values())
    kept: dict[str, Action] = {}
    while waiting:
        action = waiting.pop()
        if action.identifier not in kept:
            kept[action.identifier] = action
            waiting += [maker for item in action.inputs.items() if (maker := _maker(item, action, ordered))]
    return sorted(kept.values(), key=lambda action: action.ended)


def _maker(item: tuple[str, str], reader: Action, ordered: Sequence[Action]) -> Action | None:
    """The last action before another one that gave a file the content which that one read."""
    before = [other for other in ordered if other.ended <= reader.ended and other is not reader]
    return next((other for other in reversed(before) if item in other.outputs.items()), None)


SPLITS = tuple(f"data/processed/{{profile}}/{name}.h5" for name in ("train", "val", "test"))
TRAIN, VAL, TEST = SPLITS
MODEL, REPORT = "models/{profile}/", "reports/{profile}/"
WEIGHTS = f"{MODEL}weights.safetensors"
RESULTS = (f"{REPORT}metrics.json", f"{REPORT}scores.npz", f"{MODEL}run.json", f"{MODEL}history.csv")


@dataclass(frozen=True)
class Reach:
    """Paths relative to the project: files that are read if they exist, and what is written, folders with a slash."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]

    def of(self, profile: str) -> "Reach":
        """The same for one profile."""
        return Reach(
            (f"config/{profile}.toml", *(path.format(profile=profile) for path in self.reads)),
            tuple(path.format(profile=profile) for path in self.writes),
        )

    def has(self, path: str) -> bool:
        """Whether a file is among what is written."""
        return any(path == item or (item.endswith("/") and path.startswith(item)) for item in self.writes)


STUDY = Reach(SPLITS, (f"{REPORT}reproduction/", f"{MODEL}trials/", "data/processed/{profile}/splits/"))
DATA_FILES = (*SPLITS, "data/processed/{profile}/splits.json")
TRAINED = tuple(MODEL + name for name in ("weights.safetensors", "config.json", "run.json", "history.csv"))
EXPORTED = tuple(MODEL + name for name in ("model.onnx", "model-dense.onnx", "sample.safetensors"))
DESCRIBED = tuple(MODEL + name for name in ("model-card.md", "fair4ml.jsonld", "croissant.jsonld", "sbom.cdx.json"))
STEPS: Mapping[str, Reach] = {
    "data": Reach(("data/files.toml",), DATA_FILES),
    "data validate": Reach(SPLITS, (f"{REPORT}validation/",)),
    "train": Reach((TRAIN, VAL), TRAINED),
    "evaluate": Reach((WEIGHTS, TEST), RESULTS[:2]),
    "export": Reach((WEIGHTS, TEST, "fair.toml"), EXPORTED),
    "explain": Reach((WEIGHTS, *SPLITS), (f"{REPORT}interpretation/",)),
    "report": Reach((*RESULTS, TEST, "fair.toml"), (f"{REPORT}report.html", f"{REPORT}figures/")),
    "fair describe": Reach((*RESULTS, *SPLITS, WEIGHTS, *EXPORTED, "fair.toml"), DESCRIBED),
    "reproduce-seeds": STUDY,
    "reproduce-splits": STUDY,
    "ablations": STUDY,
    "learning-curve": STUDY,
    "compare": STUDY,
}
# steps whose results depend on what `identity` knows under another name
FOOTPRINT_OF: Mapping[str, str] = {
    "data validate": "validate",
    "fair describe": "describe",
    **dict.fromkeys(("reproduce-seeds", "reproduce-splits", "ablations", "learning-curve"), "reproduce"),
}
# these make no result, or, as the check, a judgement on the record, which is no part of it
FAIR_ACTIONS = tuple(f"fair {action}" for action in ("check", "verify", "publish", "stamp"))
UNRECORDED = ("summary", "graph", "serve", "data manifest", *FAIR_ACTIONS)
OTHER = Reach(
    (WEIGHTS, f"{MODEL}model.onnx", TEST), ("data/processed/{profile}/", MODEL, REPORT)
)  # a step that is not listed


def reach_of(words: tuple[str, ...], profile: str) -> tuple[str, Reach]:
    """The name of the step that a command line runs, and its files."""
    leading = [word for word in words[:2] if not word.startswith("-")]
    names = (" ".join(leading), *leading[:1])
    name = next((name for name in names if name in STEPS or name in UNRECORDED), names[-1])
    reach = Reach((), ()) if name in UNRECORDED else STEPS.get(name, OTHER)
    return name, reach.of(profile)


SETTLED = 0.1  # seconds after which a file that changes once more gets another time of change on every file system


class Checksums:
    """The checksums of a project's files, remembered in `build/checksums.json` from one step to the next."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._path = root / "build" / "checksums.json"
        self._known = self._load()

    def of(self, path: Path) -> str:
        """The file's SHA-256 in hexadecimal."""
        status, name = path.stat(), path.relative_to(self.root).as_posix()
        size, changed, digest = self._known.get(name, (-1, 0, ""))
        if (size, changed) == (status.st_size, status.st_mtime_ns):
            return digest
        settled = time.time_ns() - status.st_mtime_ns > SETTLED * 1e9
        digest = sha256(path)
        if settled:
            self._known[name] = (status.st_size, status.st_mtime_ns, digest)
        return digest

    def save(self) -> None:
        """Remember what was taken, also by others meanwhile; forget files that are gone. For one process at a time."""
        known = self._load() | self._known
        write_json(self._path, {name: entry for name, entry in known.items() if (self.root / name).exists()})

    def _load(self) -> dict[str, tuple[int, int, str]]:
        """What is remembered; a damaged file only costs time."""
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            return {name: (int(size), int(changed), str(digest)) for name, (size, changed, digest) in content.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}
