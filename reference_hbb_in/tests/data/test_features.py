import numpy as np
import pytest
from fairmodel import Feature, Input, Samples

from hbb_in.data.features import SCHEMA, SPECTATORS, TRACK_FEATURES, TRACKS, VERTEX_FEATURES, VERTICES
from hbb_in.data.options import Window
from hbb_in.data.ragged import to_samples
from hbb_in.data.simulation.pipeline import simulate_batch

from ..simulated import Simulated


@pytest.fixture(scope="module")
def jets(simulated: Simulated) -> Samples:
    return simulated.jets


def real_objects(jets: Samples, item: Input) -> np.ndarray:
    real: np.ndarray = np.arange(item.slots) < jets.counts[item.name][:, None]
    return real


def column(jets: Samples, item: Input, name: str) -> np.ndarray:
    """One feature of every real object, in float64."""
    real = jets.inputs[item.name][real_objects(jets, item)]
    values: np.ndarray = real[:, item.feature_names.index(name)].astype(np.float64)
    return values


def track(jets: Samples, name: str) -> np.ndarray:
    return column(jets, TRACKS, name)


def test_the_table_has_the_published_shape() -> None:
    assert (len(TRACK_FEATURES), len(VERTEX_FEATURES)) == (30, 14)
    assert (TRACKS.slots, VERTICES.slots) == (60, 5)
    everything = [*TRACK_FEATURES, *VERTEX_FEATURES, *SPECTATORS]
    assert len({feature.name for feature in everything}) == len(everything)
    assert all(feature.unit and feature.description and feature.source for feature in everything)


@pytest.mark.parametrize("feature", TRACK_FEATURES, ids=lambda feature: feature.name)
def test_track_feature_is_filled_within_its_range(jets: Samples, feature: Feature) -> None:
    values = track(jets, feature.name)
    assert (values >= feature.low - 1e-6).all()
    assert (values <= feature.high + 1e-6).all()
    assert len(np.unique(values)) > 1


@pytest.mark.parametrize("feature", VERTEX_FEATURES, ids=lambda feature: feature.name)
def test_vertex_feature_is_filled_within_its_range(jets: Samples, feature: Feature) -> None:
    values = column(jets, VERTICES, feature.name)
    assert (values >= feature.low - 1e-6).all()
    assert (values <= feature.high + 1e-6).all()
    assert len(np.unique(values)) > 1


@pytest.mark.parametrize("feature", SPECTATORS, ids=lambda feature: feature.name)
def test_spectator_is_within_its_range(jets: Samples, feature: Feature) -> None:
    values = jets.spectators[feature.name]
    assert np.isfinite(values).all()
    assert (values >= feature.low - 1e-6).all()
    assert (values <= feature.high + 1e-6).all()


@pytest.mark.parametrize("item", SCHEMA.inputs, ids=lambda item: item.name)
def test_padding_is_exactly_zero_and_counts_are_true(jets: Samples, item: Input) -> None:
    array, real = jets.inputs[item.name], real_objects(jets, item)
    assert array.dtype == np.float32
    assert (array[~real] == 0).all()
    assert (array[real] != 0).any(axis=-1).all()
    number = jets.spectators[{"tracks": "ntracks", "vertices": "nsv"}[item.name]]
    assert np.array_equal(jets.counts[item.name], np.minimum(number, item.slots))


@pytest.mark.parametrize(("item", "name"), [(TRACKS, "trackBTag_Sip2dSig"), (VERTICES, "sv_dxysig")])
def test_objects_come_in_descending_order(jets: Samples, item: Input, name: str) -> None:
    values = jets.inputs[item.name][..., item.feature_names.index(name)]
    steps = np.diff(values, axis=1)[real_objects(jets, item)[:, 1:]]
    assert (steps <= 0).all()


def test_the_distance_to_the_jet_axis_is_never_positive(jets: Samples) -> None:
    assert (track(jets, "trackBTag_JetDistVal") <= 0).all()


def test_momentum_along_and_across_the_axis_make_the_whole(jets: Samples) -> None:
    across, along = track(jets, "trackBTag_PtRatio"), track(jets, "trackBTag_PParRatio")
    assert np.hypot(across, along) == pytest.approx(np.ones(len(along)), abs=1e-5)


