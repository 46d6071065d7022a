"""The machine and the software that numbers were measured with (Table 6 of arXiv:2212.05081)."""

import platform
from collections.abc import Mapping
from contextlib import suppress
from importlib import metadata
from typing import Any

import psutil
import torch

from ..metadata.provenance import processor

__all__ = ["describe_platform"]

SOFTWARE = ("torch", "onnx", "onnxruntime", "onnxruntime-gpu", "openvino", "tensorrt", "numpy")


def describe_platform() -> Mapping[str, str]:
    """What the table of the platform has to say, name -> text; a GPU and its software only where there is one."""
    memory = psutil.virtual_memory().total / 1e9
    cores = f"{psutil.cpu_count(logical=False) or '?'} cores, {psutil.cpu_count()} threads"
    rows = {
        "System": f"{platform.system()} {platform.release()}",
        "Processor": f"{processor() or platform.machine()} ({cores})",
        "Memory": f"{memory:.0f} GB",
        "GPU": ", ".join(_gpus()) or "none",
        "Python": platform.python_version(),
    }
    for name in SOFTWARE:
        with suppress(metadata.PackageNotFoundError):
            rows[name] = metadata.version(name)
    if torch.cuda.is_available():
        rows |= {"CUDA": str(torch.version.cuda)}
    return rows


def _gpus() -> list[str]:
    found: list[Any] = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    return [f"{item.name} ({item.total_memory / 1e9:.0f} GB)" for item in found]
