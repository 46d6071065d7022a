"""Whether the machine has a GPU, for runtimes that compute nowhere else."""

import torch

from ..errors import MissingDeviceError

__all__ = ["require_gpu"]


def require_gpu(runtime: str) -> torch.device:
    """The first NVIDIA GPU; MissingDeviceError where PyTorch finds none."""
    if not torch.cuda.is_available():
        build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "the CPU alone"
        message = (
            f"there is no NVIDIA GPU for {runtime} on this machine: PyTorch {torch.__version__}, built for {build}, "
            "finds none; use another backend here, or install the driver and a CUDA build of PyTorch"
        )
        raise MissingDeviceError(message)
    return torch.device("cuda", 0)
