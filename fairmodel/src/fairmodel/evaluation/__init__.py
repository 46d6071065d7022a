"""How good the network is on rows that it has not seen: metrics, their uncertainties, and what they depend on."""
