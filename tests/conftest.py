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

for name in list(os.environ):
    if name.startswith("LLM_") or name.endswith("_API_KEY"):
        del os.environ[name]  # no setting of the user's decides what is tested, or is paid for

collect_ignore_glob = ["data/*"]
