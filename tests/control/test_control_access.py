"""Access to the control plane, by the peer's address and the setting `control`."""

import asyncio
import re
from typing import Any

import httpx
import pytest

from clevora_mock.app import create_app
from clevora_mock.settings import Settings
from tests.support.control import connect
from tests.support.product_tables import control_rows
from tests.support.server import serve_settings
from tests.support.tokens import jwt, valid_claims

NOW = 1_767_225_600
OTHER_MACHINE = "192.0.2.7"
# Routes that are part of the emulated API, or of no use to anybody who attacks.
OPEN = {("GET", "/checkout/x"), ("POST", "/checkout/x"), ("GET", "/__mock/health")}
ROUTES = [(row.method, re.sub(r"\{[^}]+\}", "x", row.path)) for row in control_rows()]
CLOSED = [route for route in ROUTES if route not in OPEN and route != ("GET", "/__mock/events")]

Route = tuple[str, str]


def codes(
    routes: list[Route], peer: str | None, host: str = "127.0.0.1", *headers: tuple[str, str], **changes: Any
) -> dict[Route, str | None]:
    """Return the error's code of each route, None for another answer, to a peer at this address."""

    async def ask() -> dict[Route, str | None]:
        transport = httpx.ASGITransport(create_app(Settings(**changes)), client=(peer, 40_000))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}", headers=[*headers]) as http:
            found = {}
            for method, path in routes:
                answer = await http.request(method, path, content=b"{}" if method != "GET" else None)
                found[method, path] = answer.json()["error"]["code"] if answer.status_code == 403 else None
            return found

    return asyncio.run(ask())


def test_the_tables_have_every_control_route() -> None:
    assert len(CLOSED) >= 29
    assert set(ROUTES) >= OPEN


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:2538", "mock.test", "10.0.0.5"])
@pytest.mark.parametrize("peer", [OTHER_MACHINE, "10.0.0.1", "172.17.0.1", "2001:db8::1", "::ffff:192.0.2.7"])
def test_by_default_no_other_machine_may_use_any_route(peer: str, host: str) -> None:
    """Whatever its Host says, which is the stranger's own choice."""
    answered = codes(CLOSED, peer, host, allowed_host="mock.test")
    assert answered == dict.fromkeys(CLOSED, "forbidden_address")


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "testclient", None])
def test_by_default_this_machine_may_use_every_route(peer: str | None) -> None:
    assert codes(CLOSED, peer) == dict.fromkeys(CLOSED)


def test_a_connection_to_the_machines_own_address_is_from_this_machine() -> None:
    assert codes(CLOSED, OTHER_MACHINE, OTHER_MACHINE) == dict.fromkeys(CLOSED)


@pytest.mark.parametrize(
    "forwarded", [OTHER_MACHINE, f"127.0.0.1, {OTHER_MACHINE}", f"{OTHER_MACHINE}, 127.0.0.1", "unknown", ""]
)
def test_behind_a_proxy_the_client_that_it_names_counts_as_well(forwarded: str) -> None:
    answered = codes(CLOSED, "127.0.0.1", "127.0.0.1", ("x-forwarded-for", forwarded))
    assert answered == dict.fromkeys(CLOSED, "forbidden_address")


@pytest.mark.parametrize(
    "line",
    [
        ("x-real-ip", OTHER_MACHINE),
        ("forwarded", f"for={OTHER_MACHINE}"),
        ("forwarded", f'proto=http; For="{OTHER_MACHINE}:4711";by=127.0.0.1'),
        ("forwarded", f"for=127.0.0.1, for={OTHER_MACHINE}"),
        ("forwarded", 'for="[2001:db8::1]:4711"'),
        ("forwarded", "for=unknown"),
        ("forwarded", "for=_hidden"),
        ("forwarded", "proto=https"),
        ("forwarded", "for=127.0.0.1, proto=https"),
        ("forwarded", ""),
    ],
)
def test_every_header_in_which_proxies_name_a_client_counts(line: tuple[str, str]) -> None:
    assert codes(CLOSED, "127.0.0.1", "127.0.0.1", line) == dict.fromkeys(CLOSED, "forbidden_address")


