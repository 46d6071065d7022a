"""The jets: feature table, fast simulation, CMS ntuples, and the data set made of them."""
