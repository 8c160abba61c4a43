"""The table of the mock's own routes: each with what it is for, each behind the guard."""

from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct

from clevora_mock.api.answers import Answer, Json
from clevora_mock.api.gate import Work
from clevora_mock.api.routing import Route
from clevora_mock.api.surface import OWN
from clevora_mock.control import accounts, clock, journal, payments, places, state
from clevora_mock.control.checkout import CheckoutPage
from clevora_mock.control.delivery import Delivery
from clevora_mock.control.guard import Guard
from clevora_mock.control.home import Home
from clevora_mock.control.sandboxes import SandboxPages
from clevora_mock.control.scenario import Scenarios
from clevora_mock.core.call import Call
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.sandboxes import Sandboxes
from clevora_mock.scenarios.shelf import Shelf


class Parts(NamedTuple):
    """What the control plane works on."""

    sandboxes: Sandboxes
    shelf: Shelf
    delivery: Delivery
    begin: Callable[[Sandbox], None]
    server: str | None = None


class ControlRoute(NamedTuple):
    """One route, its line in the README, and what OpenAPI says of its body and query."""

    method: str
    path: str
    summary: str
    work: Work
    request: type[Struct] | None = None
    query: tuple[str, ...] = ()


# What a route's body holds, and what its query may ask, where they hold or may ask anything.
_REQUESTS: dict[str, type[Struct]] = {
    "POST /__mock/reset": state.ResetRequest,
    "PATCH /__mock/clock": clock.ClockChange,
    "POST /__mock/accounts": accounts.NewAccount,
    "PATCH /__mock/accounts/{uid}": accounts.AccountChange,
    "POST /__mock/tokens": accounts.TokenRequest,
    "POST /__mock/webhooks/sign": payments.SignRequest,
}
_QUERIES: dict[str, tuple[str, ...]] = {
    "GET /__mock/requests": ("endpoint", "status", "code", "key", "account", "since", "rule", "limit"),
    "GET /__mock/ledger": ("uid",),
}


def control_table(parts: Parts) -> list[ControlRoute]:
    """Every route outside the emulated API."""
    checkout, scenarios = CheckoutPage(parts.delivery), Scenarios(parts.shelf)
    sandboxes, restore = SandboxPages(parts.sandboxes), state.Restore(parts.delivery.resume)
    pay, fail = (payments.finishing(parts.delivery, "succeeded"), payments.finishing(parts.delivery, "failed"))
    table: list[tuple[str, str, Work]] = [
        ("GET /", "what this is, what to copy, where everything lies", Home()),
        ("GET /openapi.json", "the emulated API as OpenAPI 3.1", places.openapi),
        ("GET /checkout/{id}", "the page where a top-up is paid", checkout.show),
        ("POST /checkout/{id}", "what its buttons do", checkout.finish),
        ("DELETE /", "under `/sandbox/<name>`: removes the sandbox", sandboxes.delete),
        ("GET /__mock/health", "200 only when ready; how the server is set up", places.Health(parts.server)),
        ("GET /__mock/openapi.json", "these routes as OpenAPI 3.1", _described(parts)),
        ("GET /__mock/fidelity", "every clause of the contract, documented or inferred", places.fidelity),
        ("GET /__mock/sandboxes", "names, with requests, spend, scenario and last use", sandboxes.list),
        (
            "POST /__mock/reset",
            'back to the start; `{"only": "journal"|"ledger"|"scenario"}` a part',
            state.Reset(parts.begin),
        ),
        ("GET /__mock/state", "a versioned snapshot of the whole sandbox", state.show),
        ("PUT /__mock/state", "restores one, all or nothing", restore),
        ("GET /__mock/clock", "the sandbox's time", clock.show),
        (
            "PATCH /__mock/clock",
            '`{"now"}`, `{"advance": seconds}`, `{"mode": "frozen"}`, `{"mode": "scaled", "speed": 60}`',
            clock.change,
        ),
        ("GET /__mock/scenarios", "the scenarios that there are", scenarios.list),
        ("GET /__mock/scenario", "the active one, and how often each rule was met", scenarios.show),
        ("PUT /__mock/scenario", '`{"name": "flaky"}`, or a whole scenario as JSON or YAML', scenarios.put),
        ("DELETE /__mock/scenario", "nothing goes wrong any more", scenarios.delete),
        (
            "POST /__mock/accounts",
            "`{uid?, email?, password?, balance?, activated?, developerAccess?}`: an account and its key",
            accounts.create,
        ),
        ("GET /__mock/accounts/{uid}", "an account", accounts.show),
        ("PATCH /__mock/accounts/{uid}", "`{balance?, activated?, developerAccess?}`", accounts.change),
        ("POST /__mock/tokens", '`{uid, email?, expiresIn?}`: `{"idToken"}`', accounts.issue),
        ("POST /__mock/checkouts/{id}/pay", "pays a checkout: signs the event and delivers it", pay),
        ("POST /__mock/checkouts/{id}/fail", "lets its payment fail", fail),
        ("POST /__mock/webhooks/sign", "`{payload}`: headers and body that the webhook takes", payments.sign),
        (
            "GET /__mock/requests",
            "the journal; `endpoint`, `status`, `code`, `key`, `account`, `since`, `rule`, `limit`",
            journal.show,
        ),
        ("DELETE /__mock/requests", "empties the journal", journal.clear),
        ("GET /__mock/conduct", "findings about the client's behavior", journal.conduct),
        ("GET /__mock/events", "server-sent events: each journal entry as it is made", journal.events),
        ("GET /__mock/ledger", "`?uid=`: an account's money, entry by entry", places.ledger),
        (
            "GET /__mock/firestore/{path:path}",
            "the documented places: usage, days, keys, logs, transactions",
            places.firestore_place,
        ),
    ]
    rows = []
    for where, summary, work in table:
        method, path = where.split(" ")
        rows.append(ControlRoute(method, path, summary, work, _REQUESTS.get(where), _QUERIES.get(where, ())))
    return rows


def control_routes(guard: Guard, parts: Parts) -> list[Route]:
    """The table as routes, guarded."""
    return [Route(row.method, row.path, guard(row.work), OWN) for row in control_table(parts)]


def _described(parts: Parts) -> Work:
    """``GET /__mock/openapi.json``."""

    async def describe(call: Call) -> Answer:
        from clevora_mock.control import openapi  # noqa: PLC0415 - built when somebody asks

        return Json(openapi.describe(control_table(parts), call.base_url))

    return describe
