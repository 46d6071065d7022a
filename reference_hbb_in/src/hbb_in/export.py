"""Weights in the layout of the published implementation, in and out.

The ONNX graph is the engine's export. This chapter is for FAIR4HEP/hbb_interaction_network, which implements Phys. Rev.
D 102, 012010 (2020): its layers have other names, and it takes its inputs as (jet, feature, object), on which the
weights do not depend.
"""

import io
import sys
from collections.abc import Mapping
from pathlib import Path

import torch
from fairmodel import Run, UserError
from fairmodel.evaluation.network import load_network
from fairmodel.files import atomic_path

from .model.interaction_network import InteractionNetwork

__all__ = ["NAMES", "export_published", "load_published", "published_state_dict"]

LAYERS = {
    "fr1": "track_track.pair",
    "fr2": "track_track.layers.1",
    "fr3": "track_track.layers.3",
    "fr1_pv": "track_vertex.pair",
    "fr2_pv": "track_vertex.layers.1",
    "fr3_pv": "track_vertex.layers.3",
    "fo1": "track_output.0",
    "fo2": "track_output.2",
    "fo3": "track_output.4",
    "fc_fixed": "classify",
}
NAMES = {f"{published}.{kind}": f"{own}.{kind}" for published, own in LAYERS.items() for kind in ("weight", "bias")}


def export_published(run: Run, *, out: Path | None) -> None:
    """Write a profile's network as a state dict that the published code loads, `published.pth` if `out` is None.

    Raises UserError if the network normalises its inputs.
    """
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
    """Copy the network's weights under their published names.

    Raises UserError if the network normalises its inputs, which the published implementation cannot do.
    """
    fitted = [name for name, layer in network.normalise.items() if layer.fitted]
    if fitted:
        message = (
            f"the network normalises its inputs ({', '.join(fitted)}), which the published implementation cannot do; "
            "train one with normalise = false in [training]"
        )
        raise UserError(message)
    parameters = dict(network.named_parameters())
    return {name: parameters[own].detach().clone() for name, own in NAMES.items()}


def load_published(source: Path | str | Mapping[str, torch.Tensor]) -> InteractionNetwork:
    """Make a network with published weights, from a checkpoint file or its state dict.

    The sizes follow from the shapes of the weights; the normalisation is the identity. A network that was trained
    with features dropped takes only those that were kept. Raises UserError naming the file or the key at fault.
    """
    origin = "the state dict" if isinstance(source, Mapping) else str(source)
    state = source if isinstance(source, Mapping) else _read(Path(source))
    _check_names(state, origin)
    network = _network_for(state, origin)
    parameters = dict(network.named_parameters())
    for name, own in NAMES.items():
        expected, shape = tuple(parameters[own].shape), tuple(state[name].shape)
        if expected != shape:
            message = f"{origin}: {name} has shape {shape}, but the other layers ask for {expected}"
            raise UserError(message)
    with torch.no_grad():
        for name, own in NAMES.items():
            parameters[own].copy_(state[name])
    return network


def _read(path: Path) -> Mapping[str, torch.Tensor]:
    if not path.is_file():
        message = f"{path} is not a file; give the path of a published checkpoint (*.pth)"
        raise UserError(message)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged archive raises many types
        message = f"{path} cannot be read as a state dict ({type(error).__name__}); fetch the file again"
        raise UserError(message) from error
    if not isinstance(state, Mapping):
        message = f"{path} holds a {type(state).__name__}, not a state dict"
        raise UserError(message)
    return state


def _check_names(state: Mapping[str, object], origin: str) -> None:
    if any(name.startswith("fr1_vv.") for name in state):
        message = f"{origin}: networks with vertex-vertex interactions (vv_branch, layer fr1_vv) are not supported"
        raise UserError(message)
    problems = [f"{name} is missing" for name in NAMES if name not in state]
    problems += [f"{name} is not a layer of this network" for name in state if name not in NAMES]
    problems += [f"{name} is not a tensor" for name, value in state.items() if not isinstance(value, torch.Tensor)]
    if problems:
        message = f"{origin}: {'; '.join(problems)}"
        raise UserError(message)


def _network_for(state: Mapping[str, torch.Tensor], origin: str) -> InteractionNetwork:
    shapes = {name: tuple(state[f"{name}.weight"].shape) for name in ("fr1", "fr1_pv", "fr3", "fo3")}
    for name, shape in shapes.items():
        if len(shape) != 2 or 0 in shape:
            message = f"{origin}: {name}.weight has shape {shape}, expected a matrix"
            raise UserError(message)
    hidden, two_tracks = shapes["fr1"]
    n_track_features, odd = divmod(two_tracks, 2)
    n_vertex_features = shapes["fr1_pv"][1] - n_track_features
    if odd or n_vertex_features <= 0:
        message = (
            f"{origin}: fr1.weight {shapes['fr1']} and fr1_pv.weight {shapes['fr1_pv']} do not fit together; "
            "they act on two tracks and on a track with a vertex"
        )
        raise UserError(message)
    return InteractionNetwork(n_track_features, n_vertex_features, hidden, shapes["fr3"][0], shapes["fo3"][0])
