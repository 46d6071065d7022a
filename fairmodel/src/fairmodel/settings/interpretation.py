"""`[interpretation]` of the configuration."""

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from .section import Positive, Section, Seed

__all__ = ["InterpretationConfig"]


class InterpretationConfig(Section):
    """`[interpretation]`: how much of the test split the explanations look at."""

    rows: Positive = Field(default=2000, description="test rows, spread evenly over the split")
    attribution_rows: Positive = Field(
        default=500, description="rows among these on which methods of attribution are compared"
    )
    repeats: Annotated[int, Field(ge=2)] = Field(default=3, description="times that each feature is shuffled")
    bootstrap: Annotated[int, Field(ge=2)] = Field(default=200, description="bootstrap samples for the errors")
    order: dict[str, str] = Field(
        default={}, description="by input: the feature that ranks its objects, largest first; without it, slots do"
    )
    seed: Seed = Field(default=1, description="decides shuffles, bootstrap samples and random weights")

    @field_validator("order")
    @classmethod
    def _of_the_schema(cls, order: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        known = (info.context or {}).get("features", {name: (feature,) for name, feature in order.items()})
        for name, feature in order.items():
            if name not in known:
                message = f"there is no input {name!r}; the inputs are {', '.join(known)}"
                raise ValueError(message)
            if feature not in known[name]:
                message = f"the input {name!r} has no feature {feature!r}; it has {', '.join(known[name])}"
                raise ValueError(message)
        return order
