"""fair.toml and the records of runs."""
