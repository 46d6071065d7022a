"""Tests of the template; the core's own tests are part of every project's package."""
