"""Tables and figures, the same everywhere."""
