"""The interaction network that finds Higgs bosons decaying to bottom quarks in jets."""
