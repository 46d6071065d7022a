"""Tests of this project, and of what the engine expects of it."""
