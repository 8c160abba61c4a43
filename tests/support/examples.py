"""How many examples the properties look at."""

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
    """Return settings for that part of the examples that the profile asks for."""
    profile = settings.default
    assert profile is not None
    return settings(max_examples=int(profile.max_examples * part), **more)
