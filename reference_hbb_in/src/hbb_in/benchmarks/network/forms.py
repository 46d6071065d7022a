"""The forms of the network that are compared, and what each is asked to do."""

from collections.abc import Callable

import torch
from fairmodel.schema import Schema
from torch import nn
from torch.nn import functional

from ...model.build import build
from ...model.interaction_network import InteractionNetwork
from ...model.options import ModelOptions
from .textbook import Textbook

__all__ = ["FORMS", "WORK", "Jets", "make_form", "make_network", "random_jets", "train_once"]

Jets = tuple[torch.Tensor, torch.Tensor]
FORMS = ("textbook", "pytorch", "compiled")


def make_form(name: str, schema: Schema) -> nn.Module:
    """The same network in one of the `FORMS`.

    textbook: one-hot matrices; pytorch: the product without compiled code; compiled: the product.
    """
    network = make_network(schema, compiled=name == "compiled")
    return Textbook(network) if name == "textbook" else network


def make_network(schema: Schema, *, compiled: bool) -> InteractionNetwork:
    """The paper's baseline with weights from a fixed seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return build(ModelOptions(compiled=compiled), schema)


def _infer(network: nn.Module, jets: Jets) -> None:
    with torch.inference_mode():
        network(*jets)


def _train(network: nn.Module, jets: Jets) -> None:
    network.zero_grad(set_to_none=True)
    labels = torch.arange(len(jets[0])) % 2
    torch.autograd.backward(functional.cross_entropy(network(*jets), labels))


WORK: dict[str, Callable[[nn.Module, Jets], None]] = {"forward": _infer, "forward + backward": _train}


def random_jets(schema: Schema, n_tracks: torch.Tensor, n_vertices: torch.Tensor) -> Jets:
    """Jets with these numbers of objects, int64 (jet,), whose features are normal random numbers of a fixed seed."""
    generator = torch.Generator().manual_seed(1)
    objects = []
    for item, number in zip(schema.inputs, (n_tracks, n_vertices), strict=True):
        values = torch.randn(len(number), item.slots, len(item.features), generator=generator)
        objects.append(values * (torch.arange(item.slots) < number.unsqueeze(1)).unsqueeze(2))
    return objects[0], objects[1]


def train_once(name: str, schema: Schema, counts: list[tuple[int, int]], jets: int) -> None:
    """One forward and backward pass over the first `jets` of random jets with these numbers of tracks and vertices."""
    torch.set_num_threads(1)
    n_tracks, n_vertices = torch.tensor(counts[:jets]).unbind(1)
    _train(make_form(name, schema), random_jets(schema, n_tracks, n_vertices))
