"""The one table that defines what is stored of a jet and of its particles."""

from fairmodel.schema import Feature, Input, Schema

__all__ = ["SCHEMA"]

TOY = "this simulation"

PARTICLES = Input(
    "particles",
    slots=24,
    features=(
        Feature("particle_ptrel", "1", "transverse momentum over that of the jet", 0, 1, TOY),
        Feature("particle_etarel", "1", "pseudorapidity relative to the jet axis", -1.5, 1.5, TOY),
        Feature("particle_phirel", "rad", "azimuthal angle relative to the jet axis", -1.5, 1.5, TOY),
        Feature("particle_deltaR", "1", "distance to the jet axis in (pseudorapidity, azimuth)", 0, 2.2, TOY),
        Feature("particle_charge", "e", "electric charge", -1, 1, TOY),
    ),
)

SCHEMA = Schema(
    entity="jets",
    inputs=(PARTICLES,),
    classes=("one-prong", "two-prong"),
    signal=1,
    spectators=(
        Feature("jet_pt", "GeV", "transverse momentum of the jet", 0, 1e4, TOY),
        Feature("jet_mass", "GeV", "invariant mass of the jet's particles, taken as massless", 0, 1e4, TOY),
    ),
)
