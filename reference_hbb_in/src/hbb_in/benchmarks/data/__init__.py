"""Speed of the conversion of CMS ntuples, beside the plain way and the bare reading of the files."""
