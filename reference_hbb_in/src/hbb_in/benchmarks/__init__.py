"""Speed of network, data and relevance, beside plain implementations of the same."""
