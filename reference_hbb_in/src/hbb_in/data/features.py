"""The feature table: the only definition of the numbers that describe a jet, its tracks and its vertices.

Names, order and clipping are those of the CMS open-data ntuple (https://doi.org/10.7483/OPENDATA.CMS.JGJX.MS7Q)
on which arXiv:1909.12285 trains. Lengths in cm, momenta and masses in GeV, angles in rad.
"""

import numpy as np
from fairmodel import Feature, Input, Schema

__all__ = [
    "CLASSES",
    "SCHEMA",
    "SPECTATORS",
    "TRACKS",
    "TRACK_FEATURES",
    "VERTEX_FEATURES",
    "VERTICES",
]

INF = float("inf")
KINEMATICS = "kinematics of particle and jet"
PERIGEE = "helix at the point closest to the beam line, arXiv:1405.6569"
COVARIANCE = "covariance of (q/p, lambda, phi, d_xy, d_sz), arXiv:1405.6569"
TAGGING = "b-tagging observables, arXiv:1712.07158"
VERTEX = "adaptive vertex fit, arXiv:1712.07158"
SUBSTRUCTURE = "jet substructure, arXiv:1402.2657 and arXiv:1011.2268"
TRUTH = "generator record"

TRACK_FEATURES = (
    Feature("track_ptrel", "1", "transverse momentum of the track over that of the jet", 0, INF, KINEMATICS),
    Feature("track_erel", "1", "energy of the track over that of the jet", 0, INF, KINEMATICS),
    Feature("track_phirel", "rad", "azimuth of the track minus that of the jet", -np.pi, np.pi, KINEMATICS),
    Feature("track_etarel", "1", "pseudorapidity from that of the jet, signed by the latter", -INF, INF, KINEMATICS),
    Feature("track_deltaR", "1", "angular distance to the jet axis", 0, INF, KINEMATICS),
    Feature("track_drminsv", "1", "distance to the nearest vertex, at most 0.8, minus 0.8", -0.8, 0, KINEMATICS),
    Feature("track_drsubjet1", "1", "distance to the leading soft-drop subjet, -1 if missing", -1, INF, SUBSTRUCTURE),
    Feature("track_drsubjet2", "1", "distance to the second soft-drop subjet, -1 if missing", -1, INF, SUBSTRUCTURE),
    Feature("track_dz", "cm", "longitudinal impact parameter", -INF, INF, PERIGEE),
    Feature("track_dzsig", "1", "longitudinal impact parameter over its error", -2000, 2000, PERIGEE),
    Feature("track_dxy", "cm", "transverse impact parameter", -INF, INF, PERIGEE),
    Feature("track_dxysig", "1", "transverse impact parameter over its error", -2000, 2000, PERIGEE),
    Feature("track_normchi2", "1", "chi-square per degree of freedom of the track fit, whole number", -1, 300, PERIGEE),
    Feature("track_quality", "1", "bit mask: 1 loose, 4 high purity", 0, 5, PERIGEE),
    Feature("track_dptdpt", "GeV^-2", "variance of q/p", 0, INF, COVARIANCE),
    Feature("track_detadeta", "rad^2", "variance of the dip angle lambda", 0, INF, COVARIANCE),
    Feature("track_dphidphi", "rad^2", "variance of the azimuth", 0, INF, COVARIANCE),
    Feature("track_dxydxy", "cm^2", "variance of d_xy", 0, INF, COVARIANCE),
    Feature("track_dzdz", "cm^2", "variance of d_sz = d_z cos(lambda)", 0, INF, COVARIANCE),
    Feature("track_dxydz", "cm^2", "covariance of d_xy and d_sz", -INF, INF, COVARIANCE),
    Feature("track_dphidxy", "rad cm", "covariance of the azimuth and d_xy", -INF, INF, COVARIANCE),
    Feature("track_dlambdadz", "rad cm", "covariance of the dip angle and d_sz", -INF, INF, COVARIANCE),
    Feature("trackBTag_EtaRel", "1", "rapidity along the jet axis, with the mass of a pion", -5, 15, TAGGING),
    Feature("trackBTag_PtRatio", "1", "momentum across the jet axis over the momentum", -1, 10, TAGGING),
    Feature("trackBTag_PParRatio", "1", "momentum along the jet axis over the momentum", -10, 100, TAGGING),
    Feature("trackBTag_Sip2dVal", "cm", "transverse impact parameter, signed by the jet axis", -1, 70, TAGGING),
    Feature("trackBTag_Sip2dSig", "1", "its significance", -1, 4e4, TAGGING),
    Feature("trackBTag_Sip3dVal", "cm", "impact parameter in space, signed by the jet axis", -1, 1e5, TAGGING),
    Feature("trackBTag_Sip3dSig", "1", "its significance", -1, 4e4, TAGGING),
    Feature("trackBTag_JetDistVal", "cm", "minus the distance between track and jet axis", -20, 1, TAGGING),
)

