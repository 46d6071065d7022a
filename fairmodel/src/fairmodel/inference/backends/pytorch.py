"""The network itself, in PyTorch: what all other runtimes are compared with."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

from ...errors import UserError
from ...files import read_json
from ...schema import Schema
from ...training.device import device_of, find_device
from ...training.device import threads as computing_threads
from .backend import Backend, Outputs

if TYPE_CHECKING:
    from ...interface import Project

__all__ = ["PyTorch", "open_model"]


def open_model(folder: Path, *, threads: int, precision: str, project: "Project") -> "PyTorch":
    """The trained network in a folder, on a GPU if there is one."""
    if precision != "float32":
        message = f"the network itself computes in float32, not {precision}; choose another backend for that"
        raise UserError(message)
    weights = folder / "weights.safetensors"
    if not weights.exists():
        message = f"{weights} does not exist; train the network with `make train PROFILE={folder.name}`"
        raise UserError(message)
    try:
        options = project.model_options.model_validate(read_json(folder / "config.json")["model"])
        network = project.build(options)
        network.load_state_dict(load_file(weights))
    except UserError:
        raise
    except Exception as error:  # a damaged file, and weights of another network, raise many types
        message = f"{weights} and config.json beside it are damaged or of another network ({error}); train it again"
        raise UserError(message) from error
    return PyTorch(project.schema, network.eval().to(find_device("auto")), threads)


class PyTorch(Backend):
    """A network in evaluation mode."""

    def __init__(self, schema: Schema, network: nn.Module, threads: int) -> None:
        super().__init__(schema)
        self.network, self.threads = network, threads
        self._place = device_of(network)
        self.device = "CPU" if self._place.type == "cpu" else torch.cuda.get_device_name(self._place)

    def compute(self, inputs: Mapping[str, np.ndarray]) -> Outputs:
        """Call the network."""
        tensors = {name: torch.from_numpy(array).to(self._place) for name, array in inputs.items()}
        with computing_threads(self.threads), torch.inference_mode():
            logits = self.network(**tensors)
            return Outputs(logits.cpu().numpy(), torch.softmax(logits, 1).cpu().numpy())
