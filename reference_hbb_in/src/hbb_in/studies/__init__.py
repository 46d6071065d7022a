"""Commands that only this project has."""
