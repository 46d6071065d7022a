"""The options of the commands; what they do is in modules that are imported when they run."""
