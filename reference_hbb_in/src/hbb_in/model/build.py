"""The `[model]` section of a profile becomes an untrained interaction network."""

from fairmodel import Input, Schema, UserError

from ..data.features import SCHEMA
from .interaction_network import InteractionNetwork
from .options import ModelOptions

__all__ = ["build"]


def build(options: ModelOptions, schema: Schema = SCHEMA) -> InteractionNetwork:
    """Make the network for the inputs `tracks` and `vertices` of the schema.

    Raises UserError if `[model]` drops a feature that an input does not have, or all of them.
    """
    inputs = {item.name: item for item in schema.inputs}
    tracks, vertices = inputs["tracks"], inputs["vertices"]
    network = InteractionNetwork(
        len(tracks.features),
        len(vertices.features),
        options.hidden,
        options.effect,
        options.output,
        n_tracks=tracks.slots,
        n_vertices=vertices.slots,
        dropped_tracks=_indices(tracks, options.dropped_track_features, "dropped_track_features"),
        dropped_vertices=_indices(vertices, options.dropped_vertex_features, "dropped_vertex_features"),
    )
    network.compiled = options.compiled
    return network


def _indices(item: Input, names: tuple[str, ...], key: str) -> list[int]:
    unknown = [name for name in names if name not in item.feature_names]
    if unknown:
        known = ", ".join(item.feature_names)
        message = f"[model] {key} names {', '.join(unknown)}, which {item.name} do not have; their features are {known}"
        raise UserError(message)
    if len(names) == len(item.features):
        message = f"[model] {key} drops every feature of {item.name}; keep at least one"
        raise UserError(message)
    return [item.feature_names.index(name) for name in names]
