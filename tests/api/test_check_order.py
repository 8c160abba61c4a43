"""W6: of two errors in a request, the one that is checked first is returned."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import pytest

from tests.support.server import RunningServer
from tests.support.situations import CHAT, CREDENTIALS, StoredValues, set_up
from tests.support.world import World, fresh_world


@dataclass(frozen=True)
class Attempt:
    """A request under construction; each error changes a part of it."""

    method: str
    path: str
    credential: str
    body: bytes | None = None
    json: Any = None
    given: tuple[Any, ...] = field(default=())


ErrorCase = tuple[str, int, Callable[[Attempt], Attempt]]


def _given(*steps: Any) -> Callable[[Attempt], Attempt]:
    return lambda attempt: replace(attempt, given=(*attempt.given, *steps))


# In the order of the checks. Requests are made before the balance is set to 0, since they need funds.
BILLABLE: list[ErrorCase] = [
    ("not_found", 404, lambda attempt: replace(attempt, path="/v1/nothing")),
    ("method_not_allowed", 405, lambda attempt: replace(attempt, method="PUT")),
    ("invalid_api_key", 401, lambda attempt: replace(attempt, credential="unknown key")),
    ("developer_access_required", 403, _given("no developer access")),
    ("account_not_activated", 402, _given("not activated")),
    ("insufficient_balance", 402, _given(("balance", 0))),
    ("daily_token_limit_exceeded", 429, _given(("tokens used", 1_000_000))),
    ("rate_limit_exceeded", 429, lambda attempt: replace(attempt, given=(("requests", 60), *attempt.given))),
    ("payload_too_large", 413, lambda attempt: replace(attempt, body=b" " * (4 * 1024 * 1024 + 1), json=None)),
    ("invalid_json", 400, lambda attempt: replace(attempt, body=attempt.body or b"{", json=None)),
    ("missing_field", 400, lambda attempt: replace(attempt, json=_without(attempt.json, "messages"))),
    ("model_not_found", 404, lambda attempt: replace(attempt, json=attempt.json and attempt.json | {"model": "x"})),
]

SIGNED_IN: list[ErrorCase] = [
    ("not_found", 404, lambda attempt: replace(attempt, path="/v1/nothing")),
    ("method_not_allowed", 405, lambda attempt: replace(attempt, method="PUT")),
    ("invalid_id_token", 401, lambda attempt: replace(attempt, credential="expired token")),
    ("developer_access_required", 403, _given("no developer access")),
    ("payload_too_large", 413, lambda attempt: replace(attempt, body=b" " * (4 * 1024 * 1024 + 1), json=None)),
    ("invalid_json", 400, lambda attempt: replace(attempt, body=attempt.body or b"{", json=None)),
    ("invalid_field", 400, lambda attempt: replace(attempt, json=attempt.json and {"name": 5, "amount": "5"})),
]

VALID_REQUESTS = {
    "POST /v1/chat/completions": (Attempt("POST", "/v1/chat/completions", "key", json=CHAT), BILLABLE),
    "POST /v1/keys": (Attempt("POST", "/v1/keys", "token", json={"name": "a"}), SIGNED_IN),
    "POST /api/developer/topup": (Attempt("POST", "/api/developer/topup", "token", json={"amount": 50}), SIGNED_IN),
}

PAIRS = [
    (name, earlier, later) for name, (_, cases) in VALID_REQUESTS.items() for earlier, later in combinations(cases, 2)
]


def _without(document: dict[str, Any] | None, name: str) -> dict[str, Any] | None:
    return document and {key: value for key, value in document.items() if key != name}


@pytest.mark.clause("W6")
@pytest.mark.parametrize(
    ("name", "earlier", "later"),
    PAIRS,
    ids=[f"{name.split('/')[-1]}-{earlier[0]}-{later[0]}" for name, earlier, later in PAIRS],
)
def test_of_two_errors_the_one_checked_first_is_returned(
    world: World, name: str, earlier: ErrorCase, later: ErrorCase
) -> None:
    """The order: 404 and 405, then 401, 403, 402, 429, then the body."""
    attempt, _ = VALID_REQUESTS[name]
    # "not activated" empties the account, so it is made last.
    attempt = earlier[2](later[2](attempt))
    code, status, _ = earlier
    answered = send(world, attempt)
    assert (answered[0], answered[1]) == (status, code)


@pytest.mark.clause("W6")
@pytest.mark.parametrize("name", VALID_REQUESTS)
def test_each_error_is_returned_alone(frozen_server: RunningServer, name: str) -> None:
    attempt, cases = VALID_REQUESTS[name]
    answered = [send(fresh_world(frozen_server), change(attempt)) for _, _, change in cases]
    assert answered == [(status, code) for code, status, _ in cases]


def send(world: World, attempt: Attempt) -> tuple[int, str]:
    memory: StoredValues = {}
    for step in attempt.given:
        set_up(world, memory, step)
    headers = {"authorization": CREDENTIALS[attempt.credential](world, memory) or ""}
    response = world.http.request(
        attempt.method, attempt.path, headers=headers, content=attempt.body, json=attempt.json
    )
    return response.status_code, response.json()["error"]["code"]
