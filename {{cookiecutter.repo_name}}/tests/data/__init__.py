"""Tests of the simulation and of the data step."""
