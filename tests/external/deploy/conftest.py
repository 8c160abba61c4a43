"""Two servers behind nginx, shared by all tests that do not stop one."""

from collections.abc import Iterator
from itertools import count

import httpx
import pytest

from tests.external.deploy.mocks import Site, site

_numbers = count()


@pytest.fixture(scope="session")
def pair() -> Iterator[Site]:
    # So slow that a paced stream lasts longer than any test.
    with site(2, "--tokens-per-second", "0.2") as both:
        yield both


@pytest.fixture
def sandbox() -> str:
    """Provide a name that no other test uses."""
    return f"d{next(_numbers)}"


@pytest.fixture
def http(pair: Site, sandbox: str) -> Iterator[httpx.Client]:
    """Provide a client of that sandbox."""
    with pair.client(sandbox) as client:
        yield client
