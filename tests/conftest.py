"""What all tests share: a quiet profile for hypothesis, whose examples are the same every time."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "repunet",
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repunet")

os.environ.pop("COLUMNS", None)  # set by xdist; pages are as wide as without it

collect_ignore_glob = ["data/*"]
