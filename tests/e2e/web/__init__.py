"""The interface in a real Chromium, used as people use it."""
