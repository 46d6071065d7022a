"""What the tables of a profile may say."""
