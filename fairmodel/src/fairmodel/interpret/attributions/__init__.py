"""Other ways than LRP to say what each number of the inputs adds to a network's answer, behind one interface."""
