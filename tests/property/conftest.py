"""Hypothesis profiles: a short derandomised one by default, `HYPOTHESIS_PROFILE=thorough` for a long one."""

import os

from hypothesis import HealthCheck, settings

_SHARED = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    "database": None,
    "print_blob": True,
}
settings.register_profile("short", max_examples=500, derandomize=True, **_SHARED)
settings.register_profile("thorough", max_examples=5_000, **_SHARED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))
