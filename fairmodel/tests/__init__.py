"""Tests of the engine, on random rows of two projects of their own."""
