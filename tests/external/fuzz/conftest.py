"""The seed of a run, and Hypothesis's settings."""

from hypothesis import HealthCheck, Phase, settings

from tests.external.seed import header

settings.register_profile(
    "fuzz",
    max_examples=400,
    deadline=None,
    database=None,
    print_blob=True,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[*HealthCheck],
)
settings.load_profile("fuzz")


def pytest_report_header() -> str:
    return header("fuzz")
