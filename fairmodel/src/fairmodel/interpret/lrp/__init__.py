"""Layer-wise relevance propagation (LRP): which inputs a network's answer rests on, layer by layer."""
