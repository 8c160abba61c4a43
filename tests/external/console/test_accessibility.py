"""Every view by axe-core, in both themes and widths: nothing serious."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.external.console.conftest import Open, go, opened
from tests.external.console.scene import CHECKOUTS, VIEWS, fill_scene, open_view
from tests.support.world import World

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
EMPTY = ("traffic", "money", "usage", "conduct")
GRAVE = {"serious", "critical"}


def at(page: Page, view: str) -> Page:
    open_view(page, view)
    return page


def violations(page: Page) -> list[str]:
    assert AXE.exists(), "axe-core is not installed; `make test-console` installs it"
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    return [
        f"{one['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:200]}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("width", [380, 1440])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_any_view(open_page: Open, world: World, theme: str, width: int) -> None:
    page = opened(open_page, world, viewport={"width": width, "height": 900}, color_scheme=theme)
    found = {f"empty {view}": wrong for view in EMPTY if (wrong := violations(at(page, view)))}
    checkouts = fill_scene(world)
    for view in VIEWS:
        open_view(page, view)
        if wrong := violations(page):
            found[view] = wrong
    for state in CHECKOUTS:
        page.goto(f"{world.url}/checkout/{checkouts[state]}")
        if wrong := violations(page):
            found[f"checkout {state}"] = wrong
    assert found == {}


def test_every_view_can_be_reached_and_left_by_the_keyboard(open_page: Open, world: World) -> None:
    page = opened(open_page, world)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    names = []
    for _ in range(12):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.textContent.trim()"))
    assert {"Traffic", "Money", "Usage", "Levers", "Conduct", "Fidelity"} <= set(names)
    go(page, "levers")
    page.get_by_label("Scenario", exact=True).focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") != "TEXTAREA"
