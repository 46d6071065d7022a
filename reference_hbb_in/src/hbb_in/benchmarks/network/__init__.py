"""How fast the interaction network is, beside its equations as written and beside what the processor could do."""
