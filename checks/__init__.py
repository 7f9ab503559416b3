"""What the project holds itself to, beyond what its linters know."""
