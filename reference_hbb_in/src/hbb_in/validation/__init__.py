"""Physics sections of the page on the data: the jets beside the expectation from theory or from CMS."""
