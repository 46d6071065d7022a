"""How active the nodes of a network are."""
