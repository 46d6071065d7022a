"""What the figures show, read back from their axes."""

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.patches import Patch, StepPatch

from fairmodel.evaluation.evaluate import measure
from fairmodel.present.labels import axis_label
from fairmodel.report.dependence import dependence_figure, groups_figure
from fairmodel.report.figures import calibration_figure, roc_figure, score_figure
from fairmodel.schema import Feature, Input, Schema
from fairmodel.settings.evaluation import EvaluationConfig, Group

from .scores import draw_scores

HEIGHT = Feature("height", "cm^-1", "how high")
SCHEMA = Schema("images", (Input("cells", 1, (HEIGHT,)),), ("dull", "bright"), signal=1, spectators=(HEIGHT,))
OPTIONS = EvaluationConfig(
    bootstrap=20,
    signal_efficiencies=(0.02, 0.6),
    dependence={"height": (-9, -4, 0, 4)},
    groups=(Group(name="low enough for two lines", spectator="height", high=0),),
)
ROWS = draw_scores(500, weighted=True)


@pytest.fixture(scope="module")
def metrics() -> dict[str, Any]:
    return measure(ROWS, SCHEMA.classes, OPTIONS)


def numbers(values: Any) -> np.ndarray:
    """What an artist holds, as an array."""
    return np.asarray(values, dtype=np.float64)


def heights(patch: Patch) -> np.ndarray:
    """The steps of a histogram."""
    assert isinstance(patch, StepPatch)
    return numbers(patch.get_data()[0])


def error_bars(axes: Axes) -> list[ErrorbarContainer]:
    return [item for item in axes.containers if isinstance(item, ErrorbarContainer)]


def vertical_ends(container: ErrorbarContainer) -> list[tuple[float, float]]:
    """Lower and upper end of each vertical bar."""
    segments = [numbers(segment) for bars in container.lines[2] for segment in bars.get_segments()]
    return [(low[1], high[1]) for low, high in segments if low[0] == high[0]]


def test_the_roc_curve_with_its_band_and_both_axes(metrics: dict[str, Any]) -> None:
    figure = roc_figure(ROWS, SCHEMA, metrics, OPTIONS)
    (axes,) = figure.axes
    curve, random = axes.lines
    order = np.argsort(-ROWS.score)
    is_signal, weight = ROWS.is_signal[order], ROWS.weight[order]
    for drawn, kind in ((curve.get_ydata(), ~is_signal), (curve.get_xdata(), is_signal)):
        expected = np.cumsum(weight * kind) / (weight * kind).sum()
        np.testing.assert_allclose(numbers(drawn)[1:], np.maximum(expected, axes.get_ylim()[0] / 4.5), rtol=1e-9)
    assert np.array_equal(numbers(random.get_xdata()), numbers(random.get_ydata()))
    (band,) = axes.collections
    corners = numbers(band.get_paths()[0].to_polygons()[0])
    at = np.isclose(corners[:, 0], 0.6)
    low, high = corners[at, 1].min(), corners[at, 1].max()
    item = metrics["rejection"]["0.6"]
    assert (1 / high, 1 / low) == pytest.approx((item["low"], item["high"]))
    (rejection,) = axes.child_axes
    figure.draw_without_rendering()
    for efficiency in (0.5, 0.02):
        here, there = axes.transData.transform((0, efficiency)), rejection.transData.transform((0, 1 / efficiency))
        assert here[1] == pytest.approx(there[1])
    assert rejection.get_ylabel() == "Background rejection"


def test_scores_are_densities() -> None:
    (axes,) = score_figure(ROWS, SCHEMA, bins=8).axes
    assert [patch.get_label() for patch in axes.patches] == list(SCHEMA.classes)
    for patch, index in zip(axes.patches, range(2), strict=True):
        chosen = ROWS.take(ROWS.label == index)
        expected, _ = np.histogram(chosen.score, 8, (0, 1), density=True, weights=chosen.weight)
        assert heights(patch) == pytest.approx(expected)


