"""The findings of arXiv:2212.05081 on the network, repeated with the network of a profile."""
