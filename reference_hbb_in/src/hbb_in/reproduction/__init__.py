"""The numbers of the publications, and the networks of this project beside them."""
