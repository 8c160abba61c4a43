"""The table of the mock's own routes."""

from collections.abc import Sequence
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.control import accounts, clock, home, info, journal, openapi, payments, sandboxes, state
from clevora_mock.control.checkout import CheckoutPage
from clevora_mock.control.endpoint import ControlEndpoint, ControlHandler, ControlListener, base_url_of
from clevora_mock.control.origin_check import LocalOnly
from clevora_mock.control.route import ControlRoute
from clevora_mock.control.scenario import ScenarioRoutes
from clevora_mock.control.webhook_sender import WebhookSender
from clevora_mock.core.sandboxes import Sandboxes
from clevora_mock.scenarios.store import ScenarioStore
from clevora_mock.web.json_response import json_response
from clevora_mock.web.operation import Operation
from clevora_mock.web.routing import TrailingSlashRoute


class ControlContext(NamedTuple):
    """The parts of a server that the control plane works on; `server` is its name, if it has one."""

    sandboxes: Sandboxes
    store: ScenarioStore
    sender: WebhookSender
    operations: Sequence[Operation]
    server: str | None = None


def control_table(context: ControlContext) -> list[ControlRoute]:
    """Return every route outside the emulated APIs."""
    checkout, scenarios = CheckoutPage(context.sender), ScenarioRoutes(context.store)
    row = ControlRoute
    table: list[ControlRoute] = []
    table += [
        row("GET /", home.home, "what this is, what to copy, where everything lies"),
        row("GET /openapi.json", info.openapi(context.operations), "the emulated API as OpenAPI 3.1"),
        row("GET /checkout/{id}", checkout.show, "the page where a top-up is paid"),
        row("POST /checkout/{id}", checkout.finish, "what its buttons do"),
        row("DELETE /", sandboxes.remove_sandbox(context.sandboxes), "under `/sandbox/<name>`: removes the sandbox"),
        row("GET /__mock/health", info.health(context.server), "200 only when ready; how the server is set up"),
        row("GET /__mock/openapi.json", _described(table), "these routes as OpenAPI 3.1"),
        row("GET /__mock/fidelity", info.fidelity, "every clause of the contract, documented or inferred"),
        row(
            "GET /__mock/sandboxes",
            sandboxes.list_sandboxes(context.sandboxes),
            "names, with requests, spend, scenario and last use",
        ),
        row("POST /__mock/reset", state.reset, "back to the start, or a part of it", state.ResetRequest),
        row("GET /__mock/state", state.show, "a versioned snapshot of the whole sandbox"),
        row("PUT /__mock/state", state.restore_state(context.sender), "restores one, all or nothing"),
        row("GET /__mock/clock", clock.show, "the sandbox's time"),
        row("PATCH /__mock/clock", clock.change, "sets it, moves it on, changes its mode", clock.ClockChange),
        row("GET /__mock/scenarios", scenarios.list, "the scenarios that there are"),
        row("GET /__mock/scenario", scenarios.show, "the active one, and how often each rule was met"),
        row("PUT /__mock/scenario", scenarios.put, '`{"name": "flaky"}`, or a whole scenario as JSON or YAML'),
        row("DELETE /__mock/scenario", scenarios.delete, "ends the scenario: no rules apply, and the contract does"),
        row("POST /__mock/accounts", accounts.create, "an account and its key", accounts.NewAccount),
        row("GET /__mock/accounts/{uid}", accounts.show, "an account"),
        row("PATCH /__mock/accounts/{uid}", accounts.change, "changes an account", accounts.AccountChange),
        row("POST /__mock/tokens", accounts.issue, "an ID token for a user", accounts.TokenRequest, changes=False),
        row(
            "POST /__mock/checkouts/{id}/pay",
            payments.finish_checkout(context.sender, "succeeded"),
            "pays a checkout: signs the event and delivers it",
        ),
        row(
            "POST /__mock/checkouts/{id}/fail",
            payments.finish_checkout(context.sender, "failed"),
            "lets its payment fail",
        ),
        row(
            "POST /__mock/webhooks/sign",
            payments.sign_webhook,
            "headers and body that the webhook takes",
            payments.SignRequest,
            changes=False,
        ),
        row("GET /__mock/requests", journal.show, "the journal, newest first", query=journal.QUERY),
        row("DELETE /__mock/requests", journal.clear, "empties the journal"),
        row("GET /__mock/conduct", journal.conduct, "findings about the client's behavior"),
        row("GET /__mock/events", journal.events, "server-sent events: each journal entry as it is made"),
        row("GET /__mock/ledger", info.ledger, "an account's money, entry by entry", query=("uid",)),
        row(
            "GET /__mock/firestore/{path:path}",
            info.firestore_place,
            "the documented places: usage, days, keys, logs, transactions",
        ),
    ]
    return table


def control_routes(
    table: Sequence[ControlRoute], local_only: LocalOnly, on_change: ControlListener | None = None
) -> list[TrailingSlashRoute]:
    """Return a Starlette route for each path of the table, behind the origin check; `on_change` gets every change."""
    by_path: dict[str, list[ControlRoute]] = {}
    for row in table:
        by_path.setdefault(row.path, []).append(row)
    return [_starlette_route(path, rows, local_only, on_change) for path, rows in by_path.items()]


def _starlette_route(
    path: str, rows: Sequence[ControlRoute], local_only: LocalOnly, on_change: ControlListener | None
) -> TrailingSlashRoute:
    handlers: dict[str, ControlHandler] = {row.method: row.handler for row in rows}
    listeners = {} if on_change is None else {row.method: on_change for row in rows if row.is_change}
    endpoint = ControlEndpoint(handlers, local_only, listeners)
    return TrailingSlashRoute(path, endpoint, methods=list(handlers), name=f"control:{path}")


def _described(table: Sequence[ControlRoute]) -> ControlHandler:
    """Handle ``GET /__mock/openapi.json``; `table` holds its own row by then."""

    async def show(request: Request) -> Response:
        return json_response(openapi.control_document(table, base_url_of(request)))

    return show
