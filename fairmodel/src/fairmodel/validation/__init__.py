"""Validation of a data set: every column in every class, and what the project checks against published figures."""
