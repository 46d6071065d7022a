"""Tests of the published numbers and of the smaller networks."""
