"""The CMS open-data ntuples: fetched, read, converted, and written from simulated jets."""
