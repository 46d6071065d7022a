"""A check that a network fits the schema, made with two rows before anything is trained."""

from typing import Any

import torch
from torch import nn

from ..errors import UserError
from ..schema import Schema

__all__ = ["check_network"]

ROWS = 2


def check_network(network: Any, schema: Schema) -> None:
    """Send two rows of zeros through the network in evaluation mode, and compare the shape of its output.

    Neither the network nor any random number generator is changed. Raises UserError.
    """
    if not isinstance(network, nn.Module):
        message = f"build of the project returns {network!r}, not a torch.nn.Module; return the network"
        raise UserError(message)
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    shapes = {item.name: (ROWS, item.slots, len(item.features)) for item in schema.inputs}
    inputs = {name: torch.zeros(shape, device=device) for name, shape in shapes.items()}
    training = network.training
    try:
        with torch.inference_mode():
            logits = network.eval()(**inputs)
    except Exception as error:
        given = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        message = (
            f"the network that build makes cannot be evaluated on {ROWS} rows ({given}): {type(error).__name__}: "
            f"{error}; correct its forward"
        )
        raise UserError(message) from error
    finally:
        network.train(training)
    expected = (ROWS, len(schema.classes))
    if not isinstance(logits, torch.Tensor) or tuple(logits.shape) != expected:
        found = tuple(logits.shape) if isinstance(logits, torch.Tensor) else type(logits).__name__
        message = (
            f"the network that build makes returns {found} for {ROWS} rows, expected logits of shape {expected}: "
            f"one for each class ({', '.join(schema.classes)}); correct its last layer"
        )
        raise UserError(message)
