"""Which files each step reads and writes, as far as the record of a run tells."""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Reach", "reach_of"]

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
