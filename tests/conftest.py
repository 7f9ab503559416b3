"""What all tests share."""

import os

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("invoke_core.testing")

# Seconds are for benchmarks: a busy machine is no failure. In CI the same examples every time: a newly found
# one is a matter for whoever changes the code next.
PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("desk", **PATIENT)
settings.register_profile("ci", derandomize=True, **PATIENT)
settings.load_profile("ci" if os.environ.get("CI") else "desk")
