"""A FAIR AI model."""
