"""Processor time and memory of a function, and the floating-point operations of the network."""

import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from ..model.interaction_network import InteractionNetwork

__all__ = ["TRAINING", "alternate", "forward_operations", "matrix_rate", "peak_memory"]

TRAINING = 3  # a forward and a backward pass, over a forward pass: two more products for each


def alternate(functions: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median CPU seconds of each function; they take turns, so that a change of the machine's pace meets all."""
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for function in functions.values():
        function()
    for _ in range(rounds):
        for name, function in functions.items():
            start = time.process_time()
            function()
            seconds[name].append(time.process_time() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def peak_memory(work: Callable[[int], object], size: int) -> int:
    """Bytes by which `work(size)` raises the peak of a new process, in which `work(1)` ran before."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (work, size))


def forward_operations(network: InteractionNetwork, n_tracks: torch.Tensor, n_vertices: torch.Tensor) -> torch.Tensor:
    """Operations (multiplications and additions) of the matrix products for each jet, float64 (jet,).

    They are those that remain when the first layers are split and identical empty slots are computed once.
    """
    tracks = torch.clamp(n_tracks + 1, max=network.n_tracks).double()
    vertices = torch.clamp(n_vertices + 1, max=network.n_vertices).double()
    # an empty slot sends to itself only where it stands for several
    edges = tracks * (tracks - 1) + (network.n_tracks - n_tracks > 1)
    p, s = network.track_track.pair.in_features // 2, len(network.select_vertices.kept)
    hidden = network.track_track.pair.out_features
    hidden_layers = sum(weight.numel() for weight in network.track_track.layers.parameters() if weight.ndim == 2)
    node = sum(weight.numel() for weight in network.track_output.parameters() if weight.ndim == 2)
    products = (edges + tracks * vertices) * hidden_layers + tracks * (node + 3 * p * hidden) + vertices * s * hidden
    return 2 * (products + network.classify.weight.numel())


def matrix_rate(rows: int, width: int, *, repeats: int = 20) -> float:
    """Best rate of PyTorch's product of (rows, width) and (width, width) in single precision, operations per CPU s."""
    generator = torch.Generator().manual_seed(1)
    left, right = (torch.randn(n, width, generator=generator) for n in (rows, width))
    result, best = torch.empty(rows, width), float("inf")
    for _ in range(repeats):
        start = time.process_time()
        torch.mm(left, right, out=result)
        best = min(best, time.process_time() - start)
    return 2 * rows * width**2 / best


def _measure(work: Callable[[int], object], size: int) -> int:
    work(1)
    before = _peak()
    work(size)
    return _peak() - before


def _peak() -> int:
    status = Path("/proc/self/status")
    if status.exists():  # there ru_maxrss begins with the memory of the process that started this one
        lines = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
