"""Physics sections of the page on the data: each compares the jets with what theory or CMS lets one expect."""
