"""Draws, trains and checks the bundled model; `python -m training` makes it from nothing."""
