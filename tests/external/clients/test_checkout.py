"""A real browser pays a checkout on its own page, and not from a page of another origin (B7, W8)."""

import json
import subprocess

import pytest

from tests.external.clients.matrix import EXTERNAL
from tests.external.clients.programs import chromium, node_packages, program
from tests.external.clients.worker import TIMEOUT_SECONDS
from tests.support.world import World

pytestmark = [pytest.mark.browser, pytest.mark.clause("B7", "W8")]


def test_only_the_checkouts_own_page_pays_it(world: World) -> None:
    node_packages()
    url = f"{world.url}/checkout/{world.open_checkout()}"
    command = [program("node"), "checkout.mjs", chromium(), url]
    ended = subprocess.run(command, cwd=EXTERNAL, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=True)
    assert json.loads(ended.stdout) == {
        "framed": 0,
        "statuses": [403, 303],
        "cursor": "pointer",
        "state": "Paid and credited.",
        "errors": [],
    }
