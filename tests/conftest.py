"""What all tests share."""

import os

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("invoke_core.testing")

# In CI the same examples every time: a newly found one is a matter for whoever changes the code next.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
