"""The `[model]` section of a run configuration; importable without PyTorch."""

from typing import Annotated, Self

from fairmodel import Section
from pydantic import Field, model_validator

__all__ = ["ModelOptions"]

Size = Annotated[int, Field(gt=0)]


class ModelOptions(Section):
    """Sizes of the interaction network; the defaults are the paper's baseline.

    Dropped features are left out of the network's inputs, by name, as in the ablation studies.
    """

    hidden: Size = Field(default=60, description="units of each hidden layer")
    effect: Size = Field(default=20, description="D_E, numbers in the effect of one object on another")
    output: Size = Field(default=24, description="D_O, numbers in a track's representation after its interactions")
    compiled: bool = Field(
        default=True, description="use compiled code where there is a C++ compiler; same to rounding"
    )
    dropped_track_features: tuple[str, ...] = ()
    dropped_vertex_features: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _drop_each_once(self) -> Self:
        for key in ("dropped_track_features", "dropped_vertex_features"):
            names = getattr(self, key)
            repeated = sorted({name for name in names if names.count(name) > 1})
            if repeated:
                message = f"{key} names {', '.join(repeated)} more than once; name each feature once"
                raise ValueError(message)
        return self