def test_significances_are_values_over_errors(jets: Samples) -> None:
    expected = track(jets, "track_dxy") / np.sqrt(track(jets, "track_dxydxy"))
    assert track(jets, "track_dxysig") == pytest.approx(np.clip(expected, -2000, 2000), rel=1e-4, abs=1e-5)
    flight, significance = column(jets, VERTICES, "sv_d3d"), column(jets, VERTICES, "sv_d3dsig")
    assert (flight >= column(jets, VERTICES, "sv_dxy")).all()
    assert ((flight / significance > 1e-4) | (significance == 800)).all()


def test_signed_and_unsigned_impact_parameters_agree(jets: Samples) -> None:
    signed, plain = track(jets, "trackBTag_Sip2dVal"), track(jets, "track_dxy")
    inside = signed > -1
    assert np.abs(signed[inside]) == pytest.approx(np.abs(plain[inside]), rel=1e-5)
    # the primary vertex has an error too, so the signed significance is the smaller one
    inside = track(jets, "trackBTag_Sip2dSig") > -1
    larger = np.abs(track(jets, "track_dxysig")) - np.abs(track(jets, "trackBTag_Sip2dSig"))
    assert (larger[inside] > -1e-5).all()


def test_covariances_respect_their_variances(jets: Samples) -> None:
    for name, first, second in (
        ("track_dxydz", "track_dxydxy", "track_dzdz"),
        ("track_dphidxy", "track_dphidphi", "track_dxydxy"),
        ("track_dlambdadz", "track_detadeta", "track_dzdz"),
    ):
        assert (track(jets, name) ** 2 < track(jets, first) * track(jets, second)).all()


def test_the_nearest_vertex_is_the_nearest_of_those_listed(jets: Samples) -> None:
    def angles(item: Input, prefix: str) -> np.ndarray:
        columns = [item.feature_names.index(f"{prefix}_{name}") for name in ("etarel", "phirel")]
        return jets.inputs[item.name][:, :, columns].astype(np.float64)

    rows = np.flatnonzero((jets.spectators["nsv"] <= VERTICES.slots) & (jets.spectators["nsv"] > 1))
    assert len(rows) > 20
    nearest = jets.inputs[TRACKS.name][..., TRACKS.feature_names.index("track_drminsv")]
    for row in rows:
        tracks = angles(TRACKS, "track")[row, : jets.counts[TRACKS.name][row]]
        vertices = angles(VERTICES, "sv")[row, : jets.counts[VERTICES.name][row]]
        distance = np.linalg.norm(tracks[:, None] - vertices, axis=-1).min(axis=1)
        assert nearest[row, : len(tracks)] == pytest.approx(np.minimum(distance, 0.8) - 0.8, abs=1e-5)


def test_no_jet_in_the_window_gives_no_rows(simulated: Simulated) -> None:
    window = Window(pt=(1999.0, 2000.0))
    samples = to_samples(
        simulate_batch(
            simulated.records["qcd"], window, signal=False, first_event=0, generator=np.random.default_rng(1)
        )
    )
    assert len(samples) == 0
    assert samples.inputs[TRACKS.name].shape == (0, 60, 30)


def test_higgs_jets_look_like_higgs_jets(simulated: Simulated) -> None:
    signal, background = (simulated.samples[name].spectators for name in ("graviton", "qcd"))
    assert np.median(signal["fj_sdmass"]) == pytest.approx(119, abs=5)
    assert signal["nsv"].mean() == pytest.approx(1.7, abs=0.3)
    assert background["nsv"].mean() == pytest.approx(0.3, abs=0.2)
    assert np.median(signal["fj_nbHadrons"]) == 2
    assert np.median(background["fj_nbHadrons"]) == 0
    assert signal["fj_tau21"].mean() < background["fj_tau21"].mean()


def test_generator_weights_undo_the_bias_of_the_background(simulated: Simulated) -> None:
    samples = simulated.samples["qcd"]
    assert np.array_equal(samples.weights, samples.spectators["fj_weight"])
    assert (samples.weights > 0).all()
    # generated more often by the 4.5th power of pT, hard jets weigh less in that proportion
    slope = np.polyfit(np.log(samples.spectators["fj_pt"]), np.log(samples.weights), 1)[0]
    assert -5.5 < slope < -3.0
    assert (simulated.samples["graviton"].weights == 1).all()
