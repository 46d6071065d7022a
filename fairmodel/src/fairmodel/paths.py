"""Where every step of a profile reads and writes, relative to the project's folder."""

from dataclasses import dataclass
from pathlib import Path

from .errors import UserError

__all__ = ["Paths", "TrialPaths", "trials_folder"]


@dataclass(frozen=True)
class Paths:
    """The files of one profile."""

    root: Path
    profile: str

    @classmethod
    def of_project(cls, root: Path, profile: str) -> "Paths":
        """The paths of a project; refuses a folder that is none, and a profile that is a path."""
        if not (root / "config").is_dir():
            message = f"{root} has no config/ folder, so it is no project; change into one or pass --project FOLDER"
            raise UserError(message)
        if not profile or Path(profile).name != profile:
            message = f"{profile!r} is no profile: give the name of a file in config/ without .toml, such as quick"
            raise UserError(message)
        return cls(root, profile)

    @classmethod
    def of_raw(cls, raw: Path) -> "Paths":
        """The paths of the project and profile to which a folder of downloads belongs."""
        return cls(raw.parents[2], raw.name)

    @property
    def config(self) -> Path:
        """The profile's configuration file."""
        return self.root / "config" / f"{self.profile}.toml"

    @property
    def build(self) -> Path:
        """What steps keep for later runs: one file for each step, touched only when what it depends on changes."""
        return self.root / "build" / self.profile

    @property
    def raw(self) -> Path:
        """Downloads and intermediate results of the data step."""
        return self.root / "data" / "raw" / self.profile

    @property
    def manifest(self) -> Path:
        """The list of files that are published, or come from elsewhere."""
        return self.root / "data" / "files.toml"

    @property
    def processed(self) -> Path:
        """The data set: `train.h5`, `val.h5`, `test.h5`."""
        return self.root / "data" / "processed" / self.profile

    def split(self, name: str) -> Path:
        """The rows of one split: `train`, `val` or `test`."""
        return self.processed / f"{name}.h5"

    @property
    def model(self) -> Path:
        """The trained model and the record of its run."""
        return self.root / "models" / self.profile

    @property
    def weights(self) -> Path:
        """The best network of the training."""
        return self.model / "weights.safetensors"

    @property
    def history(self) -> Path:
        """Loss and accuracy of every epoch."""
        return self.model / "history.csv"

    @property
    def run(self) -> Path:
        """The record of the training."""
        return self.model / "run.json"

    @property
    def report(self) -> Path:
        """Metrics, figures and the HTML report."""
        return self.root / "reports" / self.profile

    @property
    def metrics(self) -> Path:
        """The test-set metrics."""
        return self.report / "metrics.json"

    @property
    def scores(self) -> Path:
        """Class probabilities, labels and weights of the test split."""
        return self.report / "scores.npz"

    @property
    def interpretation(self) -> Path:
        """What the parts of `explain` found."""
        return self.report / "interpretation"

    @property
    def importance(self) -> Path:
        """What each feature is worth to the network."""
        return self.interpretation / "permutation.json"

    @property
    def validation(self) -> Path:
        """What the validation of the data set found."""
        return self.report / "validation"

    @property
    def reference_statistics(self) -> Path:
        """What the data of the profile are like: committed, so that later data can be compared with it."""
        return self.root / "docs" / f"statistics-{self.profile}.json"

    @property
    def onnx(self) -> Path:
        """The exported graph."""
        return self.model / "model.onnx"

    @property
    def page(self) -> Path:
        """The HTML report."""
        return self.report / "report.html"


@dataclass(frozen=True)
class TrialPaths(Paths):
    """The files of a trial: the data set of a profile, or another one, and a folder for all that the trial makes."""

    folder: Path
    data: Path
    rows: int | None = None

    @property
    def model(self) -> Path:
        """The folder of the trial."""
        return self.folder

    @property
    def report(self) -> Path:
        """The same: the metrics lie beside the weights."""
        return self.folder

    @property
    def processed(self) -> Path:
        """The data set that the trial uses."""
        return self.data

    def split(self, name: str) -> Path:
        """The rows of one split; a trial with fewer rows has training rows of its own."""
        return self.folder / "train.h5" if name == "train" and self.rows else self.data / f"{name}.h5"


def trials_folder(paths: Paths) -> Path:
    """Where the trials of all studies of a profile are."""
    return paths.root / "models" / paths.profile / "trials"
