"""The FAIR principles as tests of a model, each with evidence and a remedy."""
