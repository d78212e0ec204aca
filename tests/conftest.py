"""What all tests share: a quiet profile for hypothesis, whose examples are the same every time."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "repunet",
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repunet")

collect_ignore_glob = ["data/*"]
