"""What arXiv:2212.05081 found in the network, found again in the network of a profile, and put beside it."""