@pytest.mark.parametrize(
    "line",
    [
        ("x-real-ip", "127.0.0.1"),
        ("forwarded", 'for=127.0.0.1;proto=http, For="127.0.0.1:4711"'),
        ("forwarded", 'for="[::1]:4711"'),
        ("forwarded", 'for="[::1]"'),
    ],
)
def test_a_client_on_this_machine_passes_in_every_header(line: tuple[str, str]) -> None:
    assert codes(CLOSED, "127.0.0.1", "127.0.0.1", line) == dict.fromkeys(CLOSED)


def test_each_line_of_forwarded_clients_counts() -> None:
    lines = [("x-forwarded-for", OTHER_MACHINE), ("x-forwarded-for", "127.0.0.1")]
    for given in (lines, lines[::-1]):
        assert codes(CLOSED, "127.0.0.1", "127.0.0.1", *given) == dict.fromkeys(CLOSED, "forbidden_address")


@pytest.mark.parametrize("forwarded", ["127.0.0.1", "::1,127.0.0.1", " ::ffff:127.0.0.1 "])
def test_a_proxys_clients_on_this_machine_may_use_every_route(forwarded: str) -> None:
    assert codes(CLOSED, "127.0.0.1", "127.0.0.1", ("x-forwarded-for", forwarded)) == dict.fromkeys(CLOSED)


def test_a_forwarded_client_opens_nothing() -> None:
    answered = codes(CLOSED, OTHER_MACHINE, "127.0.0.1", ("x-forwarded-for", "127.0.0.1"))
    assert answered == dict.fromkeys(CLOSED, "forbidden_address")


@pytest.mark.parametrize("peer", ["127.0.0.1", OTHER_MACHINE, "172.17.0.1"])
def test_allowed_opens_it_to_every_machine_under_an_allowed_name(peer: str) -> None:
    for host in ("localhost:2538", "10.0.0.5", "clevora-mock"):
        answered = codes(CLOSED, peer, host, control="allowed", allowed_host="clevora-mock")
        assert answered == dict.fromkeys(CLOSED)
    assert codes(CLOSED, peer, "evil.example", control="allowed") == dict.fromkeys(CLOSED, "forbidden_host")


@pytest.mark.parametrize("peer", ["127.0.0.1", OTHER_MACHINE, None])
def test_off_closes_it_to_everybody(peer: str | None) -> None:
    assert codes(CLOSED, peer, control="off") == dict.fromkeys(CLOSED, "control_off")


@pytest.mark.parametrize("control", ["loopback", "allowed", "off"])
@pytest.mark.parametrize("peer", ["127.0.0.1", OTHER_MACHINE])
def test_checkouts_and_health_are_open_to_whoever_may_use_the_api(control: str, peer: str) -> None:
    open_routes = sorted(OPEN)
    assert codes(open_routes, peer, control=control) == dict.fromkeys(open_routes)
    foreign = codes(open_routes, peer, "evil.example", control=control)
    assert foreign == {route: None if "health" in route[1] else "forbidden_host" for route in open_routes}


def test_a_refusal_says_which_setting_opens_the_control_plane() -> None:
    async def hint(**changes: Any) -> str:
        transport = httpx.ASGITransport(create_app(Settings(**changes)), client=(OTHER_MACHINE, 40_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            return str((await http.get("/__mock/clock")).headers["x-clevora-mock-hint"])

    assert asyncio.run(hint()) == "--control allowed opens it to every machine that can reach it"
    assert asyncio.run(hint(control="off")) == "start the server without --control off"


def test_a_served_control_plane_knows_its_peers() -> None:
    """Over sockets: a loopback address, and, where the machine has one, its own address in the network."""
    with serve_settings(Settings(quiet=True)) as server, connect(server.url) as http:
        assert http.get("/__mock/clock").status_code == 200
        told = http.get("/__mock/clock", headers={"x-forwarded-for": OTHER_MACHINE})
        assert (told.status_code, told.json()["error"]["code"]) == (403, "forbidden_address")


def test_with_the_control_plane_off_a_top_up_can_still_be_paid() -> None:
    with serve_settings(Settings(quiet=True, control="off", clock="frozen")) as server, connect(server.url) as http:
        token = {"authorization": f"Bearer {jwt(valid_claims(NOW))}"}
        topped = http.post("/api/developer/topup", headers=token, json={"amount": 25})
        url = topped.json()["data"]["checkoutUrl"]
        assert http.post(url, data={"outcome": "succeeded"}).status_code == 303
        assert http.get("/api/developer/account", headers=token).json()["data"]["balance"] == 125
