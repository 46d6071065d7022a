"""Tests of the simulation, the converter and the files of both."""
