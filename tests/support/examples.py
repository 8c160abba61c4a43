"""The number of examples of each property test: a share of the profile's, or a fixed one."""

from typing import Any

from hypothesis import HealthCheck, settings


def examples(number: int, **more: Any) -> settings:
    """Return settings for `number` examples, which are the same in every run."""
    return settings(
        max_examples=number,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        **more,
    )


def share(part: float, **more: Any) -> settings:
    """Return settings for a share of the profile's number of examples."""
    profile = settings.default
    assert profile is not None
    return settings(max_examples=int(profile.max_examples * part), **more)
