"""The commands: a table of what there is, and how one runs."""
