"""What a data set consists of: named inputs of described features, classes and spectators."""

from dataclasses import dataclass

__all__ = ["Feature", "Input", "Schema"]


@dataclass(frozen=True)
class Feature:
    """One number that describes an object.

    `low` and `high` bound the values that the data preparation can produce, in `unit` ("1" for a pure number);
    `source` says where the definition comes from; `branch` is its column in an external file, where that differs.
    """

    name: str
    unit: str
    description: str
    low: float = float("-inf")
    high: float = float("inf")
    source: str = ""
    branch: str = ""


@dataclass(frozen=True)
class Input:
    """A collection of up to `slots` objects, each with the same features; missing objects are rows of zeros."""

    name: str
    slots: int
    features: tuple[Feature, ...]

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features, in the order of the last array axis."""
        return tuple(feature.name for feature in self.features)


@dataclass(frozen=True)
class Schema:
    """Everything the engine needs to know of a project's data.

    `entity` is the plural noun for one row, used in figures, progress bars and as the count's key in the metrics;
    `signal` is the index in `classes` of the class whose probability is the score; `spectators` are columns
    that are stored for each row but never shown to the network.
    """

    entity: str
    inputs: tuple[Input, ...]
    classes: tuple[str, ...]
    signal: int
    spectators: tuple[Feature, ...] = ()

    def __post_init__(self) -> None:
        names = [item.name for item in self.inputs]
        if len(set(names)) != len(names) or not names:
            message = f"a schema needs inputs with different names, got {names}"
            raise ValueError(message)
        if not 0 <= self.signal < len(self.classes) or len(self.classes) < 2:
            message = f"signal = {self.signal} is not an index into the classes {self.classes}"
            raise ValueError(message)
