"""The rows and features that the attributions are compared on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ...dataset import Samples
from ...errors import UserError
from ...schema import Schema
from ..inputs import empty_class
from ..parts import Context

__all__ = ["FeatureKey", "attribution_rows", "feature_keys", "tensors", "thinned"]


@dataclass(frozen=True, order=True)
class FeatureKey:
    """A feature of an input."""

    input: str
    feature: str

    @property
    def row(self) -> str:
        """What names its row in a table."""
        return f"{self.input}.{self.feature}"


def feature_keys(schema: Schema) -> tuple[FeatureKey, ...]:
    """All features, one input after the other: the order of `InputShares.of_all_features`."""
    return tuple(FeatureKey(item.name, name) for item in schema.inputs for name in item.feature_names)


def attribution_rows(context: Context) -> Samples:
    """`[interpretation] attribution_rows` of the context's rows, spread evenly; UserError if a class is not in them."""
    samples = thinned(context.samples, context.options.attribution_rows)
    if name := empty_class(samples, context.project.schema):
        message = (
            f"the class {name!r} is empty: none of {len(samples)} rows belongs to it; "
            f"raise attribution_rows in [interpretation] of {context.paths.config}"
        )
        raise UserError(message)
    return samples


def thinned(samples: Samples, rows: int) -> Samples:
    """At most so many of the rows, at even distances."""
    if rows >= len(samples):
        return samples
    return samples.take(np.linspace(0, len(samples) - 1, rows).round().astype(int))


def tensors(samples: Samples) -> dict[str, torch.Tensor]:
    """The inputs, float32 (row, slot, feature)."""
    return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in samples.inputs.items()}


def listed(names: Sequence[str]) -> str:
    """Words joined as in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
