"""W4-W6, K1, K2, K7: malformed requests to every route return their error and change nothing.

Routes come from the contract's tables, so new ones are included.
"""

import json
import re
from typing import Any

import httpx
import pytest
from msgspec import inspect

from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME, ENDPOINTS, Credential, Endpoint
from clevora_mock.core.ledger import Charge
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.usage import Activity
from tests.api.rows.row import ERRORS
from tests.support.product_tables import OPERATIONS
from tests.support.request_bodies import VALID_BODIES
from tests.support.situations import CREDENTIALS, SIGNATURES, StoredValues, set_up
from tests.support.world import World

Route = tuple[Endpoint, str]

ROUTES: list[Route] = [(endpoint, path) for endpoint in ENDPOINTS for path in endpoint.paths]
READING = [route for route in ROUTES if OPERATIONS[route[0].name].request is not None]

# A body for each route that reads one, in which the tests replace one field at a time.
BODIES = {name: bodies[0] for name, bodies in VALID_BODIES.items()}

DEEP = 100_000

# Bodies that are not JSON objects, for every route.
INVALID_BODIES: dict[str, bytes] = {
    "no body": b"",
    "white space": b"   \r\n",
    "broken JSON": b'{"a":',
    "an array": b"[]",
    "a string": b'"text"',
    "a number": b"12",
    "null": b"null",
    "NaN": b'{"a":NaN}',
    "minus Infinity": b'{"a":-Infinity}',
    "a number beyond all range": b'{"a":1e99999}',
    "a number of 5000 digits": b'{"a":' + b"9" * 5000 + b"}",
    "a lone surrogate": b'{"a":"\\udc00"}',
    "a lone surrogate in a key": b'{"\\ud800":1}',
    "half a surrogate pair": b'{"a":"\\ud83d\\u0041"}',
    "invalid UTF-8": b'{"a":"\xff"}',
    "UTF-8 cut short": b'{"a":"\xe2\x82"}',
    "a zero byte": b'{"a":"\x00"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a key twice": b'{"a":1,"a":1}',
    "a key twice, deep down": b'{"a":[{"b":{"c":1,"c":2}}]}',
    "100,000 arrays in each other": b'{"a":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "100,000 objects in each other": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "100,000 arrays that never end": b"[" * DEEP,
}

TOO_LARGE = b'{"a":"' + b"x" * (5 * 1024 * 1024) + b'"}'


def route_ids(routes: list[Route]) -> list[str]:
    return [f"{endpoint.method} {path}" for endpoint, path in routes]


# --- the state that nothing may change --------------------------------------------------------------------------------


def sandbox_state(world: World) -> dict[str, Any]:
    """Return all state that a refused request must not change."""

    def read(sandbox: Sandbox) -> dict[str, Any]:
        accounts = {
            account.uid: {
                "flags": (account.developer_access, account.activated, account.email),
                "balance": account.ledger.balance,
                "entries": list(account.ledger.entries),
                "keys": [
                    (key.id, key.name, key.hash, key.revoked, key.tokens, sum(key.limiter.tokens.values()))
                    for key in account.keys
                ],
                "tokens": account.usage.total.tokens,
            }
            for account in sandbox.accounts.by_uid.values()
        }
        checkouts = [
            (checkout.id, checkout.status, checkout.credited, checkout.amount)
            for checkout in sandbox.checkouts.by_id.values()
        ]
        now = sandbox.clock.now()
        return {"accounts": accounts, "checkouts": checkouts, "clock": now, "limits": sandbox.limits}

    return world.run_in_server(read)


def request_counts(world: World) -> dict[str, tuple[int, int, int]]:
    """Return the requests and errors in each account's usage, and the requests in the minute of its first key."""

    def read(sandbox: Sandbox) -> dict[str, tuple[int, int, int]]:
        return {
            uid: (
                account.usage.total.requests,
                account.usage.total.errors,
                len(account.keys[0].limiter.recent) if account.keys else 0,
            )
            for uid, account in sandbox.accounts.by_uid.items()
        }

    return world.run_in_server(read)


