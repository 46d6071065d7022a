"""Findable, accessible, interoperable, reusable: metadata from one source, and the record of every run."""
