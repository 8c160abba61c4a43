"""W4-W6, K1, K2, K7: every route against every kind of broken request. It gets its error and nothing is changed.

Routes and fields are read from the contract's tables and the request shapes, so that a new one is covered by being
there.
"""

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from msgspec import inspect

from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME, ENDPOINTS, Credential, Endpoint
from clevora_mock.core.usage import Activity
from tests.contract.rows.row import ERRORS
from tests.contract.rows.steps import CREDENTIALS, SIGNATURES, Memory, take
from tests.product_tables import OPERATIONS

if TYPE_CHECKING:
    from clevora_mock.core.sandbox import Sandbox
    from tests.conftest import World

Route = tuple[Endpoint, str]

ROUTES: list[Route] = [(endpoint, path) for endpoint in ENDPOINTS for path in endpoint.paths]
READING = [route for route in ROUTES if OPERATIONS[route[0].name].request is not None]

# A body that each route takes, to be spoiled one field at a time.
GOOD: dict[str, dict[str, Any]] = {
    "chat.completions": {"messages": [{"role": "user", "content": "Hi"}]},
    "embeddings": {"input": "Hi"},
    "search": {"query": "Hi"},
    "scripts.generate": {"topic": "Hi"},
    "keys.create": {"name": "ci"},
    "developer.topup": {"amount": 50},
    "dodo.webhook": {"type": "payment.succeeded", "data": {}},
}

OBJECT = b'{"messages":[{"role":"user","content":"Hi"}]}'
DEEP = 100_000

