"""Whatever the body, every route that reads one returns 200 or the contract's error, and never a 5xx."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clevora_mock.contract.endpoints import ENDPOINTS, Endpoint
from clevora_mock.core.limits import Limits
from tests.api.rows.row import ERRORS
from tests.support.junk import changed, documents
from tests.support.product_tables import OPERATIONS
from tests.support.request_bodies import VALID_BODIES
from tests.support.server import RunningServer
from tests.support.situations import signature
from tests.support.tokens import jwt
from tests.support.world import TLS

POSTS = [endpoint for endpoint in ENDPOINTS if endpoint.method == "POST"]
EXAMPLES = 60

every_post = pytest.mark.parametrize("endpoint", POSTS, ids=[endpoint.name for endpoint in POSTS])
few = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@st.composite
def near_valid(draw: st.DrawFn, endpoint: Endpoint) -> bytes:
    """Draw a valid body with one to three changes: a value replaced, removed or added, or a byte changed."""
    document = draw(changed(draw(st.sampled_from(VALID_BODIES.get(endpoint.name, [{}]))), fields(endpoint)))
    body = json.dumps(document).encode()
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(body) - 1))
        body = body[:at] + draw(st.binary(min_size=1, max_size=2)) + body[at + 1 :]
    return body


def fields(endpoint: Endpoint) -> list[str]:
    shape = OPERATIONS[endpoint.name].request
    return ["other", *(shape.__struct_fields__ if shape else ())]


class Target:
    """A sandbox in which only the body can cause errors: no limits, and ample funds."""

    def __init__(self, server: RunningServer, name: str) -> None:
        self.server = server
        self.prefix = f"/sandbox/{name}"
        self.http = httpx.Client(base_url=server.url, timeout=20, verify=TLS)
        sandbox = server.sandbox(name)

        def open_wide() -> None:
            sandbox.limits = Limits(None, None)
            demo = sandbox.accounts.by_uid["demo"]
            demo.ledger.adjust(sandbox.next_entry(), 10**18, sandbox.clock.now())

        server.run_in_server(open_wide)
        self.now = sandbox.clock.now() // 1_000_000
        self.token = self.make_token()

    def make_token(self) -> str:
        project = self.server.settings.firebase_project
        issuer = f"https://securetoken.google.com/{project}"
        return jwt({"iss": issuer, "aud": project, "sub": "demo", "user_id": "demo", "exp": self.now + 3600})

    def post(self, endpoint: Endpoint, body: bytes) -> httpx.Response:
        headers = {"content-type": "application/json"}
        if endpoint.credential == "api_key":
            headers["authorization"] = f"Bearer {self.server.api_key}"
        elif endpoint.credential == "id_token":
            headers["authorization"] = f"Bearer {self.token}"
        elif endpoint.credential == "signature":
            secret = self.server.settings.webhook_secret
            headers |= {
                "webhook-id": "evt_1",
                "webhook-timestamp": str(self.now),
                "webhook-signature": signature(secret, "evt_1", str(self.now), body),
            }
        return self.http.post(self.prefix + endpoint.path, headers=headers, content=body)


@pytest.fixture(scope="module")
def target(frozen_server: RunningServer) -> Iterator[Target]:
    # Each xdist worker has its own server, so one name suffices.
    target = Target(frozen_server, "junk")
    with target.http:
        yield target


def check_response(endpoint: Endpoint, response: httpx.Response) -> None:
    """Check for a 200 or a 4xx in the contract's format."""
    assert response.headers["x-request-id"].startswith("req_")
    if response.status_code == 200:
        assert response.headers["content-type"] in ("application/json", "text/event-stream")
        if response.headers["content-type"] == "application/json":
            assert isinstance(response.json(), dict)
        else:
            assert response.content.endswith(b"data: [DONE]\n\n")
        return
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert body.keys() == ({"status", "error"} if endpoint.enveloped else {"error"})
    assert body["error"].keys() == {"message", "type", "code"}
    assert (response.status_code, body["error"]["type"]) == ERRORS[body["error"]["code"]]
    assert response.status_code in (400, 404)
    assert body["error"]["message"]
    assert "\n" not in body["error"]["message"]


@pytest.mark.clause("W1", "W4")
@every_post
@few
@given(body=st.binary(max_size=200))
def test_any_bytes_are_refused(target: Target, endpoint: Endpoint, body: bytes) -> None:
    """Routes without a body return 200."""
    check_response(endpoint, target.post(endpoint, body))


@pytest.mark.clause("W1", "W4")
@every_post
@few
@given(document=documents)
def test_any_json_is_answered_or_refused(target: Target, endpoint: Endpoint, document: Any) -> None:
    """JSON of any form, including NaN and lone surrogates."""
    check_response(endpoint, target.post(endpoint, json.dumps(document).encode()))


@pytest.mark.clause("W1", "W4", "C4")
@every_post
@few
@given(data=st.data())
def test_nearly_valid_bodies_are_answered_or_refused(target: Target, endpoint: Endpoint, data: st.DataObject) -> None:
    check_response(endpoint, target.post(endpoint, data.draw(near_valid(endpoint))))
