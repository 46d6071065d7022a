"""Tests of the interaction network."""
