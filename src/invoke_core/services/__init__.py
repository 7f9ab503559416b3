"""Use cases: one class a subject; each public method is one thing that a person or a worker does."""
