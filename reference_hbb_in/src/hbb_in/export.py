"""Write the weights in the layout of the published implementation, for those who run that code.

The ONNX graph is the engine's export; this one is for FAIR4HEP/hbb_interaction_network, whose layers have other names.
"""

import io
import sys
from pathlib import Path

import torch
from fairmodel.evaluation.network import load_network
from fairmodel.files import atomic_path

from fairmodel import Run, UserError

from .model.interaction_network import InteractionNetwork
from .model.published import NAMES

__all__ = ["export_published", "published_state_dict"]


def export_published(run: Run, *, out: Path | None) -> None:
    """Write `published.pth` of a profile's network, a state dict that the published code loads. Raises UserError."""
    path = out or run.paths.model / "published.pth"
    network = load_network(run)
    if not isinstance(network, InteractionNetwork):
        message = f"{run.paths.weights} holds a {type(network).__name__}, not an interaction network"
        raise UserError(message)
    buffer = io.BytesIO()
    torch.save(published_state_dict(network), buffer)
    with atomic_path(path) as temporary:
        temporary.write_bytes(buffer.getbuffer())
    sys.stdout.write(f"{path}\n")


def published_state_dict(network: InteractionNetwork) -> dict[str, torch.Tensor]:
    """The network's weights under their published names, as copies.

    Raises UserError if the network normalises its inputs, which the published implementation cannot do.
    """
    fitted = [name for name, layer in network.normalise.items() if layer.fitted]
    if fitted:
        message = f"the network normalises its inputs ({', '.join(fitted)}); the published form has no place for that"
        raise UserError(message)
    parameters = dict(network.named_parameters())
    return {name: parameters[own].detach().clone() for name, own in NAMES.items()}
