"""The interaction network: Moreno et al., Phys. Rev. D 102, 012010 (2020), arXiv:1909.12285.

Every track receives effects from all other tracks and from all secondary vertices; a function of the track and its
summed effects is summed over the tracks and classified. Slots without an object take part like any other: their
features are zero, and the biases act on them. That is how the published weights were trained.

The arithmetic is arranged for speed, and exact:

- The first layer of an edge function acts on a pair [r; s]. Its matrix is split, W [r; s] = W_r r + W_s s, so that each
  half is computed once per object instead of once per pair.
- All empty slots are one and the same object. One of them is computed, and counted as often as it occurs.
- Compiled code (pair_effects.cpp) takes every edge through the hidden layers while they are in the cache. Without a
  compiler, the jets of a batch are sorted by their number of tracks and processed in chunks whose edges fit.

Shapes in comments: B jets, R and S receivers and senders, L track slots, K vertex slots.
"""

from collections.abc import Iterator, Sequence

import torch
from fairmodel.layers import EmptySlot, PairLinear, Standardise, WeightedSum, occupied_slots
from torch import nn

from .pair_effects import Ragged, available, pair_effects, ragged

__all__ = ["EdgeFunction", "InteractionNetwork"]

EDGES_PER_CHUNK = 10_000


class EdgeFunction(nn.Module):
    """f_R: the effect of a sender on a receiver, for all pairs."""

    def __init__(self, n_receiver: int, n_sender: int, hidden: int, effect: int) -> None:
        super().__init__()
        self.pair = PairLinear(n_receiver + n_sender, hidden)
        self.layers = nn.Sequential(
            nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, effect), nn.ReLU()
        )

    def forward(self, receivers: torch.Tensor, senders: torch.Tensor) -> torch.Tensor:
        """Effects (B, R, S, D_E) from receivers (B, R, feature) and senders (B, S, feature)."""
        effects: torch.Tensor = self.layers(self.pair(receivers, senders))
        return effects

    def summed(self, receivers: Ragged, senders: Ragged) -> torch.Tensor:
        """Effects summed over the senders, (receiver, D_E), by the compiled code."""
        received, sent = self.pair.halves(receivers.values, senders.values)
        return pair_effects(received, sent, receivers, senders, tuple(self.layers.parameters()))


