"""Broken policies that nobody can notice from outside, each with the reason."""

SURVIVORS: dict[str, str] = {}
