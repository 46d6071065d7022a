"""Where the rows come from: a small simulation of two kinds of jets."""
