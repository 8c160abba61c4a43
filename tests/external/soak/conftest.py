"""The seed of a run."""

from tests.external.seed import header


def pytest_report_header() -> str:
    return header("soak")