VERTEX_FEATURES = (
    Feature("sv_ptrel", "1", "transverse momentum of the vertex over that of the jet", 0, INF, KINEMATICS),
    Feature("sv_erel", "1", "energy of the vertex over that of the jet", 0, INF, KINEMATICS),
    Feature("sv_phirel", "rad", "azimuth of the vertex momentum minus that of the jet", -np.pi, np.pi, KINEMATICS),
    Feature("sv_etarel", "1", "pseudorapidity from that of the jet, signed by the latter", -INF, INF, KINEMATICS),
    Feature("sv_deltaR", "1", "angular distance to the jet axis minus 0.5", -2, 0, KINEMATICS),
    Feature("sv_pt", "GeV", "transverse momentum of the sum of its tracks", 0, INF, VERTEX),
    Feature("sv_mass", "GeV", "mass of the sum of its tracks, taken as pions unless they are leptons", 0, INF, VERTEX),
    Feature("sv_ntracks", "1", "number of tracks", 0, INF, VERTEX),
    Feature("sv_normchi2", "1", "chi-square per degree of freedom of the vertex fit", -1000, 1000, VERTEX),
    Feature("sv_dxy", "cm", "transverse flight distance", 0, INF, VERTEX),
    Feature("sv_dxysig", "1", "transverse flight distance over its error", -1, 800, VERTEX),
    Feature("sv_d3d", "cm", "flight distance in space", 0, INF, VERTEX),
    Feature("sv_d3dsig", "1", "flight distance in space over its error", -1, 800, VERTEX),
    Feature("sv_costhetasvpv", "1", "cosine of the angle between flight direction and momentum", -1, 1, VERTEX),
)

SPECTATORS = (
    Feature("fj_pt", "GeV", "transverse momentum of the jet, uncorrected", 0, INF, KINEMATICS),
    Feature("fj_eta", "1", "pseudorapidity of the jet", -INF, INF, KINEMATICS),
    Feature("fj_phi", "rad", "azimuth of the jet", -np.pi, np.pi, KINEMATICS),
    Feature("fj_mass", "GeV", "mass of the jet", 0, INF, KINEMATICS),
    Feature("fj_sdmass", "GeV", "soft-drop mass of the jet", 0, INF, SUBSTRUCTURE),
    Feature("fj_n_sdsubjets", "1", "number of soft-drop subjets", 0, 2, SUBSTRUCTURE),
    Feature("fj_sdsj1_pt", "GeV", "transverse momentum of the leading soft-drop subjet", 0, INF, SUBSTRUCTURE),
    Feature("fj_sdsj1_eta", "1", "pseudorapidity of the leading soft-drop subjet", -INF, INF, SUBSTRUCTURE),
    Feature("fj_sdsj1_phi", "rad", "azimuth of the leading soft-drop subjet", -np.pi, np.pi, SUBSTRUCTURE),
    Feature("fj_sdsj2_pt", "GeV", "transverse momentum of the second subjet, 0 if missing", 0, INF, SUBSTRUCTURE),
    Feature("fj_sdsj2_eta", "1", "pseudorapidity of the second subjet, 0 if missing", -INF, INF, SUBSTRUCTURE),
    Feature("fj_sdsj2_phi", "rad", "azimuth of the second subjet, 0 if missing", -np.pi, np.pi, SUBSTRUCTURE),
    Feature("fj_tau1", "1", "1-subjettiness", 0, INF, SUBSTRUCTURE),
    Feature("fj_tau2", "1", "2-subjettiness", 0, INF, SUBSTRUCTURE),
    Feature("fj_tau3", "1", "3-subjettiness", 0, INF, SUBSTRUCTURE),
    Feature("fj_tau21", "1", "2-subjettiness over 1-subjettiness, 1.01 where that is 0", 0, INF, SUBSTRUCTURE),
    Feature("fj_tau32", "1", "3-subjettiness over 2-subjettiness, 1.01 where that is 0", 0, INF, SUBSTRUCTURE),
    Feature("npv", "1", "number of primary vertices, 1 without pile-up", 0, INF, TRUTH),
    Feature("npfcands", "1", "number of particle-flow candidates above 0.95 GeV in the jet", 0, INF, KINEMATICS),
    Feature("ntracks", "1", "number of tracks above 0.95 GeV in the jet", 0, INF, KINEMATICS),
    Feature("nsv", "1", "number of secondary vertices in the jet", 0, INF, VERTEX),
    Feature("fj_nbHadrons", "1", "number of weakly decaying b hadrons within 0.8", 0, INF, TRUTH),
    Feature("fj_ncHadrons", "1", "number of weakly decaying c hadrons within 0.8, from b or not", 0, INF, TRUTH),
    Feature("fj_weight", "1", "generator weight, relative within a process", 0, INF, TRUTH),
)

CLASSES = ("QCD", "Hbb")
TRACKS = Input("tracks", slots=60, features=TRACK_FEATURES)
VERTICES = Input("vertices", slots=5, features=VERTEX_FEATURES)
SCHEMA = Schema("jets", inputs=(TRACKS, VERTICES), classes=CLASSES, signal=1, spectators=SPECTATORS)
