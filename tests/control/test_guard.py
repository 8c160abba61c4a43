"""A web page on another origin can neither change nor read anything here; the test plays the browser."""

import re

import pytest
from clevora_mock.control.webhook_sender import WebhookSender
from clevora_mock.mock import Opening
from clevora_mock.core.scenario import DEFAULT

from clevora_mock.app import create_app
from clevora_mock.control.routes import Parts, control_table
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.sandboxes import Sandboxes
from clevora_mock.resources import scenarios
from clevora_mock.scenarios.store import ScenarioStore
from clevora_mock.settings import Settings
from tests.conftest import World
from tests.control.support import connect, control, kept
from tests.server import running


def _table() -> list[tuple[str, str]]:
    opening = Opening(DEFAULT)

    def make(name: str) -> Sandbox:
        return Sandbox(name, Settings().sandbox_config(), Settings().make_clock(), opening)

    parts = Parts(Sandboxes(make, lambda name: None), ScenarioStore(scenarios()), Delivery(create_app()), opening)
    return [(row.method, re.sub(r"\{[^}]+\}", "x", row.path)) for row in control_table(parts)]


TABLE = _table()
CHANGES = [(method, path) for method, path in TABLE if method != "GET"]
every_route = pytest.mark.parametrize(("method", "path"), TABLE)
every_change = pytest.mark.parametrize(("method", "path"), CHANGES)


def test_the_table_is_the_control_plane() -> None:
    """The rows above come from it, whatever is added."""
    assert len(TABLE) >= 30
    assert ("PUT", "/__mock/state") in CHANGES


@every_route
@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:2538", "10.0.0.1", "[::2]:80", "a@localhost"])
def test_no_route_answers_under_a_rebound_name(world: World, method: str, path: str, host: str) -> None:
    """Somebody else's DNS may point a name here; the page that it belongs to learns nothing and changes nothing."""
    before = kept(world)
    answer = world.http.request(method, path, headers={"host": host})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden_host")
    assert "access-control-allow-origin" not in answer.headers
    assert kept(world) == before


FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://localhost:1"},
    {"origin": "http://["},
    {"origin": "http://127.0.0.1.evil.example"},
    {"origin": "file://"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "https://evil.example", "sec-fetch-site": "same-origin"},
]


@every_change
@pytest.mark.parametrize("said", FOREIGN, ids=str)
def test_no_page_of_another_origin_changes_anything(world: World, method: str, path: str, said: dict[str, str]) -> None:
    """Even by what a form may send without asking first."""
    before = kept(world)
    answer = world.http.request(method, path, headers=said | {"content-type": "text/plain"}, content=b"{}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden_origin")
    assert kept(world) == before


@every_change
@pytest.mark.parametrize("said", [{}, {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}], ids=str)
def test_programs_and_the_mocks_own_pages_get_through(
    world: World, method: str, path: str, said: dict[str, str]
) -> None:
    """Whatever the answer is, it is not the guard's."""
    own = said and {"origin": world.server.url}
    assert world.http.request(method, path, headers=said | own).status_code != 403


@every_route
def test_a_preflight_is_told_nothing(world: World, method: str, path: str) -> None:
    """So the browser does not send what it asks about; nor may a page read what comes back."""
    asked = {"origin": "https://evil.example", "access-control-request-method": method}
    answer = world.http.options(path, headers=asked | {"access-control-request-private-network": "true"})
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("path", [path for method, path in TABLE if method == "GET" and path != "/__mock/events"])
def test_a_page_of_another_origin_may_ask_but_not_read(world: World, path: str) -> None:
    """GET changes nothing, and its answer has no CORS header; the browser keeps it from the page."""
    answer = world.http.get(path, headers={"origin": "https://evil.example", "sec-fetch-site": "cross-site"})
    assert answer.status_code < 500
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_an_allowed_name_may_change_things() -> None:
    """From its own origin, under its own name, and no other."""
    with running(Settings(allowed_host="mock.test", quiet=True)) as server, connect(server.url) as http:
        statuses = [
            http.post("/__mock/reset", headers={"host": host, "origin": origin}).status_code
            for host, origin in (
                ("mock.test:80", "http://mock.test:80"),
                ("mock.test", "https://mock.test"),
                ("mock.test", "https://other.test"),
                ("other.test", "https://other.test"),
            )
        ]
    assert statuses == [200, 200, 403, 403]


def test_a_look_changes_nothing(world: World) -> None:
    """Whoever reads the journal does not shift the ids of the requests in it."""
    ids = [world.http.get("/docs/llms").headers["x-request-id"] for _ in range(2)]
    control(world, "POST reset")
    again = []
    for _ in range(2):
        control(world, "GET requests")
        again.append(world.http.get("/docs/llms").headers["x-request-id"])
        control(world, "GET health")
    assert again == ids
