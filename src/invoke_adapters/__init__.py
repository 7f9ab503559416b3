"""What touches the world: one folder a technology, strangers to one another."""
