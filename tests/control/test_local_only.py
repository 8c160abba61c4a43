"""The control plane is for this machine: pages of other origins can neither read nor change anything (W8).

The tests act as the browser that has such a page open.
"""

import re

import httpx
import pytest
from starlette.testclient import TestClient

from clevora_mock.app import create_app
from clevora_mock.settings import Settings
from tests.support.control import connect, control, snapshot_of
from tests.support.product_tables import control_rows
from tests.support.server import serve_settings
from tests.support.world import World

ROUTES = [(row.method, re.sub(r"\{[^}]+\}", "x", row.path)) for row in control_rows()]
CHANGES = [(method, path) for method, path in ROUTES if method != "GET"]
# Readiness is no secret, and probes use any name.
HEALTH = ("GET", "/__mock/health")
# Every path of the control plane whose response ends, and an unknown one.
PAGES = [path for method, path in ROUTES if method == "GET" and path != "/__mock/events"] + ["/__mock/nothing"]
OPEN_PAGES = [
    "/",
    "/openapi.json",
    "/__mock/health",
    "/__mock/fidelity",
    "/__mock/ledger?uid=demo",
    "/__mock/firestore/clevora_developer_usage/demo",
]
FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:2538",
    "localhost.evil.example:2538",
    "127.0.0.1.nip.example",
    "10.0.0.1.evil.example",
    "2130706433",
    "0x7f.1",
    "[evil.example]",
    "evil.example.",
    "clevora-mock",
    "localhost:abc",
    "localhost:99999",
    "localhost:0",
    "127.0.0.1:-1",
    "a b",
    "@localhost",
    "a@localhost",
    "localhost@evil.example",
    "localhost/evil.example",
    "localhost?evil.example",
]
FOREIGN_ORIGINS = [
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


def code(answer: httpx.Response) -> tuple[int, str, str]:
    """Return status, type and code of an error in the contract's format."""
    assert answer.json().keys() == {"error"}
    error = answer.json()["error"]
    assert error.keys() == {"message", "type", "code"}
    return answer.status_code, error["type"], error["code"]


def cors(answer: httpx.Response) -> list[str]:
    return [name for name in answer.headers if name.startswith("access-control-")]


def test_the_tables_have_every_control_route() -> None:
    assert len(ROUTES) >= 30
    assert ("PUT", "/__mock/state") in CHANGES
    assert {"/checkout/x", "/__mock/health"} <= set(PAGES)


@pytest.mark.clause("W8")
@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_no_route_answers_under_a_foreign_name(world: World, host: str) -> None:
    """A DNS name of an attacker may point to this machine (DNS rebinding)."""
    before = snapshot_of(world)
    answers = {
        (method, path): world.http.request(method, path, headers={"host": host})
        for method, path in [*ROUTES, *(("GET", path) for path in OPEN_PAGES)]
        if (method, path) != HEALTH
    }
    refused = (403, "permission_error", "forbidden_host")
    assert {route: code(answer) for route, answer in answers.items()} == dict.fromkeys(answers, refused)
    assert {route: cors(answer) for route, answer in answers.items() if cors(answer)} == {}
    assert snapshot_of(world) == before


@pytest.mark.clause("W8")
@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:2538",
        "127.0.0.1:9",
        "[::1]:80",
        "LOCALHOST",
        "localhost.:2538",
        "mock.localhost:1",
        "10.0.0.1",
        "192.168.1.5:2538",
        "[fe80::1]:80",
    ],
)
def test_the_pages_answer_under_loopbacks_names_and_ip_addresses(world: World, host: str) -> None:
    statuses = {path: world.http.get(path, headers={"host": host}).status_code for path in OPEN_PAGES}
    assert statuses == dict.fromkeys(OPEN_PAGES, 200)


@pytest.mark.parametrize("host", ["clevora-mock:2538", "evil.example", "a b", ""])
def test_the_health_route_answers_under_every_name(world: World, host: str) -> None:
    answer = world.http.get("/__mock/health", headers={"host": host, "origin": "https://evil.example"})
    assert (answer.status_code, answer.json()["status"], cors(answer)) == (200, "ok", [])


@pytest.mark.clause("W8")
def test_the_name_listened_on_is_allowed() -> None:
    application = create_app(Settings(host="Mock.test"))
    with TestClient(application, base_url="http://mock.test:2538") as http:
        statuses = {
            host: http.get("/__mock/clock", headers={"host": host}).status_code
            for host in ("mock.test:2538", "MOCK.TEST", "other.test")
        }
    assert statuses == {"mock.test:2538": 200, "MOCK.TEST": 200, "other.test": 403}


