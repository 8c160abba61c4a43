"""A pytest plugin that runs the tests in a random order: ``-p tests.support.random_order --random-order SEED``."""

import random

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--random-order", metavar="SEED", required=True, help="a text, which is the order's seed")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Shuffle the tests, alike in each process of pytest-xdist."""
    random.Random(str(config.getoption("--random-order"))).shuffle(items)


def pytest_report_header(config: pytest.Config) -> str:
    return f"random order: {config.getoption('--random-order')}"