def test_the_calibration_curve_shows_the_bins(metrics: dict[str, Any]) -> None:
    upper, lower = calibration_figure(metrics, SCHEMA).axes
    filled = [item for item in metrics["calibration"]["bins"] if item["signal"]]
    (bars,) = error_bars(upper)
    assert numbers(bars.lines[0].get_xdata()) == pytest.approx([item["score"] for item in filled])
    assert numbers(bars.lines[0].get_ydata()) == pytest.approx([item["signal"]["value"] for item in filled])
    ends = [(item["signal"]["low"], item["signal"]["high"]) for item in filled]
    assert np.array(vertical_ends(bars)) == pytest.approx(np.array(ends))
    assert heights(lower.patches[0]).tolist() == [item["rows"] for item in metrics["calibration"]["bins"]]


def test_bins_without_enough_rows_stay_empty(metrics: dict[str, Any]) -> None:
    area, rejection, shape = dependence_figure(HEIGHT, metrics, SCHEMA).axes
    bins = metrics["dependence"]["height"]
    assert [item["auc"] is None for item in bins] == [True, False, False]
    (bars,) = error_bars(area)
    assert numbers(bars.lines[0].get_xdata()).tolist() == [1, 2]
    assert numbers(bars.lines[0].get_ydata()) == pytest.approx([item["auc"]["value"] for item in bins[1:]])
    assert numbers(area.lines[0].get_ydata())[0] == metrics["auc"]["value"]
    assert heights(shape.patches[0]) == pytest.approx(metrics["sculpting"]["height"]["before"])
    assert [label.get_text() for label in shape.get_xticklabels()] == ["-9", "-4", "0", "4"]
    assert shape.get_xlabel() == "height [cm$^{-1}$]"
    drawn = {round(end, 6) for bars in error_bars(rejection) for ends in vertical_ends(bars) for end in ends}
    for item in (item for entry in bins[1:] for item in entry["rejection"].values()):
        assert round(item["low"], 6) in drawn


def test_a_limit_is_an_arrow_and_a_value_has_its_interval(metrics: dict[str, Any]) -> None:
    _, rejection = groups_figure(metrics, SCHEMA).axes
    (group,) = metrics["groups"].values()
    limit, value = (group["rejection"][point] for point in ("0.02", "0.6"))
    assert (limit["passing"], limit["value"]) == (0, None)
    arrow, bar = error_bars(rejection)
    assert vertical_ends(arrow) == [pytest.approx((limit["low"], 2 * limit["low"]))]
    assert vertical_ends(bar) == [pytest.approx((value["low"], value["high"]))]
    assert numbers(arrow.lines[0].get_xdata())[0] < numbers(bar.lines[0].get_xdata())[0]
    assert [label.get_text() for label in rejection.get_xticklabels()] == ["low enough for\ntwo lines"]


@pytest.mark.parametrize(
    ("edges", "labels"),
    [
        ((-0.5, 0.5, 1.5, 4.5), ["0", "1", "2 to 4"]),
        ((0.5, 2, 3.25), ["0.5", "2", "3.25"]),
        ((300, 2000), ["300", "2000"]),
    ],
)
def test_bins_are_named_by_their_edges_or_the_numbers_in_them(edges: tuple[float, ...], labels: list[str]) -> None:
    options = OPTIONS.model_copy(update={"dependence": {"height": edges}})
    axes = dependence_figure(HEIGHT, measure(ROWS, SCHEMA.classes, options), SCHEMA).axes[2]
    assert [label.get_text() for label in axes.get_xticklabels()] == labels


def test_labels_have_units() -> None:
    assert axis_label(Feature("count", "1", "number")) == "count"
    assert axis_label(Feature("count", "1", "number"), power=-3) == "count [$10^{-3}$]"
    assert axis_label(Feature("speed", "m s^-1", "quick"), power=2) == "speed [$10^{2}$ m s$^{-1}$]"
