"""The trained network of a run, and its answers for rows of a data set."""

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

from ..dataset import Dataset, Samples
from ..errors import UserError
from ..interface import Run
from ..progress import progress
from ..training.batches import as_tensors
from ..training.device import device_of

__all__ = ["load_network", "predict", "probabilities"]


def load_network(run: Run) -> nn.Module:
    """The trained network of a profile, in evaluation mode."""
    if not run.paths.weights.exists():
        message = f"{run.paths.weights} does not exist; train the network with `make train PROFILE={run.paths.profile}`"
        raise UserError(message)
    network = run.project.build(run.config.model)
    try:
        network.load_state_dict(load_file(run.paths.weights))
    except Exception as error:
        message = (
            f"{run.paths.weights} does not fit the [model] section of {run.paths.config} ({error}); train it again"
        )
        raise UserError(message) from error
    return network.eval()


def predict(network: nn.Module, dataset: Dataset, batch_size: int) -> np.ndarray:
    """Class probabilities, float64 (row, class), of every row in order."""
    parts = []
    with progress(None, total=len(dataset), title="predict", unit=dataset.schema.entity) as bar:
        for batch in dataset.batches(batch_size):
            parts.append(probabilities(network, batch))
            bar.update(len(batch))
    return np.concatenate(parts)


def probabilities(network: nn.Module, samples: Samples) -> np.ndarray:
    """Class probabilities, float64 (row, class), of some rows."""
    with torch.inference_mode():
        inputs, _ = as_tensors(samples, device_of(network))
        return torch.softmax(network(**inputs).double(), 1).cpu().numpy()
