"""The numbers of the publications, and what this network gives beside them."""