@pytest.fixture
def busy_sandbox(world: World) -> World:
    """Provide a sandbox with two accounts, three keys, one of them revoked, a charge, and an open checkout."""

    def fill(sandbox: Sandbox) -> None:
        now = sandbox.clock.now()
        demo = sandbox.accounts.by_uid["demo"]
        sandbox.create_key(demo, "old", now)[0].revoked = True
        demo.ledger.charge(sandbox.next_entry(), Charge("chat.completions", 40, 20_000), now)
        demo.usage.record(Activity("chat.completions", 40, False, 0), now)
        other = sandbox.accounts.get_or_create("other", None, now)
        other.developer_access = True
        sandbox.create_key(other, "theirs", now)
        sandbox.open_checkout(other, 50_000_000, now)
        sandbox.clock.advance(1)

    world.run_in_server(fill)
    return world


def send(world: World, route: Route, content: bytes, credential: str | None = None) -> httpx.Response:
    """Send the request with a valid credential of the route's kind, or with the one that is named."""
    endpoint, path = route
    headers = {"content-type": "application/json"}
    kind = (
        credential
        or {"api_key": "key", "id_token": "token", "signature": "signature", "none": "none"}[endpoint.credential]
    )
    if kind in SIGNATURES:
        headers |= SIGNATURES[kind](world, content)
    else:
        authorization = CREDENTIALS[kind](world, {})
        headers |= {} if authorization is None else {"authorization": authorization}
    return world.http.request(endpoint.method, path.replace("{id}", "key_none"), headers=headers, content=content)


def error_differences(response: httpx.Response, endpoint: Endpoint, *codes: str) -> list[str]:
    """Return the differences between the response and the contract's error with one of `codes`."""
    body = response.json()
    error = body.get("error", {})
    keys = {"status", "error"} if endpoint.enveloped else {"error"}
    code = error.get("code")
    found = {
        "content-type": response.headers["content-type"] == "application/json",
        "x-request-id": response.headers["x-request-id"].startswith("req_"),
        f"keys {sorted(body)}": body.keys() == keys,
        f"the error's keys {sorted(error)}": error.keys() == {"message", "type", "code"},
        f"the code {code}": code in codes,
        f"{response.status_code} {error.get('type')}": (response.status_code, error.get("type")) == ERRORS.get(code),
        "no message": bool(error.get("message")),
    }
    return [name for name, is_right in found.items() if not is_right]


def state_changes(world: World, endpoint: Endpoint, before: tuple[Any, Any], response: httpx.Response) -> list[str]:
    """Return the changes of state, except the error count of billable routes and the rate limit of keys (U7, L2)."""
    kept, counts = before
    recorded = endpoint.rate is not None and response.status_code in (400, 404, 413)
    admitted = endpoint.credential == "api_key" and response.status_code in (400, 404, 413)
    requests, errors, minute = counts["demo"]
    expected = counts | {"demo": (requests + recorded, errors + recorded, minute + admitted)}
    found = {"the state": sandbox_state(world) == kept, "the counts": request_counts(world) == expected}
    return [f"{name} changed" for name, is_right in found.items() if not is_right]


def refusal_differences(
    world: World, route: Route, content: bytes, code: str, credential: str | None = None, message: str = ""
) -> list[str]:
    """Send a request that must be refused with `code` and change nothing; return every deviation."""
    before = sandbox_state(world), request_counts(world)
    response = send(world, route, content, credential)
    wrong = error_differences(response, route[0], code) + state_changes(world, route[0], before, response)
    if not re.match(message, response.json().get("error", {}).get("message", "")):
        wrong.append(f"the message {response.text}")
    return [f"{route[0].method} {route[1]} {credential or ''} {content[:50]!r}: {one}" for one in wrong]


# --- bodies -----------------------------------------------------------------------------------------------------------


