"""Tests of the physics sections."""
