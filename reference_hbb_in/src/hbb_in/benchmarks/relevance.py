"""`benchmark-relevance`: time LRP-epsilon of the engine beside the textbook form, for the same jets.

The textbook form propagates through the interaction network with one-hot matrices, over all slots (Moreno et al.,
Phys. Rev. D 102, 012010 (2020), section IV). Linear layers follow the epsilon rule, biases absorb their share; the sums
over edges and tracks split in proportion (0/0 is 0).
"""

import sys
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from fairmodel import Dataset, Run, Schema
from fairmodel.files import write_json, write_text
from fairmodel.interpret import relevance
from fairmodel.metadata.provenance import hardware, versions
from fairmodel.training.device import threads
from torch import nn

from ..model.interaction_network import EdgeFunction
from .clock import alternate
from .forms import Jets, Textbook, make_network

__all__ = ["benchmark_relevance", "measure", "table", "textbook_relevance"]

EPSILON, TARGET = 0.25, 1
# that of the paper's training, and the fastest: values between two layers stay in the cache
TEXTBOOK_BATCHES = (128, 4)
Relevances = tuple[torch.Tensor, torch.Tensor]


def benchmark_relevance(run: Run, *, rounds: int, jets: int) -> None:
    """Write `benchmark/relevance.json` and `.md` into the profile's reports and print the table."""
    schema = run.project.schema
    with Dataset(run.paths.split("test"), schema) as data:
        samples = data.read(0, jets)
    tracks, vertices = (torch.from_numpy(samples.inputs[item.name]) for item in schema.inputs)
    record = measure(schema, (tracks, vertices), rounds)
    folder = run.paths.report / "benchmark"
    write_json(folder / "relevance.json", record)
    write_text(folder / "relevance.md", table(record))
    sys.stdout.write(table(record))


def measure(schema: Schema, jets: Jets, rounds: int) -> dict[str, Any]:
    """CPU seconds of both forms for these jets, on one thread, and the largest difference of their results."""
    network = make_network(schema, compiled=False)
    form = Textbook(network)
    inputs = {item.name: objects for item, objects in zip(schema.inputs, jets, strict=True)}

    def engine() -> list[torch.Tensor]:
        return list(relevance(network, inputs, target=TARGET, epsilon=EPSILON).inputs.values())

    def textbook(batch: int) -> list[torch.Tensor]:
        starts = range(0, len(jets[0]), batch)
        with torch.inference_mode():
            chunks = [[objects[start : start + batch] for objects in jets] for start in starts]
            parts = [textbook_relevance(form, tracks, vertices, TARGET, EPSILON) for tracks, vertices in chunks]
        return [torch.cat(part) for part in zip(*parts, strict=True)]

    forms = {f"textbook, batch {batch}": partial(textbook, batch) for batch in TEXTBOOK_BATCHES}
    with threads(1):
        seconds = alternate({**forms, "relevance": engine}, rounds)
        pairs = list(zip(engine(), textbook(TEXTBOOK_BATCHES[0]), strict=True))
    return {
        "schema": 1,
        "jets": len(jets[0]),
        "hardware": hardware(),
        "software": versions(),
        "seconds_per_jet": {name: value / len(jets[0]) for name, value in seconds.items()},
        "largest_difference": max(float((ours - theirs).abs().max() / theirs.abs().max()) for ours, theirs in pairs),
    }


def table(record: dict[str, Any]) -> str:
    """Write the record as Markdown."""
    lines = ["| LRP-epsilon | ms per jet | 10 000 jets | ratio |", "|---|---:|---:|---:|"]
    first, *_ = record["seconds_per_jet"].values()
    for name, seconds in record["seconds_per_jet"].items():
        lines.append(f"| {name} | {1e3 * seconds:.2f} | {1e4 * seconds:.0f} s | {first / seconds:.1f} |")
    note = (
        f"One thread of {record['hardware']['processor']}, CPU time, median of runs that take turns, {record['jets']} "
        f"jets of the test sample. The results differ by {record['largest_difference']:.0e} of the largest relevance."
    )
    return "\n".join([*lines, "", note]) + "\n"


def textbook_relevance(
    form: Textbook, tracks: torch.Tensor, vertices: torch.Tensor, target: int, epsilon: float
) -> Relevances:
    """Relevance of tracks (batch, N_p, P) and vertices (batch, N_v, S) for the logit of a class."""
    network, p = form.network, tracks.shape[-1]
    x = network.select_tracks(network.normalise["tracks"](tracks))
    y = network.select_vertices(network.normalise["vertices"](vertices))
    pairs = _Layers(_edge_layers(network.track_track), epsilon)
    effects = pairs(torch.cat([form.receive @ x, form.send @ x], -1))
    from_tracks = form.receive.T @ effects
    vertex_pairs = _Layers(_edge_layers(network.track_vertex), epsilon)
    vertex_effects = vertex_pairs(torch.cat([form.receive_vertex @ x, form.send_vertex @ y], -1))
    from_vertices = form.receive_vertex.T @ vertex_effects
    nodes = _Layers(list(network.track_output), epsilon)
    outputs = nodes(torch.cat([x, from_tracks, from_vertices], -1))
    total = outputs.sum(1)
    classify = _Layers([network.classify], epsilon)
    logits = classify(total)

    of_logits = torch.zeros_like(logits)
    of_logits[:, target] = logits[:, target]
    of_outputs = outputs * _divide(classify.back(of_logits), total).unsqueeze(1)
    of_nodes = nodes.back(of_outputs)
    q = p + from_tracks.shape[-1]
    of_tracks, of_effects, of_vertex_effects = of_nodes[..., :p], of_nodes[..., p:q], of_nodes[..., q:]
    of_pairs = pairs.back(effects * (form.receive @ _divide(of_effects, from_tracks)))
    of_vertex_pairs = vertex_pairs.back(
        vertex_effects * (form.receive_vertex @ _divide(of_vertex_effects, from_vertices))
    )
    of_tracks = of_tracks + form.receive.T @ of_pairs[..., :p] + form.send.T @ of_pairs[..., p:]
    of_tracks = of_tracks + form.receive_vertex.T @ of_vertex_pairs[..., :p]
    return of_tracks, form.send_vertex.T @ of_vertex_pairs[..., p:]


@dataclass
class _Layers:
    """Linear layers and activations one after the other."""

    layers: list[nn.Module]
    epsilon: float
    steps: list[tuple[nn.Linear, torch.Tensor, torch.Tensor]] = field(default_factory=list)

    def __call__(self, values: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            before, values = values, self._forward(layer, values)
            if isinstance(layer, nn.Linear):
                self.steps.append((layer, before, values))
        return values

    @staticmethod
    def _forward(layer: nn.Module, values: torch.Tensor) -> torch.Tensor:
        if isinstance(layer, nn.Linear):  # the first layer of an edge function takes pairs here
            return nn.functional.linear(values, layer.weight, layer.bias)
        output: torch.Tensor = layer(values)
        return output

    def back(self, relevance: torch.Tensor) -> torch.Tensor:
        """R_j = a_j sum_k w_kj R_k / (z_k + epsilon sign(z_k)), layer by layer."""
        for layer, before, after in reversed(self.steps):
            quotient = relevance / torch.where(after < 0, after - self.epsilon, after + self.epsilon)
            relevance = before * (quotient @ layer.weight)
        return relevance


def _edge_layers(function: EdgeFunction) -> list[nn.Module]:
    return [function.pair, *function.layers]


def _divide(relevance: torch.Tensor, total: torch.Tensor) -> torch.Tensor:
    return torch.where(total == 0, 0.0, relevance / torch.where(total == 0, 1.0, total))
