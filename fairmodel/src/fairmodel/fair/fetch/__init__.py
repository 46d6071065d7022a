"""Models by their identifier: fetched, verified, tried out."""
