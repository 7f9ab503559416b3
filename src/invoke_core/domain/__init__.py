"""Ground floor: entities and rules; plain values and pure functions, no I/O, clock or randomness."""
