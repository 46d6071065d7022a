"""The fast simulation: collisions, detector, jets, vertices and their description."""
