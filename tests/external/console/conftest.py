"""Chromium with a page of the console. `make test-console` installs what it needs; nothing is skipped without it.

Whatever a test does, its pages report no violation of their policy, fail at nothing, and ask no other server.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support.world import World

Open = Callable[..., Page]
WAIT_MILLISECONDS = 15_000
# A page that is to be refused, and a connection that a test has cut, are reported as well.
EXPECTED = ("Failed to load resource",)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Provide Debian's Chromium; root cannot have its sandbox."""
    program = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None)
    assert program, "Chromium is not installed; `make test-console` installs it"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, chromium_sandbox=os.getuid() != 0)
        yield chromium
        chromium.close()


@pytest.fixture
def problems() -> Iterator[list[str]]:
    """Provide the list of what pages report, which is empty at the end of each test."""
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def open_page(browser: Browser, problems: list[str]) -> Iterator[Open]:
    """Provide a function that opens a URL in a context of its own, or in that of another page."""
    contexts: list[BrowserContext] = []

    def watch(page: Page, origin: str) -> None:
        page.set_default_timeout(WAIT_MILLISECONDS)
        page.on("pageerror", lambda error: problems.append(f"error: {error}"))
        page.on("console", lambda message: note(message.type, message.text))
        page.on("request", lambda request: leave(request.url, origin))

    def note(kind: str, text: str) -> None:
        if kind in {"error", "warning"} and not text.startswith(EXPECTED):
            problems.append(f"{kind}: {text}")

    def leave(url: str, origin: str) -> None:
        if not url.startswith((f"{origin}/", "data:", f"blob:{origin}/")):
            problems.append(f"asked another server: {url}")

    def open_url(url: str, beside: Page | None = None, **options: Any) -> Page:
        if beside is None:
            contexts.append(browser.new_context(permissions=["clipboard-read", "clipboard-write"], **options))
        context = contexts[-1] if beside is None else beside.context
        page = context.new_page()
        watch(page, "/".join(url.split("/")[:3]))
        page.goto(url)
        return page

    yield open_url
    for context in contexts:
        context.close()


@pytest.fixture
def console(open_page: Open, world: World) -> Page:
    """Provide the console of a sandbox whose clock is frozen, connected."""
    return opened(open_page, world)


def opened(open_page: Open, world: World, view: str = "traffic", **options: Any) -> Page:
    """Return a sandbox's console at a view, once it is connected."""
    page = open_page(f"{world.url}/console#/{view}", **{"viewport": {"width": 1440, "height": 900}} | options)
    connected(page)
    return page


def connected(page: Page) -> None:
    page.locator(".connection.live").wait_for()


def go(page: Page, view: str) -> None:
    page.evaluate("view => { location.hash = `#/${view}` }", view)


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))
