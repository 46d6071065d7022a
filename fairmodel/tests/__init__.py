"""Tests of the core, on random rows: they know nothing of what the project's data mean."""
