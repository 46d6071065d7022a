"""Compile a C++ source of this package for the processor at hand, once, and load it.

The library is kept in the user's cache folder, under a name that says which source, compiler, options and processor it
was made from. Where there is no compiler, the callers have a slower way in PyTorch.
"""

import ctypes
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sysconfig
import tempfile
from functools import cache
from pathlib import Path

from fairmodel.errors import UserError

__all__ = ["load_library"]

# no -ffast-math: sums keep their order, and NaN stays NaN
OPTIONS = ("-std=c++17", "-O3", "-fno-math-errno", "-shared", "-fPIC", "-pthread")
PROCESSOR = ("-march=native", "-mcpu=native", "")  # as different compilers want it; the last one is for any
PATIENCE = 300  # seconds


@cache
def load_library(name: str) -> ctypes.CDLL:
    """The library made from `name`.cpp beside this module; the compiler is $CXX or c++.

    Raises UserError where there is no compiler or it cannot compile the source.
    """
    source = Path(__file__).with_name(f"{name}.cpp")
    compiler = _compiler()
    path = _cache_folder() / f"{name}-{_key(source, compiler)}.so"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # a folder of its own, since other processes may be compiling the same
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            _compile(compiler, source, Path(folder, path.name)).replace(path)
    return ctypes.CDLL(str(path))


def _compiler() -> list[str]:
    words = shlex.split(os.environ.get("CXX") or "c++")
    program = shutil.which(words[0])
    if program is None:
        message = f"there is no C++ compiler {words[0]!r}; install one (Debian: apt install g++) or set CXX to yours"
        raise UserError(message)
    return [program, *words[1:]]


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / (__package__ or "").split(".", maxsplit=1)[0]


def _key(source: Path, compiler: list[str]) -> str:
    """A library serves the processor it was made on: folders of users are often shared among different machines."""
    version = subprocess.run([*compiler, "--version"], capture_output=True, check=False, timeout=PATIENCE).stdout
    parts = [source.read_bytes(), version, " ".join((*compiler, *OPTIONS)).encode(), _processor().encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text(encoding="utf-8", errors="replace").splitlines() if information.exists() else []
    features = {line for line in lines if line.startswith(("model name", "flags", "Features", "CPU part"))}
    return "\n".join((sysconfig.get_platform(), platform.processor(), *sorted(features)))


def _compile(compiler: list[str], source: Path, target: Path) -> Path:
    problem = ""
    for processor in PROCESSOR:
        command = [*compiler, *OPTIONS, *([processor] if processor else []), "-o", str(target), str(source)]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
        if result.returncode == 0:
            return target
        problem = problem or result.stderr.strip()[-400:]
    message = f"{compiler[0]} cannot compile {source.name}: {problem}; set CXX to another C++17 compiler"
    raise UserError(message)
