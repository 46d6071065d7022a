"""Predictions of the exported model, by any of several runtimes."""
