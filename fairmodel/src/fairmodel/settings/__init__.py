"""The tables of a profile, validated."""
