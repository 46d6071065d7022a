"""How fast network, data and relevance are, beside plain implementations of the same."""
