"""Predict a file until a part is all but renamed, then die by SIGKILL (a program for test_predict)."""

import sys
from pathlib import Path

from fairmodel.inference import predict

from .deadly import deadly_after
from .projects import other_project

__all__ = ["main"]


def main(parts: int, folder: Path, rows: Path, out: Path) -> None:
    """Die while part number `parts` + 1 is written, before it has its name."""
    predict.atomic_path = deadly_after(parts)  # type: ignore[attr-defined, assignment]
    predict.predict_files(other_project(), predict.Request(folder, rows=10), [rows], out)


if __name__ == "__main__":
    main(int(sys.argv[1]), *map(Path, sys.argv[2:]))
