"""W8: the mock's own pages are for this machine, whatever a browser is talked into."""

from typing import TYPE_CHECKING

import httpx
import pytest

from clevora_mock.settings import Settings
from tests.server import running

if TYPE_CHECKING:
    from tests.conftest import World

PAGES = [
    "/",
    "/openapi.json",
    "/__mock/health",
    "/__mock/fidelity",
    "/__mock/ledger?uid=demo",
    "/__mock/firestore/clevora_developer_usage/demo",
]


@pytest.mark.clause("W8")
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:2538",
        "localhost.evil.example",
        "127.0.0.1.nip.example",
        "10.0.0.1",
        "[::2]",
        "a b",
        "@localhost",
        "localhost@evil.example",
    ],
)
def test_a_page_answers_under_no_foreign_name(world: "World", page: str, host: str) -> None:
    """A name that somebody else's DNS may point here gets 403, in the contract's shape."""
    answer = world.http.get(page, headers={"host": host})
    assert answer.status_code == 403
    assert answer.json()["error"].keys() == {"message", "type", "code"}
    assert answer.json()["error"]["type"] == "permission_error"


@pytest.mark.clause("W8")
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "host", ["localhost", "localhost:2538", "127.0.0.1:9", "[::1]:80", "LOCALHOST", "mock.localhost:1"]
)
def test_a_page_answers_under_loopbacks_names(world: "World", page: str, host: str) -> None:
    """With or without a port."""
    assert world.http.get(page, headers={"host": host}).status_code == 200


@pytest.mark.clause("W8")
@pytest.mark.parametrize("host", ["evil.example", "clevora-mock:2538", "10.0.0.1"])
def test_the_emulated_api_answers_under_any_name(world: "World", host: str) -> None:
    """Containers reach it by names of their own."""
    assert world.http.get("/api/developer/account", headers=world.signed_in() | {"host": host}).status_code == 200
    assert world.http.get("/docs/llms", headers={"host": host}).status_code == 200


@pytest.mark.clause("W8", "B7")
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://localhost:1", "null", "https://127.0.0.1.evil.example"]
)
@pytest.mark.parametrize("verb", ["pay", "fail"])
def test_a_change_that_another_origin_asks_for_is_refused(world: "World", origin: str, verb: str) -> None:
    """403, and the checkout is as open as before."""
    link = world.http.post("/api/developer/topup", headers=world.signed_in(), json={"amount": 50}).json()
    session = link["data"]["checkoutUrl"].rpartition("/")[2]
    refused = world.http.post(f"/__mock/checkouts/{session}/{verb}", headers={"origin": origin})
    assert (refused.status_code, refused.json()["error"]["type"]) == (403, "permission_error")
    assert world.do(lambda sandbox: sandbox.checkouts.by_id[session].status) == "open"


@pytest.mark.clause("W8", "B7")
def test_a_change_from_the_page_itself_is_taken(world: "World") -> None:
    """The same origin may."""
    link = world.http.post("/api/developer/topup", headers=world.signed_in(), json={"amount": 50}).json()
    session = link["data"]["checkoutUrl"].rpartition("/")[2]
    done = world.http.post(f"/__mock/checkouts/{session}/pay", headers={"origin": world.server.url})
    assert done.json()["status"] == "succeeded"


@pytest.mark.clause("W8")
def test_an_allowed_name_opens_the_pages() -> None:
    """The setting adds names, and only those."""
    with running(Settings(allowed_host="mock.test")) as server:
        statuses = [
            httpx.get(f"{server.url}/__mock/health", headers={"host": host}).status_code
            for host in ("mock.test", "mock.test:80", "MOCK.TEST", "other.test", "a.mock.test")
        ]
    assert statuses == [200, 200, 200, 403, 403]
