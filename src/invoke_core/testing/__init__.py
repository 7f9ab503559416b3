"""Contract suites, builders and broken-on-purpose adapters, for everyone who writes an adapter.

The only part of the core that may import pytest and hypothesis.
"""
