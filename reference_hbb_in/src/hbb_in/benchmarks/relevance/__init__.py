"""How fast relevance is propagated, beside the paper's equations as written."""