# What is no JSON object at all, for whatever route.
BROKEN: dict[str, bytes] = {
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


def named(routes: list[Route]) -> list[str]:
    return [f"{endpoint.method} {path}" for endpoint, path in routes]


# --- the state that nothing may change --------------------------------------------------------------------------------


def state(world: "World") -> dict[str, Any]:
    """All that a refused request must leave alone."""

    def read(sandbox: "Sandbox") -> dict[str, Any]:
        accounts = {
            account.uid: {
                "flags": (account.developer_access, account.activated, account.email),
                "balance": account.ledger.balance,
                "entries": list(account.ledger.entries),
                "keys": [
                    (key.id, key.name, key.hash, key.revoked, key.tokens, key.limiter.tokens) for key in account.keys
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

    return world.do(read)


def counted(world: "World") -> dict[str, tuple[int, int, int]]:
    """Requests and errors in each account's usage, and the requests in the minute of its first key."""

    def read(sandbox: "Sandbox") -> dict[str, tuple[int, int, int]]:
        return {
            uid: (
                account.usage.total.requests,
                account.usage.total.errors,
                len(account.keys[0].limiter.recent) if account.keys else 0,
            )
            for uid, account in sandbox.accounts.by_uid.items()
        }

    return world.do(read)


@pytest.fixture
def busy(world: "World") -> "World":
    """A sandbox with something to lose: two accounts, three keys, one of them revoked, a charge, an open checkout."""

    def fill(sandbox: "Sandbox") -> None:
        now = sandbox.clock.now()
        demo = sandbox.accounts.by_uid["demo"]
        sandbox.create_key(demo, "old", now)[0].revoked = True
        demo.ledger.charge(sandbox.next_entry(), "chat.completions", 40, 20_000, now)
        demo.usage.record(Activity("chat.completions", 40, False, 0), now)
        other = sandbox.accounts.get_or_create("other", None, now)
        other.developer_access = True
        sandbox.create_key(other, "theirs", now)
        sandbox.open_checkout(other, 50_000_000, now)
        sandbox.clock.advance(1)

    world.do(fill)
    return world


def send(world: "World", route: Route, content: bytes, credential: str | None = None) -> httpx.Response:
    """The request with a good credential of the route's kind, or with another that is named."""
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


def check(response: httpx.Response, endpoint: Endpoint, *codes: str) -> None:
    """The contract's error, whole."""
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"].startswith("req_")
    body = response.json()
    assert body.keys() == ({"status", "error"} if endpoint.enveloped else {"error"})
    error = body["error"]
    assert error.keys() == {"message", "type", "code"}
    assert error["code"] in codes
    assert (response.status_code, error["type"]) == ERRORS[error["code"]]
    assert error["message"]


def check_unchanged(world: "World", endpoint: Endpoint, before: tuple[Any, Any], response: httpx.Response) -> None:
    """Nothing moved but, on a billable route behind its gates, the count of errors and of the minute (U7, L2)."""
    kept, counts = before
    assert state(world) == kept
    recorded = endpoint.rate is not None and response.status_code in (400, 413)
    admitted = endpoint.rate is not None and response.status_code in (400, 404, 413)
    requests, errors, minute = counts["demo"]
    assert counted(world) == counts | {"demo": (requests + recorded, errors + recorded, minute + admitted)}


# --- bodies -----------------------------------------------------------------------------------------------------------


@pytest.mark.clause("W4", "U7")
@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("route", READING, ids=named(READING))
def test_what_is_no_json_object_is_refused(busy: "World", route: Route, body: bytes) -> None:
    """400 invalid_json on every route that reads a body, and nothing is changed."""
    before = state(busy), counted(busy)
    response = send(busy, route, body)
    check(response, route[0], "invalid_json")
    check_unchanged(busy, route[0], before, response)


@pytest.mark.clause("W5", "U7")
@pytest.mark.parametrize("route", READING, ids=named(READING))
def test_a_body_of_5_mib_is_refused(busy: "World", route: Route) -> None:
    """413 on every route that reads a body, and nothing is changed."""
    before = state(busy), counted(busy)
    response = send(busy, route, TOO_LARGE)
    check(response, route[0], "payload_too_large")
    check_unchanged(busy, route[0], before, response)


@pytest.mark.clause("W4")
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"a":NaN}', b"\xff"], ids=["none", "cut", "array", "NaN", "byte"])
@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route not in READING], ids=named([r for r in ROUTES if r not in READING])
)
def test_a_route_without_a_body_reads_none(busy: "World", route: Route, body: bytes) -> None:
    """What a client sends along makes no difference to what it gets."""
    plain, odd = send(busy, route, b""), send(busy, route, body)
    assert (odd.status_code, odd.content) == (plain.status_code, plain.content)
    assert odd.status_code in (200, 404)


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


KINDS: dict[type[inspect.Type], tuple[type, ...]] = {
    inspect.NoneType: (type(None),),
    inspect.BoolType: (bool,),
    inspect.IntType: (int,),
    inspect.FloatType: (int, float),
    inspect.StrType: (str,),
    inspect.ListType: (list,),
    inspect.DictType: (dict,),
}


def takes(wanted: inspect.Type, value: Any) -> bool:
    """Whether a shape's type may take a value, as far as types go: an oracle of its own, and a generous one."""
    if isinstance(wanted, inspect.Metadata):
        return takes(wanted.type, value)
    if isinstance(wanted, inspect.UnionType):
        return any(takes(one, value) for one in wanted.types)
    if isinstance(wanted, inspect.AnyType):
        return True
    if isinstance(wanted, inspect.LiteralType):
        return value in wanted.values
    # A boolean is no number, which is why types are compared and not instances.
    fits = type(value) in KINDS.get(type(wanted), ())
    return fits and (not hasattr(value, "__len__") or len(value) >= (getattr(wanted, "min_length", None) or 0))


def wrong_fields() -> Iterator[tuple[Route, str, str]]:
    """Each field of each shape with each value that its type does not take."""
    for route in READING:
        shape = OPERATIONS[route[0].name].request
        wanted = inspect.type_info(shape)
        assert isinstance(wanted, inspect.StructType)
        for field in wanted.fields:
            for name, value in VALUES.items():
                if not takes(field.type, value):
                    yield route, field.encode_name, name


WRONG = list(wrong_fields())


@pytest.mark.clause("W1", "C4", "U7")
@pytest.mark.parametrize(
    ("route", "field", "value"), WRONG, ids=[f"{route[0].name}-{field}-{value}" for route, field, value in WRONG]
)
def test_a_field_of_the_wrong_type_is_named(busy: "World", route: Route, field: str, value: str) -> None:
    """400 that begins with the field and says what was expected; null counts as absent."""
    before = state(busy), counted(busy)
    document = GOOD[route[0].name] | {field: VALUES[value]}
    response = send(busy, route, json.dumps(document).encode())
    check(response, route[0], "missing_field" if value == "null" else "invalid_field")
    message = response.json()["error"]["message"]
    assert message.startswith((f"{field}: ", f"{field}["))
    assert "expected" in message or value == "null"
    check_unchanged(busy, route[0], before, response)


@pytest.mark.clause("W1")
@pytest.mark.parametrize("route", READING, ids=named(READING))
def test_a_required_field_that_is_missing_is_named(busy: "World", route: Route) -> None:
    """400 missing_field with the field's name, for each that the shape requires."""
    wanted = inspect.type_info(OPERATIONS[route[0].name].request)
    assert isinstance(wanted, inspect.StructType)
    for field in (field.encode_name for field in wanted.fields if field.required):
        before = state(busy), counted(busy)
        document = {name: value for name, value in GOOD[route[0].name].items() if name != field}
        response = send(busy, route, json.dumps(document).encode())
        check(response, route[0], "missing_field")
        assert response.json()["error"]["message"].startswith(f"{field}: ")
        check_unchanged(busy, route[0], before, response)


@pytest.mark.clause("W1")
def test_every_shape_has_a_good_body_here() -> None:
    """A new request shape needs a row in GOOD, or its fields would be spoiled on a body that is bad already."""
    assert {route[0].name for route in READING} == GOOD.keys()


# --- query parameters -------------------------------------------------------------------------------------------------

PARAMETERS = [
    (route, parameter) for route in ROUTES for parameter in OPERATIONS[route[0].name].parameters if parameter.bounds
]


@pytest.mark.clause("U2", "B11")
@pytest.mark.parametrize(
    ("route", "parameter"), PARAMETERS, ids=[f"{route[1]}-{parameter.name}" for route, parameter in PARAMETERS]
)
@pytest.mark.parametrize(
    "text", ["", "0", "-1", "1.0", "1e1", "x", "%00", "%FF", "%F0%9F%99%82", "9" * 5000, "1,2", "NaN", "true", "%31%20"]
)
def test_a_query_parameter_out_of_its_bounds_is_named(busy: "World", route: Route, parameter: Any, text: str) -> None:
    """400 with the parameter's name, and nothing is changed."""
    before = state(busy), counted(busy)
    response = send(busy, (route[0], f"{route[1]}?{parameter.name}={text}"), b"")
    check(response, route[0], "invalid_field")
    assert response.json()["error"]["message"].startswith(f"{parameter.name}: expected a whole number from ")
    check_unchanged(busy, route[0], before, response)


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
UNTRUSTED = [
    (route, credential)
    for route in ROUTES
    if route[0].credential in REFUSED
    for credential in REFUSED[route[0].credential][1]
]


@pytest.mark.clause("K1", "K2", "K7", "B9", "W6")
@pytest.mark.parametrize(
    ("route", "credential"), UNTRUSTED, ids=[f"{route[0].method} {route[1]}-{name}" for route, name in UNTRUSTED]
)
def test_a_wrong_credential_is_refused(busy: "World", route: Route, credential: str) -> None:
    """401 by the route's kind of credential, whatever the body, and nothing is changed."""
    for content in (json.dumps(GOOD.get(route[0].name, {})).encode(), b"{"):
        before = state(busy), counted(busy)
        response = send(busy, route, content, credential)
        check(response, route[0], REFUSED[route[0].credential][0])
        check_unchanged(busy, route[0], before, response)


@pytest.mark.clause("K6")
@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route[0].credential == "api_key"], ids=lambda route: route[1]
)
def test_a_revoked_key_is_refused(world: "World", route: Route) -> None:
    """401 on every billable route, and nothing is changed."""
    memory: Memory = {}
    take(world, memory, "second key revoked")
    before = state(world), counted(world)
    headers = {"authorization": f"Bearer {memory['second_key']}"}
    response = world.http.post(route[1], headers=headers, json=GOOD[route[0].name])
    check(response, route[0], "invalid_api_key")
    check_unchanged(world, route[0], before, response)


