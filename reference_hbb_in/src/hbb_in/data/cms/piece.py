"""The selected jets of one ROOT file, kept as a file of ragged jets: what workers make, and a later run finds again."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fairmodel.errors import UserError
from fairmodel.identity import program

from ..options import Window
from ..ragged_file import RaggedFile, RaggedWriter
from .jets import read_jets
from .ntuple import reader_versions

__all__ = ["Piece", "convert"]


@dataclass(frozen=True)
class Piece:
    """The jets of one ROOT file that lie in a window; `folder` is where the piece is kept."""

    source: Path
    window: Window
    folder: Path

    @property
    def name(self) -> str:
        """The ROOT file's name with its folder."""
        return f"{self.source.parent.name}/{self.source.name}"

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what its content depends on; the ROOT file is known by its size and when it was written."""
        status = self.source.stat()
        recipe = {
            "file": [self.name, status.st_size, status.st_mtime_ns],
            "window": self.window.model_dump(mode="json"),
            "program": program(__name__),
            "libraries": reader_versions(),
        }
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()

    @property
    def path(self) -> Path:
        """Its file, named by the digest: a piece of another file, or for another window, is another file."""
        return self.folder / f"{self.source.parent.name}-{self.source.stem}-{self.digest[:12]}.h5"

    @property
    def finished(self) -> bool:
        """Whether the piece is there; whether its bytes are undamaged is seen when they are read."""
        try:
            with RaggedFile(self.path) as file:
                return bool(file.provenance["digest"] == self.digest)
        except UserError:
            return False

    def cutflow(self) -> dict[str, int]:
        """How many jets of the ROOT file passed each cut, in the order of the cuts, and how many of each class."""
        with RaggedFile(self.path) as file:
            return dict(file.provenance["cutflow"])


def convert(piece: Piece) -> int:
    """Read the ROOT file once and write the piece atomically; returns the number of jets in the ROOT file."""
    cutflow: dict[str, int] = {}
    with RaggedWriter(piece.path, {"source": piece.name, "digest": piece.digest}) as writer:
        for jets, counts in read_jets(piece.source, piece.window):
            writer.append(jets)
            cutflow = {stage: cutflow.get(stage, 0) + count for stage, count in counts.items()}
        # pairs, since the order of the cuts belongs to a cut flow and JSON objects have none
        writer.describe(cutflow=list(cutflow.items()))
    return cutflow["entries"]
