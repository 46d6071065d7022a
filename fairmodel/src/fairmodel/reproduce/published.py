"""The numbers of a publication, as columns beside the project's own."""

from dataclasses import dataclass, replace

from ..interface import Project, Published
from ..present.tables import Cell, Column, Measured

__all__ = ["Beside"]


@dataclass(frozen=True)
class Beside:
    """What was published of a study; without a publication there are no columns, no cells and no notes."""

    published: Published | None

    @classmethod
    def of(cls, project: Project, study: str) -> "Beside":
        """What the project declares of a study."""
        return cls(project.published.get(study))

    def columns(self, *columns: Column) -> tuple[Column, ...]:
        """The same columns once more, for the published numbers."""
        if self.published is None:
            return ()
        return tuple(
            replace(column, key=f"published_{column.key}", title=f"{column.title}, published") for column in columns
        )

    def cells(self, row: str) -> dict[str, Cell]:
        """The published cells of a row."""
        numbers = self.published.rows.get(row, {}) if self.published else {}
        return {f"published_{name}": _cell(number) for name, number in numbers.items()}

    @property
    def notes(self) -> tuple[str, ...]:
        """Where the numbers come from."""
        return (f"Published: {self.published.source}.",) if self.published else ()


def _cell(number: float | tuple[float, float]) -> Cell:
    return Measured(*number) if isinstance(number, tuple) else number