@pytest.mark.clause("W8")
@pytest.mark.parametrize("host", ["evil.example", "clevora-mock:2538", "10.0.0.1"])
def test_the_emulated_api_answers_under_any_name(world: World, host: str) -> None:
    assert world.http.get("/api/developer/account", headers=world.signed_in() | {"host": host}).status_code == 200
    assert world.http.get("/docs/llms", headers={"host": host}).status_code == 200


@pytest.mark.clause("W8")
@pytest.mark.parametrize("said", FOREIGN_ORIGINS, ids=str)
def test_a_page_of_another_origin_changes_nothing(world: World, said: dict[str, str]) -> None:
    before = snapshot_of(world)
    headers = said | {"content-type": "text/plain"}
    codes = {
        (method, path): code(world.http.request(method, path, headers=headers, content=b"{}"))
        for method, path in CHANGES
    }
    assert codes == dict.fromkeys(CHANGES, (403, "permission_error", "forbidden_origin"))
    assert snapshot_of(world) == before


@pytest.mark.parametrize("said", [{}, {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}], ids=str)
def test_programs_and_the_mocks_own_pages_have_access(world: World, said: dict[str, str]) -> None:
    headers = said | (said and {"origin": world.server.url})
    refused = [route for route in CHANGES if world.http.request(*route, headers=headers).status_code == 403]
    assert refused == []


@pytest.mark.clause("W8")
def test_a_preflight_gets_no_cors_headers(world: World) -> None:
    wrong = []
    for method, path in [*ROUTES, ("POST", "/__mock/nothing")]:
        asked = {"origin": "https://evil.example", "access-control-request-method": method}
        answer = world.http.options(path, headers=asked | {"access-control-request-private-network": "true"})
        if (answer.status_code, cors(answer)) != (404 if path == "/__mock/nothing" else 405, []):
            wrong.append((method, path, answer.status_code, cors(answer)))
    assert wrong == []


@pytest.mark.clause("W8")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_of_another_origin_cannot_read(world: World, method: str) -> None:
    headers = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    answers = {path: world.http.request(method, path, headers=headers) for path in PAGES}
    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code >= 500} == {}
    assert {path: cors(answer) for path, answer in answers.items() if cors(answer)} == {}


@pytest.mark.clause("W8", "B7")
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://localhost:1", "null", "https://127.0.0.1.evil.example"]
)
def test_a_page_of_another_origin_cannot_finish_a_checkout(world: World, origin: str) -> None:
    session = world.open_checkout()
    for verb in ("pay", "fail"):
        refused = world.http.post(f"/__mock/checkouts/{session}/{verb}", headers={"origin": origin})
        assert code(refused) == (403, "permission_error", "forbidden_origin")
    assert world.run_in_server(lambda sandbox: sandbox.checkouts.by_id[session].status) == "open"


@pytest.mark.clause("W8", "B7")
def test_the_checkout_page_itself_can_finish_a_checkout(world: World) -> None:
    session = world.open_checkout()
    done = world.http.post(f"/__mock/checkouts/{session}/pay", headers={"origin": world.server.url})
    assert done.json()["status"] == "succeeded"


@pytest.mark.clause("W8")
def test_an_allowed_host_name_has_full_access() -> None:
    with serve_settings(Settings(allowed_host="mock.test", quiet=True)) as server, connect(server.url) as http:
        read = [
            http.get("/__mock/clock", headers={"host": host}).status_code
            for host in ("mock.test", "mock.test:80", "MOCK.TEST", "other.test", "a.mock.test")
        ]
        changed = [
            http.post("/__mock/reset", headers={"host": host, "origin": origin}).status_code
            for host, origin in (
                ("mock.test:80", "http://mock.test:80"),
                ("mock.test", "https://mock.test"),
                ("mock.test", "https://other.test"),
                ("other.test", "https://other.test"),
            )
        ]
    assert read == [200, 200, 200, 403, 403]
    assert changed == [200, 200, 403, 403]


def test_reading_the_journal_changes_no_request_ids(world: World) -> None:
    ids = [world.http.get("/docs/llms").headers["x-request-id"] for _ in range(2)]
    control(world, "POST reset")
    again = []
    for _ in range(2):
        control(world, "GET requests")
        again.append(world.http.get("/docs/llms").headers["x-request-id"])
        control(world, "GET health")
    assert again == ids
