"""Where the jets come from: the feature table, the fast simulation, and the matched data set."""
