"""The control plane through nginx: host names, addresses and large bodies."""

import http.client as plain
import json

import httpx
import pytest

from tests.external.deploy.mocks import SERVER, Site
from tests.external.deploy.requests import CHAT, CHATS, KEY, chat, ledger

MEBIBYTE = 1024 * 1024


def test_the_origin_check_sees_the_clients_host_name(http: httpx.Client) -> None:
    assert http.get("/__mock/health").json()["status"] == "ok"
    assert http.get("/__mock/health", headers={"host": "localhost:2538"}).status_code == 200
    refused = http.get("/__mock/clock", headers={"host": "evil.example"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden_host")
    foreign = http.post("/__mock/reset", headers={"origin": "https://evil.example"})
    assert (foreign.status_code, foreign.json()["error"]["code"]) == (403, "forbidden_origin")


def test_a_page_of_the_sites_own_may_change_things(http: httpx.Client, pair: Site) -> None:
    assert http.post("/__mock/reset", headers={"origin": pair.balancer.url}).status_code == 200


def test_checkout_urls_have_the_clients_address(http: httpx.Client, pair: Site, sandbox: str) -> None:
    token = http.post("/__mock/tokens", json={"uid": "demo"}).json()["idToken"]
    headers = {"authorization": f"Bearer {token}"}
    checkout = http.post("/api/developer/topup", headers=headers, json={"amount": 25}).json()["data"]["checkoutUrl"]
    assert checkout.startswith(f"{pair.balancer.url}/sandbox/{sandbox}/")
    assert httpx.get(checkout).status_code == 200
    http.post(f"/__mock/checkouts/{checkout.rpartition('/')[2]}/pay").raise_for_status()
    assert ledger(http)["balance"] == 125


def test_a_sandbox_is_removed_from_the_server_that_has_it(http: httpx.Client, pair: Site, sandbox: str) -> None:
    chat(http)
    assert pair.holder(sandbox).sandboxes() >= {sandbox}
    assert http.delete("").json() == {"removed": sandbox}
    assert all(sandbox not in mock.sandboxes() for mock in pair.mocks)


def test_the_list_of_sandboxes_is_of_one_server(http: httpx.Client, pair: Site) -> None:
    listed = {sandbox["name"] for sandbox in http.get("/__mock/sandboxes").json()["sandboxes"]} - {"default"}
    server = http.get("/__mock/health").json()["server"]
    assert listed == next(mock for mock in pair.mocks if server.startswith(f"{mock.name}-")).sandboxes()


def test_a_large_snapshot_is_restored(http: httpx.Client) -> None:
    """Larger than nginx's memory buffers, and than the API's limit."""
    chat(http)
    state = http.get("/__mock/state").content
    http.post("/__mock/reset").raise_for_status()
    put = http.put("/__mock/state", content=state + b" " * (6 * MEBIBYTE))
    assert put.status_code == 200
    assert ledger(http)["charges"] == 0.02


@pytest.mark.parametrize("size", [5 * MEBIBYTE, 70 * MEBIBYTE], ids=["read", "cut off"])
@pytest.mark.parametrize("expect", [{}, {"expect": "100-continue"}], ids=["at once", "when asked for"])
def test_a_body_over_the_limit_is_refused_by_the_mock(
    size: int, expect: dict[str, str], pair: Site, sandbox: str
) -> None:
    """An error in JSON, even for a body that the mock does not read to its end."""
    connection = plain.HTTPConnection("127.0.0.1", pair.balancer.port, timeout=60)
    connection.request("POST", f"/sandbox/{sandbox}{CHATS}", b" " * size, KEY | expect)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    assert (answer.status, body["error"]["code"]) == (413, "payload_too_large")
    assert (answer.getheader(SERVER) or "").startswith("mock-")


def test_percent_encoded_names_are_equivalent(pair: Site, sandbox: str) -> None:
    """A path is decoded by nginx and by the mock alike."""
    codes = "".join(f"%{ord(letter):02x}" for letter in sandbox)
    with pair.client(sandbox) as one, pair.client(codes) as other:
        assert [chat(client).headers[SERVER] for client in (one, other)] == [chat(one).headers[SERVER]] * 2
        assert ledger(one)["charges"] == 0.06


def test_headers_arrive_as_they_were_sent(http: httpx.Client) -> None:
    """Including those that nginx drops by default."""
    scenario = {
        "name": "by header",
        "rules": [
            {
                "name": "seen",
                "when": {"endpoint": "*", "header": {"x_team": "blue"}},
                "then": {"reply": {"content": "Seen."}},
            }
        ],
    }
    http.put("/__mock/scenario", json=scenario).raise_for_status()
    answer = http.post(CHATS, headers=KEY | {"x_team": "blue"}, json=CHAT)
    assert answer.headers["x-clevora-mock-rule"] == "seen"


def test_the_mock_learns_the_clients_address_and_answers_this_machine_alone(http: httpx.Client) -> None:
    """As for a client of another machine, or of another proxy, whose address nginx adds to."""
    assert http.get("/__mock/clock").status_code == 200
    elsewhere = http.get("/__mock/clock", headers={"x-forwarded-for": "192.0.2.7"})
    assert (elsewhere.status_code, elsewhere.json()["error"]["code"]) == (403, "forbidden_address")
    assert http.post(CHATS, headers=KEY | {"x-forwarded-for": "192.0.2.7"}, json=CHAT).status_code == 200