@pytest.mark.clause("W4", "U7")
@pytest.mark.parametrize("body", INVALID_BODIES.values(), ids=INVALID_BODIES.keys())
def test_a_body_that_is_not_a_json_object_is_refused(busy_sandbox: World, body: bytes) -> None:
    # An absent body is {} where every field is optional.
    routes = [route for route in READING if body or route[0].name != "keys.create"]
    assert [line for route in routes for line in refusal_differences(busy_sandbox, route, body, "invalid_json")] == []


@pytest.mark.clause("W5", "U7")
def test_a_body_of_5_mib_is_refused(busy_sandbox: World) -> None:
    assert [
        line for route in READING for line in refusal_differences(busy_sandbox, route, TOO_LARGE, "payload_too_large")
    ] == []


@pytest.mark.clause("W4")
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"a":NaN}', b"\xff"], ids=["none", "cut", "array", "NaN", "byte"])
def test_a_route_without_a_body_ignores_one(busy_sandbox: World, body: bytes) -> None:
    ignoring = [route for route in ROUTES if route not in READING and route[0].name != "developer.activate"]
    assert len(ignoring) == 9
    for route in ignoring:
        plain, odd = send(busy_sandbox, route, b""), send(busy_sandbox, route, body)
        assert (route[1], odd.status_code, odd.content) == (route[1], plain.status_code, plain.content)
        assert odd.status_code in (200, 404)


@pytest.mark.clause("W4")
@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'"text"'])
def test_activating_takes_no_broken_body(world: World, body: bytes) -> None:
    answer = world.http.post("/api/developer/activate", headers=world.signed_in("new"), content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_json")


@pytest.mark.clause("W4")
@pytest.mark.parametrize("body", [b"", b"{}", b'{"a": 1}'])
def test_activating_takes_no_body_or_an_object(world: World, body: bytes) -> None:
    answer = world.http.post("/api/developer/activate", headers=world.signed_in("new"), content=body)
    assert answer.json()["data"]["developerAccess"] is True


# --- fields -----------------------------------------------------------------------------------------------------------

VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "a number": 7,
    "a fraction": 1.5,
    "a huge number": 10**300,
    "text": "text",
    "empty text": "",
    "an array": [[]],
    "an empty array": [],
    "an object": {"a": 1},
    "an empty object": {},
}


# Each field, with the VALUES that its type accepts: a second copy of the contract's table.
TEXT = {"text", "empty text"}
WHOLE = {"a number", "a huge number"}
NUMBER = {*WHOLE, "a fraction"}
FIELDS: dict[tuple[str, str], set[str]] = {
    ("chat.completions", "messages"): {"an array"},
    ("chat.completions", "model"): {"null", *TEXT},
    ("chat.completions", "stream"): {"null", "true"},
    ("chat.completions", "temperature"): {"null", *NUMBER},
    ("chat.completions", "max_tokens"): {"null", *WHOLE},
    ("chat.completions", "max_completion_tokens"): {"null", *WHOLE},
    ("chat.completions", "response_format"): {"null", "an object", "an empty object"},
    ("embeddings", "input"): {"text", "an array"},
    ("embeddings", "model"): {"null", *TEXT},
    ("embeddings", "encoding_format"): {"null"},
    ("search", "query"): {"text"},
    ("search", "limit"): {"null", *WHOLE},
    ("search", "model"): {"null", *TEXT},
    ("scripts.generate", "topic"): {"text"},
    ("scripts.generate", "style"): {"null"},
    ("scripts.generate", "length"): {"null"},
    ("scripts.generate", "model"): {"null", *TEXT},
    ("keys.create", "name"): {"null", *TEXT},
    ("developer.topup", "amount"): NUMBER,
    ("dodo.webhook", "type"): {"null", *TEXT},
    # Fields of events other than `type` are not checked.
    ("dodo.webhook", "data"): set(VALUES),
    ("dodo.webhook", "business_id"): set(VALUES),
    ("dodo.webhook", "timestamp"): set(VALUES),
}
REQUIRED = {
    ("chat.completions", "messages"),
    ("embeddings", "input"),
    ("search", "query"),
    ("scripts.generate", "topic"),
    ("developer.topup", "amount"),
}
ROUTE = {route[0].name: route for route in READING}


