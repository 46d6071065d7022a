"""Whether the model is the same wherever it runs, and how fast it is there."""
