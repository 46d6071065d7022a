"""Files from elsewhere: listed in `data/files.toml`, fetched, verified."""