@pytest.mark.clause("W1", "C4", "U7")
@pytest.mark.parametrize(("endpoint", "field"), FIELDS)
def test_a_field_of_the_wrong_type_is_named(busy_sandbox: World, endpoint: str, field: str) -> None:
    wrong = []
    for name in VALUES.keys() - FIELDS[endpoint, field]:
        content = json.dumps(BODIES[endpoint] | {field: VALUES[name]}).encode()
        code = "missing_field" if name == "null" else "invalid_field"
        message = rf"{field}: " if name == "null" else rf"{field}(: |\[).*expected"
        wrong += refusal_differences(busy_sandbox, ROUTE[endpoint], content, code, message=message)
    assert wrong == []


@pytest.mark.clause("W1")
@pytest.mark.parametrize(("endpoint", "field"), sorted(REQUIRED))
def test_a_required_field_that_is_missing_is_named(busy_sandbox: World, endpoint: str, field: str) -> None:
    content = json.dumps({name: value for name, value in BODIES[endpoint].items() if name != field}).encode()
    assert refusal_differences(busy_sandbox, ROUTE[endpoint], content, "missing_field", message=f"{field}: ") == []


@pytest.mark.clause("W1")
def test_every_field_has_a_row_in_the_table() -> None:
    found, required = set(), set()
    for route in READING:
        shape = inspect.type_info(OPERATIONS[route[0].name].request)
        assert isinstance(shape, inspect.StructType)
        found |= {(route[0].name, field.encode_name) for field in shape.fields}
        required |= {(route[0].name, field.encode_name) for field in shape.fields if field.required}
    assert found == FIELDS.keys()
    assert required == REQUIRED


@pytest.mark.clause("W1")
def test_every_request_type_has_a_valid_body_in_the_table() -> None:
    assert {route[0].name for route in READING} == VALID_BODIES.keys()


# --- query parameters -------------------------------------------------------------------------------------------------

PARAMETERS = [
    (route, parameter.name)
    for route in ROUTES
    for parameter in OPERATIONS[route[0].name].parameters
    if parameter.bounds
]


@pytest.mark.clause("U2", "B11")
@pytest.mark.parametrize(
    "text", ["", "0", "-1", "1.0", "1e1", "x", "%00", "%FF", "%F0%9F%99%82", "9" * 5000, "1,2", "NaN", "true", "%31%20"]
)
def test_a_query_parameter_out_of_its_bounds_is_named(busy_sandbox: World, text: str) -> None:
    assert [name for _, name in PARAMETERS] == ["limit", "range", "range"]
    wrong = []
    for (endpoint, path), name in PARAMETERS:
        asked = (endpoint, f"{path}?{name}={text}")
        wrong += refusal_differences(
            busy_sandbox, asked, b"", "invalid_field", message=f"{name}: expected a whole number from "
        )
    assert wrong == []


# --- credentials ------------------------------------------------------------------------------------------------------

NO_KEY = (
    "none",
    "empty header",
    "bare Bearer",
    "word",
    "key, no scheme",
    "key as Basic",
    "key in capitals",
    "key with one more digit",
    "key with one digit less",
    "unknown key",
    "token",
    "expired token",
    "signed token",
)
NO_TOKEN = (
    "none",
    "empty header",
    "bare Bearer",
    "word",
    "key",
    "key as Basic",
    "token as Basic",
    "expired token",
    "token of another project",
    "signed token",
    "RS256 header without signature",
    "unsigned header with a signature",
    "token of two parts",
    "token without sub",
)
REFUSED: dict[Credential, tuple[str, tuple[str, ...]]] = {
    "api_key": ("invalid_api_key", NO_KEY),
    "id_token": ("invalid_id_token", NO_TOKEN),
    "signature": (
        "invalid_signature",
        ("none", "key", "token", *(name for name in SIGNATURES if name.startswith(("no ", "another ", "timestamp")))),
    ),
}
TRUSTING = [route for route in ROUTES if route[0].credential in REFUSED]


