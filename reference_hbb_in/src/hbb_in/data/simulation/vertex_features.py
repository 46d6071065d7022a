"""Values of the vertex features of `features.VERTEX_FEATURES`."""

import numpy as np

from .jets import Jets
from .kinematics import azimuth, delta_phi, delta_r, mass, pseudorapidity, transverse
from .vertexing import Vertices

__all__ = ["vertex_values"]


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
