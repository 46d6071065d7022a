"""The command lines of the archives' own clients, run as separate programs: their licences are not the project's."""

import re
import shutil
import subprocess
import sysconfig
from collections.abc import Sequence

from ..errors import UserError

__all__ = ["run_client"]

PATIENCE = 600  # seconds; one of the clients waits for ever by itself
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def run_client(name: str, arguments: Sequence[str], question: str) -> str:
    """Standard output of a client; raises UserError with the client's own words if it cannot answer the `question`."""
    program = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    if program is None:
        message = f"{name} is not installed, {question} needs it; run `make setup`, or pip install '.[download]'"
        raise UserError(message)
    try:
        result = subprocess.run(
            [program, *arguments], capture_output=True, text=True, errors="replace", check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired as error:
        message = f"{name} has no answer to {question} after {PATIENCE} s; check the network, or try again later"
        raise UserError(message) from error
    if result.returncode != 0:
        said = " ".join(COLOUR.sub("", result.stdout + result.stderr).split())[-400:]
        message = f"{name} cannot answer {question}: {said or 'it says nothing'}; check the DOI and the network"
        raise UserError(message)
    return COLOUR.sub("", result.stdout)