@pytest.mark.clause("K1", "K2", "K7", "B9", "W6")
@pytest.mark.parametrize("route", TRUSTING, ids=route_ids(TRUSTING))
def test_a_wrong_credential_is_refused(busy_sandbox: World, route: Route) -> None:
    code, credentials = REFUSED[route[0].credential]
    good = json.dumps(BODIES.get(route[0].name, {})).encode()
    wrong = []
    for credential in credentials:
        for content in (good, b"{"):
            wrong += refusal_differences(busy_sandbox, route, content, code, credential)
    assert wrong == []


@pytest.mark.clause("K6")
def test_a_revoked_key_is_refused(world: World) -> None:
    memory: StoredValues = {}
    set_up(world, memory, "second key revoked")
    headers = {"authorization": f"Bearer {memory['second_key']}"}
    wrong = []
    for endpoint, path in (route for route in ROUTES if route[0].credential == "api_key"):
        before = sandbox_state(world), request_counts(world)
        response = world.http.post(path, headers=headers, json=BODIES[endpoint.name])
        wrong += error_differences(response, endpoint, "invalid_api_key") + state_changes(
            world, endpoint, before, response
        )
    assert wrong == []


@pytest.mark.clause("K8")
def test_a_user_without_access_is_refused(busy_sandbox: World) -> None:
    """No account is created."""
    closed = [route for route in ROUTES if route[0].credential == "id_token" and route[0].requires_developer_access]
    wrong = []
    for route in closed:
        content = json.dumps(BODIES.get(route[0].name, {})).encode()
        wrong += refusal_differences(busy_sandbox, route, content, "developer_access_required", "token of a stranger")
    assert len(closed) == 7
    assert wrong == []


@pytest.mark.clause("K1", "K7")
@pytest.mark.parametrize(
    "header",
    [
        b"Bearer \xff\xfe",
        b"Bearer " + b"a" * 20_000,
        b"Bearer sk_live_\xe9",
        b"Bearer ..",
        b"Bearer eyJ.eyJ.",
        b"Bearer\thello",
        b"hello",
    ],
    ids=["bytes", "20,000 letters", "an accent", "two dots", "cut parts", "a tab", "a word"],
)
def test_a_credential_of_arbitrary_bytes_is_refused(busy_sandbox: World, header: bytes) -> None:
    wrong = []
    for endpoint, path in (route for route in ROUTES if route[0].credential in ("api_key", "id_token")):
        before = sandbox_state(busy_sandbox), request_counts(busy_sandbox)
        headers = [(b"authorization", header)]
        response = busy_sandbox.http.request(
            endpoint.method, path.replace("{id}", "key_none"), headers=headers, content=b"{}"
        )
        wrong += error_differences(response, endpoint, REFUSED[endpoint.credential][0])
        wrong += state_changes(busy_sandbox, endpoint, before, response)
    assert wrong == []


# --- paths ------------------------------------------------------------------------------------------------------------

NAMES = {
    "a slash": "a%2Fb",
    "dots": "...",
    "zero byte": "%00",
    "bytes that are no text": "%ff%fe",
    "emoji": "%F0%9F%99%82",
    "5,000 letters": "x" * 5000,
    "markup": "%3Cscript%3E",
    "a line break": "a%0D%0Ab",
}


@pytest.mark.clause("K5", "W1", "W3")
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_an_odd_id_is_not_found(busy_sandbox: World, name: str) -> None:
    route = (ENDPOINT_BY_NAME["keys.revoke"], f"/v1/keys/{name}")
    assert refusal_differences(busy_sandbox, route, b"", "not_found") == []
