"""How far the attributions are to be trusted: each is put to the tests that a right one has to pass."""
