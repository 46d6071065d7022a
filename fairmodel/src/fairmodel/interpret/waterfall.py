"""How the network's answer for one row builds up, feature by feature."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..errors import UserError

__all__ = ["waterfall_figure"]

UP, DOWN = "C1", "C0"


def waterfall_figure(shares: Mapping[str, float], start: float, *, label: str, most: int = 12) -> Figure:
    """Bars that lead from `start` to `start` plus all `shares`, the largest first; those beyond `most` are summed up.

    `shares` are what each feature adds to the number that `label` names: for instance `of_features` of a relevance, by
    name. Where counting starts is what the explanation leaves to no feature: the answer minus all shares.
    """
    if not shares:
        message = "there are no shares to draw; give at least one, by name"
        raise UserError(message)
    names, values = _largest(shares, most)
    ends = start + np.cumsum(values)
    begins = np.append(start, ends[:-1])
    figure = Figure(figsize=(6.8, 0.32 * len(names) + 1.5))
    axes = figure.subplots()
    places = np.arange(len(names))
    axes.barh(places, values, left=begins, height=0.62, color=[UP if value > 0 else DOWN for value in values])
    for place, (end, value) in enumerate(zip(ends, values, strict=True)):
        axes.plot([end, end], [place - 0.31, place + 1.31], color="0.4", linewidth=0.8)
        right = value > 0
        shift = 4 if right else -4
        text: dict[str, Any] = {"xytext": (shift, 0), "textcoords": "offset points", "va": "center", "fontsize": 9}
        axes.annotate(
            f"{value:+.2f}".replace("-", "\N{MINUS SIGN}"), (end, place), ha="left" if right else "right", **text
        )
    axes.axvline(start, color="0.6", linestyle=":", linewidth=1.2, label=f"start: {start:.2f}")
    axes.axvline(ends[-1], color="0.2", linestyle="--", linewidth=1.2, label=f"answer: {ends[-1]:.2f}")
    axes.set_yticks(places, names, fontsize=9)
    axes.tick_params(axis="y", which="minor", left=False, right=False)
    axes.set_ylim(len(names) - 0.5, -0.5)
    low, high = min(start, ends.min()), max(start, ends.max())
    room = 0.14 * ((high - low) or 1.0)  # for the numbers beside the bars
    axes.set_xlim(low - room, high + room)
    axes.set_xlabel(label)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def _largest(shares: Mapping[str, float], most: int) -> tuple[list[str], np.ndarray]:
    """The shares by falling magnitude, those beyond `most` as one."""
    names = sorted(shares, key=lambda name: -abs(shares[name]))
    rest = names[most:]
    if len(rest) > 1:
        names = names[:most]
    values = [shares[name] for name in names]
    if len(rest) > 1:
        names, values = [*names, f"{len(rest)} others"], [*values, sum(shares[name] for name in rest)]
    return names, np.array(values)
