"""Pictures of every view in both themes and widths, in build/screenshots; nothing is wider than the window."""

import pytest

from tests.external.console.conftest import Open, opened
from tests.external.console.scene import CHECKOUTS, VIEWS, fill_scene, open_view
from tests.support.pictures import SCREENSHOTS, digest_of_console, note_console, screenshot
from tests.support.server import serve_settings
from tests.support.world import World


@pytest.mark.parametrize("width", [380, 1440])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_view_is_drawn_within_the_window(open_page: Open, theme: str, width: int) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    digest = digest_of_console()
    # A server of its own, so that the pictures show the sandbox that people have.
    with serve_settings(clock="frozen", latency="180ms") as server:
        world = World(server, "default")
        with world.http:
            picture(open_page, world, theme, width)
    note_console(f"{theme}-{width}", digest)


def picture(open_page: Open, world: World, theme: str, width: int) -> None:
    checkouts = fill_scene(world)
    page = opened(open_page, world, viewport={"width": width, "height": 900}, color_scheme=theme)
    too_wide = []
    for view in VIEWS:
        open_view(page, view)
        page.screenshot(path=screenshot(view, f"{theme}-{width}"))
        if page.evaluate(
            "Math.max(document.body.scrollWidth, document.querySelector('main').scrollWidth) > innerWidth"
        ):
            too_wide.append(view)
    for state in CHECKOUTS:
        page.goto(f"{world.url}/checkout/{checkouts[state]}")
        page.screenshot(path=screenshot(f"checkout-{state}", f"{theme}-{width}"))
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            too_wide.append(state)
    assert too_wide == []
