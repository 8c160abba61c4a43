"""Pages for people: no other page can frame them, run something in them, or use their forms (B7, W8)."""

import re
from base64 import b64encode
from hashlib import sha256

import httpx
import pytest

from tests.support.control import control
from tests.support.world import World

CHECKOUT_ID = re.compile(r"cks_[0-9a-f]{24}")


@pytest.fixture(params=["open checkout", "paid checkout", "checkout that has expired", "checkout of a return_url"])
def page(world: World, request: pytest.FixtureRequest) -> httpx.Response:
    """Provide the answer with each page that the server has."""
    session = world.open_checkout()
    if request.param == "paid checkout":
        control(world, f"POST checkouts/{session}/pay")
    if "expired" in request.param:
        world.advance(86_400)
    query = "?return_url=https://shop.example/" if "return_url" in request.param else ""
    return world.http.get(f"/checkout/{session}{query}")


def test_no_page_can_be_framed_or_sniffed_or_tells_where_its_reader_goes(page: httpx.Response) -> None:
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    expected = {"x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer"}
    assert {name: page.headers.get(name) for name in expected} == expected


def test_a_pages_policy_allows_its_own_styles_and_forms_and_nothing_else(page: httpx.Response) -> None:
    (style,) = re.findall("<style>(.*?)</style>", page.text, re.DOTALL)
    allowed = b64encode(sha256(style.encode()).digest()).decode()
    assert dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; ")) == {
        "default-src": "'none'",
        "style-src": f"'sha256-{allowed}'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }


def test_a_page_needs_nothing_that_its_policy_forbids(page: httpx.Response) -> None:
    assert not re.search(r"<(script|img|link|iframe|object|base)\b|\s(style|on\w+|src)=|javascript:", page.text)


def test_a_paid_checkout_leads_back_to_itself_under_whatever_address_a_proxy_has(world: World) -> None:
    path = f"/checkout/{world.open_checkout()}"
    paid = world.http.post(path, data={"outcome": "succeeded"}, headers={"origin": world.server.url})
    assert (paid.status_code, paid.headers["location"]) == (303, f"/sandbox/{world.name}{path}")


@pytest.mark.parametrize(
    "said",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
    ids=str,
)
@pytest.mark.parametrize("outcome", ["succeeded", "failed"])
def test_a_form_of_another_origin_finishes_no_checkout_although_it_knows_the_id(
    world: World, said: dict[str, str], outcome: str
) -> None:
    session = world.open_checkout()
    answer = world.http.post(f"/checkout/{session}", data={"outcome": outcome}, headers=said)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden_origin")
    assert [checkout["status"] for checkout in control(world, "GET checkouts")["checkouts"]] == ["open"]


def test_a_checkout_is_unknown_in_another_sandbox_whose_ids_are_others(world: World) -> None:
    sessions = [world.open_checkout() for _ in range(3)]
    other = World(world.server, f"{world.name}-other")
    others = [other.open_checkout() for _ in range(3)]
    assert all(map(CHECKOUT_ID.fullmatch, sessions + others))
    assert len({*sessions, *others}) == 6
    assert [other.http.get(f"/checkout/{session}").status_code for session in sessions] == [404] * 3
    other.http.close()
