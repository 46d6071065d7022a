"""`[interpretation]` of the configuration."""

from typing import Annotated

from pydantic import Field

from ..options import Positive, Section, Seed

__all__ = ["InterpretationConfig"]


class InterpretationConfig(Section):
    """`[interpretation]`: how much of the test split the explanations look at."""

    rows: Positive = Field(default=2000, description="test rows, spread evenly over the split")
    repeats: Annotated[int, Field(ge=2)] = Field(default=3, description="shuffles of each feature")
    bootstrap: Annotated[int, Field(ge=2)] = Field(default=200, description="trials, from which the errors come")
    seed: Seed = 1