class InteractionNetwork(nn.Module):
    """Classify jets by their tracks and secondary vertices.

    `n_tracks` and `n_vertices` are the numbers of slots in the paper's sums; an input with fewer slots is one whose
    empty slots were cut off. `effect` and `output` are the paper's D_E and D_O. `dropped_tracks` and `dropped_vertices`
    are indices of features that the network ignores.

    `collapse` computes identical empty slots once. It is off where it would change more than the speed: in an export,
    whose graph must hold for every input, and where the caller asks for gradients with respect to the inputs, since
    those of the empty slots are not zero. `compiled` lets compiled code sum the effects, where there is a compiler; the
    modules of the edge functions are then not called, so that hooks on them need it off.
    """

    def __init__(
        self,
        n_track_features: int,
        n_vertex_features: int,
        hidden: int = 60,
        effect: int = 20,
        output: int = 24,
        *,
        n_tracks: int = 60,
        n_vertices: int = 5,
        dropped_tracks: Sequence[int] = (),
        dropped_vertices: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.n_tracks, self.n_vertices = n_tracks, n_vertices
        self.collapse = self.compiled = True
        self.normalise = nn.ModuleDict(
            {"tracks": Standardise(n_track_features), "vertices": Standardise(n_vertex_features)}
        )
        self.select_tracks = SelectFeatures(n_track_features, dropped_tracks)
        self.select_vertices = SelectFeatures(n_vertex_features, dropped_vertices)
        self.empty_track, self.empty_vertex = EmptySlot(n_tracks), EmptySlot(n_vertices)
        p, s = len(self.select_tracks.kept), len(self.select_vertices.kept)
        self.track_track = EdgeFunction(p, p, hidden, effect)  # f_R^pp
        self.track_vertex = EdgeFunction(p, s, hidden, effect)  # f_R^vp
        self.track_output = nn.Sequential(  # f_O
            nn.Linear(p + 2 * effect, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, output),
            nn.ReLU(),
        )
        self.sum_senders = WeightedSum()
        self.sum_vertices = WeightedSum()
        self.sum_tracks = WeightedSum()
        self.classify = nn.Linear(output, 2)

    def forward(self, tracks: torch.Tensor, vertices: torch.Tensor) -> torch.Tensor:
        """Logits (batch, 2) of tracks (batch, slot, feature) and vertices (batch, slot, feature).

        Raises ValueError where an input has more slots than the network sums over.
        """
        self._check_slots(tracks, vertices)
        if not self._may_collapse(tracks, vertices):
            return self._logits(tracks, vertices)
        if self.compiled and available(tracks):
            return self._ragged_logits(tracks, vertices)
        track_counts, order = occupied_slots(tracks).sort(stable=True)
        vertex_counts = occupied_slots(vertices)[order].tolist()
        logits = []
        for chunk in chunks(track_counts.tolist(), edges_per_chunk(tracks.device)):
            rows, n, k = order[chunk], int(track_counts[chunk.stop - 1]), max(vertex_counts[chunk])
            logits.append(self._logits(tracks[rows, :n], vertices[rows, :k]))
        return torch.cat(logits)[order.argsort()]

    def _check_slots(self, tracks: torch.Tensor, vertices: torch.Tensor) -> None:
        for name, objects, slots in (("tracks", tracks, self.n_tracks), ("vertices", vertices, self.n_vertices)):
            if objects.shape[1] > slots:
                message = f"{name} has {objects.shape[1]} slots, the network takes at most {slots}"
                raise ValueError(message)

    def _may_collapse(self, tracks: torch.Tensor, vertices: torch.Tensor) -> bool:
        if not self.collapse or torch.compiler.is_exporting() or len(tracks) == 0:
            return False
        return not (torch.is_grad_enabled() and (tracks.requires_grad or vertices.requires_grad))

    def _logits(self, tracks: torch.Tensor, vertices: torch.Tensor) -> torch.Tensor:
        x = self.select_tracks(self.normalise["tracks"](tracks))
        y = self.select_vertices(self.normalise["vertices"](vertices))
        x, track_weights = self.empty_track(x)  # (B, L, P), (L,)
        y, vertex_weights = self.empty_vertex(y)  # (B, K, S), (K,)
        not_itself = track_weights - torch.eye(track_weights.shape[0], dtype=x.dtype, device=x.device)  # (L, L)
        from_tracks = self.sum_senders(self.track_track(x, x), not_itself)  # (B, L, D_E)
        from_vertices = self.sum_vertices(self.track_vertex(x, y), vertex_weights)  # (B, L, D_E)
        outputs = self.track_output(torch.cat([x, from_tracks, from_vertices], -1))  # (B, L, D_O)
        logits: torch.Tensor = self.classify(self.sum_tracks(outputs, track_weights))
        return logits

    def _ragged_logits(self, tracks: torch.Tensor, vertices: torch.Tensor) -> torch.Tensor:
        x = self.select_tracks(self.normalise["tracks"](tracks))
        y = self.select_vertices(self.normalise["vertices"](vertices))
        all_tracks = ragged(x, occupied_slots(tracks), self.n_tracks)
        all_vertices = ragged(y, occupied_slots(vertices), self.n_vertices)
        from_tracks = self.track_track.summed(all_tracks, all_tracks)  # (track, D_E)
        from_vertices = self.track_vertex.summed(all_tracks, all_vertices)  # (track, D_E)
        outputs = self.track_output(torch.cat([all_tracks.values, from_tracks, from_vertices], -1))  # (track, D_O)
        weighted = outputs * all_tracks.weights.unsqueeze(1)
        logits: torch.Tensor = self.classify(torch.segment_reduce(weighted, "sum", offsets=all_tracks.first))
        return logits


class SelectFeatures(nn.Module):
    """The features that are not dropped, in order."""

    kept: torch.Tensor

    def __init__(self, n_features: int, dropped: Sequence[int]) -> None:
        super().__init__()
        self.identity = not dropped
        kept = torch.tensor([index for index in range(n_features) if index not in dropped], dtype=torch.int64)
        self.register_buffer("kept", kept, persistent=False)

    def forward(self, objects: torch.Tensor) -> torch.Tensor:
        """From (batch, slot, feature) to (batch, slot, kept feature)."""
        return objects if self.identity else objects.index_select(-1, self.kept)


def edges_per_chunk(device: torch.device) -> float:
    """Track-track edges to process at once: as many as a processor's cache holds; no limit on other devices."""
    return EDGES_PER_CHUNK if device.type == "cpu" else float("inf")


def chunks(counts: list[int], edges: float) -> Iterator[slice]:
    """Cut jets with rising numbers of tracks into consecutive chunks of at most `edges` edges, or of a single jet."""
    start = 0
    for stop in range(1, len(counts) + 1):
        if stop == len(counts) or (stop + 1 - start) * (counts[stop] + 1) ** 2 > edges:
            yield slice(start, stop)
            start = stop