@pytest.mark.clause("K8")
@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if route[0].credential == "id_token" and route[0].requires_developer_access],
    ids=lambda route: f"{route[0].method} {route[1]}",
)
def test_a_user_without_access_is_refused(busy: "World", route: Route) -> None:
    """403 on every route of the dashboard, and no account comes into being."""
    before = state(busy), counted(busy)
    response = send(busy, route, json.dumps(GOOD.get(route[0].name, {})).encode(), "token of a stranger")
    check(response, route[0], "developer_access_required")
    check_unchanged(busy, route[0], before, response)


@pytest.mark.clause("K1", "K7")
@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if route[0].credential in ("api_key", "id_token")],
    ids=lambda route: f"{route[0].method} {route[1]}",
)
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
def test_a_header_of_noise_is_refused(busy: "World", route: Route, header: bytes) -> None:
    """401, never 500, for whatever bytes a header can hold."""
    before = state(busy), counted(busy)
    path = route[1].replace("{id}", "key_none")
    response = busy.http.request(route[0].method, path, headers=[(b"authorization", header)], content=b"{}")
    check(response, route[0], REFUSED[route[0].credential][0])
    check_unchanged(busy, route[0], before, response)


# --- paths ------------------------------------------------------------------------------------------------------------

NAMES: dict[str, Callable[[], str]] = {
    "a slash": lambda: "a%2Fb",
    "dots": lambda: "...",
    "zero byte": lambda: "%00",
    "bytes that are no text": lambda: "%ff%fe",
    "emoji": lambda: "%F0%9F%99%82",
    "5,000 letters": lambda: "x" * 5000,
    "markup": lambda: "%3Cscript%3E",
    "a line break": lambda: "a%0D%0Ab",
}


@pytest.mark.clause("K5", "W1", "W3")
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_an_odd_id_is_not_found(busy: "World", name: Callable[[], str]) -> None:
    """404, never 500, and no key is revoked."""
    before = state(busy), counted(busy)
    response = busy.http.delete(f"/v1/keys/{name()}", headers=busy.signed_in())
    check(response, ENDPOINT_BY_NAME["keys.revoke"], "not_found")
    check_unchanged(busy, ENDPOINT_BY_NAME["keys.revoke"], before, response)
