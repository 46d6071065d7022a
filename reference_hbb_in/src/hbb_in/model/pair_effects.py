"""Summed effects of senders on receivers in jets of any size, by compiled code (pair_effects.cpp).

The C++ source is compiled once for the processor at hand. The library is kept in the user's cache folder, under a name
that tells source, compiler, options and processor. Without a compiler, callers have a slower way in PyTorch.
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
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from fairmodel import UserError
from torch.autograd.function import FunctionCtx
from torch.nn import functional

__all__ = ["Ragged", "available", "load_library", "pair_effects", "ragged"]

LIBRARY = "pair_effects"
DTYPES = (torch.float32, torch.float64)
# no -ffast-math: sums keep their order, and NaN stays NaN
OPTIONS = ("-std=c++17", "-O3", "-fno-math-errno", "-shared", "-fPIC", "-pthread")
PROCESSOR = ("-march=native", "-mcpu=native", "")  # as different compilers want it; the last one is for any
PATIENCE = 300  # seconds


@dataclass(frozen=True)
class Ragged:
    """Objects of several jets.

    values: (object, feature); first: int64 (jet + 1,), index of each jet's first object, and the number of all objects;
    weights: (object,), the number of slots that each stands for.
    """

    values: torch.Tensor
    first: torch.Tensor
    weights: torch.Tensor


def ragged(objects: torch.Tensor, occupied: torch.Tensor, slots: int) -> Ragged:
    """Put the objects of all jets one after the other; one empty slot of a jet stands for all of them up to `slots`.

    From objects (batch, slot, feature), of which the first `occupied`, int64 (batch,), may be real.
    """
    if objects.shape[1] < slots:
        objects = functional.pad(objects, (0, 0, 0, 1))
    present = torch.clamp(occupied + 1, max=slots)
    first = functional.pad(present.cumsum(0), (1, 0))
    values = objects[torch.arange(objects.shape[1], device=objects.device) < present.unsqueeze(1)]
    weights = objects.new_ones(len(values))
    weights[first[1:] - 1] = (slots - present + 1).to(objects.dtype)
    return Ragged(values, first, weights)


def available(values: torch.Tensor) -> bool:
    """True if compiled code can process such values: on a CPU, with a C++ compiler."""
    if values.device.type != "cpu" or values.dtype not in DTYPES or torch.is_autocast_enabled("cpu"):
        return False
    return _compiles()


def pair_effects(
    received: torch.Tensor, sent: torch.Tensor, receivers: Ragged, senders: Ragged, layers: tuple[torch.Tensor, ...]
) -> torch.Tensor:
    """Sum over senders s of weight_s relu(W3 relu(W2 relu(received_r + sent_s) + b2) + b3): (receiver, D_E).

    received: (receiver, hidden), sent: (sender, hidden), the halves of the first layer; layers: W2 (hidden, hidden),
    b2, W3 (D_E, hidden), b3. Where receivers and senders are the same nodes, a node counts once less for itself.
    """
    effects: torch.Tensor = _PairEffects.apply(  # type: ignore[no-untyped-call]
        received, sent, *layers, receivers.first, senders.first, senders.weights, receivers is senders
    )
    return effects


@cache
def load_library(name: str) -> ctypes.CDLL:
    """Compile `name`.cpp beside this module, unless that is done, and load the library; the compiler is $CXX or c++.

    Raises UserError if there is no compiler, or if it cannot compile the source.
    """
    source = Path(__file__).with_name(f"{name}.cpp")
    compiler = _compiler()
    path = _cache_folder() / f"{name}-{_key(source, compiler)}.so"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # a folder of its own, since other processes may compile the same source
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            _compile(compiler, source, Path(folder, path.name)).replace(path)
    return ctypes.CDLL(str(path))


class _PairEffects(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, *arguments: Any) -> torch.Tensor:
        *tensors, itself = arguments
        tensors = [tensor.contiguous() for tensor in tensors]
        received, b3 = tensors[0], tensors[5]
        effects: torch.Tensor = received.new_empty(len(received), len(b3))
        _call("forward", tensors, itself, effects)
        ctx.save_for_backward(*tensors)
        ctx.itself = itself  # type: ignore[attr-defined]
        return effects

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        tensors = ctx.saved_tensors
        gradients = [torch.zeros_like(tensor) for tensor in tensors[:6]]
        _call("backward", tensors, ctx.itself, gradient.contiguous(), *gradients)
        return (*gradients, *[None] * len(tensors[6:]), None)


class Task(ctypes.Structure):
    """The arguments of the compiled functions; the same layout as `Task` in pair_effects.cpp."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("graphs", "hidden", "effect", "itself", "threads")),
        *((name, ctypes.c_void_p) for name in ("first_receiver", "first_sender")),
        *((name, ctypes.c_void_p) for name in ("received", "sent", "weights", "w2", "b2", "w3", "b3")),
    )


def _call(name: str, tensors: Any, itself: bool, *buffers: torch.Tensor) -> None:
    received, sent, w2, b2, w3, b3, first_receiver, first_sender, weights = tensors
    numbers = (len(first_receiver) - 1, len(b2), len(b3), int(itself), torch.get_num_threads())
    arrays = (first_receiver, first_sender, received, sent, weights, w2, b2, w3, b3)
    task = Task(*numbers, *(array.data_ptr() for array in arrays))
    function = getattr(load_library(LIBRARY), f"{name}_{str(received.dtype).removeprefix('torch.')}")
    function(ctypes.byref(task), *(ctypes.c_void_p(buffer.data_ptr()) for buffer in buffers))


@cache
def _compiles() -> bool:
    try:
        load_library(LIBRARY)
    except UserError:
        return False
    return True


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
    """Hash of source, compiler, options and processor: folders of users are often shared among unlike machines."""
    version = subprocess.run([*compiler, "--version"], capture_output=True, check=False, timeout=PATIENCE).stdout
    parts = [source.read_bytes(), version, " ".join((*compiler, *OPTIONS)).encode(), _processor().encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text(encoding="utf-8", errors="replace").splitlines() if information.exists() else []
    features = {line for line in lines if line.startswith(("model name", "flags", "Features", "CPU part"))}
    return "\n".join((sysconfig.get_platform(), platform.processor(), *sorted(features)))
