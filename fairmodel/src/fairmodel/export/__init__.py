"""The model in forms that run without this package."""
