"""Figures that the data are compared with, and where they come from. Lengths in micrometres, momenta in GeV."""

from dataclasses import dataclass

__all__ = [
    "BTAG",
    "CMS_ERRORS",
    "CMS_SAMPLE",
    "DETECTOR",
    "HIGGS_MASS",
    "PARTICLE_DATA",
    "TRACKING",
    "TUNING",
    "UNIT_GAUSSIAN",
    "QuotedErrors",
]

TRACKING = "CMS tracking, arXiv:1405.6569, abstract"
DETECTOR = "CMS tracks of 1 to 10 GeV with |η| < 1.4, arXiv:1712.07158, section 2"
BTAG = "CMS b tagging, arXiv:1712.07158, abstract"
PARTICLE_DATA = "Particle Data Group, doi:10.1103/PhysRevD.110.030001"
UNIT_GAUSSIAN = "unit Gaussian"
TUNING = "this simulation when it was tuned: a change of it shows here"
# figures derived from the file pfnano.root among the test samples of scikit-hep/coffea (BSD-3-Clause)
CMS_SAMPLE = "CMS full simulation of 2017: ten QCD events of 1.4 to 1.8 TeV, test samples of scikit-hep/coffea"

HIGGS_MASS = 125.2


@dataclass(frozen=True)
class QuotedErrors:
    """Median errors that CMS quotes for the tracks in a range of |η| and pT."""

    eta: tuple[float, float]
    pt: tuple[float, float]
    d_xy: float
    d_z: float


# prompt tracks with a hit in the first pixel layer; each median is known to 3 to 10 %
CMS_ERRORS = (
    QuotedErrors((0.0, 0.8), (0.95, 1.5), 55.4, 63.5),
    QuotedErrors((0.0, 0.8), (1.5, 2.5), 39.1, 47.8),
    QuotedErrors((0.0, 0.8), (2.5, 5), 29.4, 36.2),
    QuotedErrors((0.0, 0.8), (5, 10), 19.7, 24.3),
    QuotedErrors((0.0, 0.8), (10, 20), 15.2, 23.1),
    QuotedErrors((0.0, 0.8), (20, 50), 11.3, 20.9),
    QuotedErrors((0.8, 1.5), (0.95, 1.5), 66.9, 67.7),
    QuotedErrors((0.8, 1.5), (1.5, 2.5), 45.5, 46.6),
    QuotedErrors((0.8, 1.5), (2.5, 5), 35.3, 35.7),
    QuotedErrors((0.8, 1.5), (5, 10), 23.5, 25.5),
    QuotedErrors((0.8, 1.5), (10, 20), 17.2, 20.9),
    QuotedErrors((0.8, 1.5), (20, 50), 10.2, 16.6),
    QuotedErrors((1.5, 2.5), (0.95, 1.5), 88.3, 84.1),
    QuotedErrors((1.5, 2.5), (1.5, 2.5), 55.9, 54.1),
    QuotedErrors((1.5, 2.5), (2.5, 5), 36.8, 35.0),
)
