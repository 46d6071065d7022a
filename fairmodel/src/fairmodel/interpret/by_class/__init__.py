"""Relevance of features and of objects, on average over the rows of a class."""
