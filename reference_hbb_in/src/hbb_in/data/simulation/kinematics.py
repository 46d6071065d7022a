"""Angles and four-momenta; momenta are (..., 4) arrays of (px, py, pz, energy) in GeV."""

import numpy as np

__all__ = ["PION_MASS", "azimuth", "delta_phi", "delta_r", "four_momentum", "mass", "pseudorapidity", "transverse"]

PION_MASS = 0.13957039  # GeV


def delta_phi(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Difference of two azimuths, in [-pi, pi)."""
    difference: np.ndarray = (first - second + np.pi) % (2 * np.pi) - np.pi
    return difference


def delta_r(eta: np.ndarray, phi: np.ndarray, other_eta: np.ndarray, other_phi: np.ndarray) -> np.ndarray:
    """Distance in pseudorapidity and azimuth."""
    distance: np.ndarray = np.hypot(eta - other_eta, delta_phi(phi, other_phi))
    return distance


def transverse(momentum: np.ndarray) -> np.ndarray:
    """Transverse momentum."""
    pt: np.ndarray = np.hypot(momentum[..., 0], momentum[..., 1])
    return pt


def azimuth(momentum: np.ndarray) -> np.ndarray:
    """Azimuth of the momentum."""
    phi: np.ndarray = np.arctan2(momentum[..., 1], momentum[..., 0])
    return phi


def pseudorapidity(momentum: np.ndarray) -> np.ndarray:
    """Pseudorapidity of the momentum; huge, not infinite, along the beam."""
    eta: np.ndarray = np.arcsinh(momentum[..., 2] / np.maximum(transverse(momentum), 1e-9))
    return eta


def mass(momentum: np.ndarray) -> np.ndarray:
    """Invariant mass; rounding below zero counts as zero."""
    result: np.ndarray = np.sqrt(np.maximum(momentum[..., 3] ** 2 - np.sum(momentum[..., :3] ** 2, axis=-1), 0))
    return result


def four_momentum(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """(px, py, pz, energy) on the last axis."""
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    return np.stack([px, py, pz, np.sqrt(px**2 + py**2 + pz**2 + mass**2)], axis=-1)
