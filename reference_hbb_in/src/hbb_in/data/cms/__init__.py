"""The other source of jets: the CMS open-data ntuples, read from files that lie on this machine."""
