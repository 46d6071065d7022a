"""Looking at data sets: what is in a file, how the splits compare, what one row looks like."""
