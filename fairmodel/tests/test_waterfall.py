"""The waterfall: its bars join, start and end where they should, and lose nothing."""

from itertools import pairwise

import pytest
from matplotlib.patches import Rectangle

from fairmodel.errors import UserError
from fairmodel.interpret.waterfall import waterfall_figure


def bars(shares: dict[str, float], most: int) -> tuple[list[str], list[Rectangle]]:
    figure = waterfall_figure(shares, 0.5, label="log-odds", most=most)
    (axes,) = figure.axes
    return [text.get_text() for text in axes.get_yticklabels()], list(axes.patches)  # type: ignore[arg-type]


def test_bars_lead_from_the_start_to_the_answer() -> None:
    shares = {"small": 0.1, "large": -2.0, "medium": 1.0, "tiny": -0.05}
    names, patches = bars(shares, most=12)
    assert names == ["large", "medium", "small", "tiny"]
    assert patches[0].get_x() == pytest.approx(0.5)
    for before, after in pairwise(patches):
        assert after.get_x() == pytest.approx(before.get_x() + before.get_width())
    assert patches[-1].get_x() + patches[-1].get_width() == pytest.approx(0.5 + sum(shares.values()))


def test_small_shares_are_summed_up() -> None:
    names, patches = bars({"a": 1.0, "b": -0.3, "c": 0.2, "d": 0.1}, most=2)
    assert names == ["a", "b", "2 others"]
    assert patches[-1].get_width() == pytest.approx(0.3)
    assert bars({"a": 1.0, "b": -0.3, "c": 0.2}, most=2)[0] == ["a", "b", "c"]  # one more instead of "1 others"


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(UserError, match="no shares to draw"):
        waterfall_figure({}, 0.0, label="log-odds")
