"""Reproducibility studies: many trainings, one table each, beside the numbers of a publication where there are any."""
