"""Values of the features of tracks and vertices that `data.features` lists."""

import numpy as np

from .arrays import same_group_pairs
from .jets import Groomed, Jets
from .kinematics import PION_MASS, azimuth, delta_phi, delta_r, mass, pseudorapidity, transverse
from .tracker import D_SZ, D_XY, DIP, PHI, Q_OVER_P, Impact, Tracks
from .vertexing import Vertices

__all__ = ["track_values", "vertex_values"]

FAR = 0.8  # largest distance to a vertex that is told


def track_values(
    tracks: Tracks,
    momentum: np.ndarray,
    impact: Impact,
    jet: np.ndarray,
    jets: Jets,
    groomed: Groomed,
    vertices: Vertices,
) -> dict[str, np.ndarray]:
    """Features of every track by name, before clipping, each (track,).

    momentum: (track, 4) GeV; jet: (track,) index into `jets` and `groomed`; `vertices` are sorted by jet.
    """
    eta, phi = pseudorapidity(momentum), azimuth(momentum)
    near = [delta_r(eta, phi, groomed.eta[jet, index], groomed.phi[jet, index]) for index in (0, 1)]
    return {
        "track_ptrel": tracks.pt / jets.pt[jet],
        "track_erel": momentum[:, 3] / jets.momentum[jet, 3],
        "track_phirel": delta_phi(phi, jets.phi[jet]),
        "track_etarel": np.sign(jets.eta[jet]) * (eta - jets.eta[jet]),
        "track_deltaR": delta_r(eta, phi, jets.eta[jet], jets.phi[jet]),
        "track_drminsv": _distance_to_vertices(eta, phi, jet, vertices) - FAR,
        "track_drsubjet1": np.where(np.isnan(near[0]), -1, near[0]),
        "track_drsubjet2": np.where(np.isnan(near[1]), -1, near[1]),
        "track_dz": tracks.d_z,
        # d_z = d_sz / cos(dip), and so are their errors
        "track_dzsig": tracks.d_z * np.cos(tracks.dip) / np.sqrt(tracks.covariance[:, D_SZ, D_SZ]),
        "track_dxy": tracks.d_xy,
        "track_dxysig": tracks.d_xy / np.sqrt(tracks.covariance[:, D_XY, D_XY]),
        "track_normchi2": tracks.chi2,
        "track_quality": tracks.quality,
        **_covariances(tracks.covariance),
        **_tagging(momentum, impact, jets.axis[jet]),
    }


def vertex_values(vertices: Vertices, jets: Jets) -> dict[str, np.ndarray]:
    """Features of every vertex by name, before clipping, each (vertex,)."""
    jet, momentum = vertices.jet, vertices.momentum
    eta, phi, pt = pseudorapidity(momentum), azimuth(momentum), transverse(momentum)
    return {
        "sv_ptrel": pt / jets.pt[jet],
        "sv_erel": momentum[:, 3] / jets.momentum[jet, 3],
        "sv_phirel": delta_phi(phi, jets.phi[jet]),
        "sv_etarel": np.sign(jets.eta[jet]) * (eta - jets.eta[jet]),
        "sv_deltaR": delta_r(eta, phi, jets.eta[jet], jets.phi[jet]) - 0.5,
        "sv_pt": pt,
        "sv_mass": mass(momentum),
        "sv_ntracks": vertices.tracks,
        "sv_normchi2": vertices.chi2 / vertices.ndf,
        "sv_dxy": vertices.flight_2d,
        "sv_dxysig": vertices.significance_2d,
        "sv_d3d": vertices.flight_3d,
        "sv_d3dsig": vertices.flight_3d / vertices.error_3d,
        "sv_costhetasvpv": vertices.cosine,
    }


def _distance_to_vertices(eta: np.ndarray, phi: np.ndarray, jet: np.ndarray, vertices: Vertices) -> np.ndarray:
    """Distance to the nearest vertex of the jet, at most 0.8."""
    nearest = np.full(len(jet), FAR)
    track, vertex = same_group_pairs(jet, vertices.jet)
    momentum = vertices.momentum[vertex]
    distance = delta_r(eta[track], phi[track], pseudorapidity(momentum), azimuth(momentum))
    np.minimum.at(nearest, track, distance)
    return nearest


def _covariances(covariance: np.ndarray) -> dict[str, np.ndarray]:
    return {
        "track_dptdpt": covariance[:, Q_OVER_P, Q_OVER_P],
        "track_detadeta": covariance[:, DIP, DIP],
        "track_dphidphi": covariance[:, PHI, PHI],
        "track_dxydxy": covariance[:, D_XY, D_XY],
        "track_dzdz": covariance[:, D_SZ, D_SZ],
        "track_dxydz": covariance[:, D_XY, D_SZ],
        "track_dphidxy": covariance[:, PHI, D_XY],
        "track_dlambdadz": covariance[:, DIP, D_SZ],
    }


def _tagging(momentum: np.ndarray, impact: Impact, axis: np.ndarray) -> dict[str, np.ndarray]:
    total = np.linalg.norm(momentum[:, :3], axis=1)
    along = np.sum(momentum[:, :3] * axis, axis=1)
    across = np.linalg.norm(np.cross(momentum[:, :3], axis), axis=1)
    return {
        "trackBTag_EtaRel": np.arctanh(along / np.hypot(total, PION_MASS)),
        "trackBTag_PtRatio": across / total,
        "trackBTag_PParRatio": along / total,
        "trackBTag_Sip2dVal": impact.value_2d,
        "trackBTag_Sip2dSig": impact.significance_2d,
        "trackBTag_Sip3dVal": impact.value_3d,
        "trackBTag_Sip3dSig": impact.significance_3d,
        "trackBTag_JetDistVal": -impact.axis_distance,
    }
