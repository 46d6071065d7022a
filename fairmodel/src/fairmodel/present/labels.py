"""Words for axes."""

import re

from ..schema import Feature

__all__ = ["axis_label"]


def axis_label(feature: Feature, power: int = 0) -> str:
    """Name and unit, with powers as superscripts; `power` is that of ten by which the axis is scaled."""
    factor = f"$10^{{{power}}}$ " if power else ""
    unit = re.sub(r"\^(-?\d+)", r"$^{\1}$", "" if feature.unit == "1" else feature.unit)
    return f"{feature.name} [{factor}{unit}]".replace(" ]", "]") if factor or unit else feature.name
