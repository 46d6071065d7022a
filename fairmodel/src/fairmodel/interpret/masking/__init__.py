"""What the network answers when a feature or an object is hidden from it."""
