"""Table of the control plane's routes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, get_args

from msgspec import Struct
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.control import (
    accounts,
    clock,
    conduct,
    events,
    firestore,
    info,
    journal,
    match,
    metrics,
    openapi,
    payments,
    recording,
    sandboxes,
    schemas,
    spend,
    state,
)
from clevora_mock.control.checkout import CheckoutPage
from clevora_mock.control.console import ConsolePages
from clevora_mock.control.endpoint import (
    MAX_SNAPSHOT_BYTES,
    ControlEndpoint,
    ControlListener,
    get_base_url,
)
from clevora_mock.control.origin_check import LocalOnly
from clevora_mock.control.route import ControlHandler, ControlRoute
from clevora_mock.control.scenario import RuleSwitches, ScenarioHandlers, ScenarioName, ScenarioText
from clevora_mock.control.webhook_sender import WebhookSender
from clevora_mock.core.metrics import RequestMetrics
from clevora_mock.core.sandboxes import Sandboxes
from clevora_mock.core.snapshot import State
from clevora_mock.evidence import Evidence
from clevora_mock.scenarios.store import ScenarioStore
from clevora_mock.web.background import Background
from clevora_mock.web.json_response import json_response
from clevora_mock.web.operation import Operation
from clevora_mock.web.routing import TrailingSlashRoute

if TYPE_CHECKING:
    from clevora_mock.recordings.recordings import Recordings

# Of a scenario, and of an event to sign.
_TEXT_BYTES = 1024 * 1024


class ControlContext(Struct, frozen=True, kw_only=True):
    """Parts of a server that handlers need; `server` is its name, if it has one.

    `overrides` are the contract file's entries.
    """

    sandboxes: Sandboxes
    metrics: RequestMetrics
    store: ScenarioStore
    sender: WebhookSender
    operations: list[Operation]
    background: Background
    overrides: dict[str, Any]
    evidence: Evidence | None
    recordings: "Recordings | None" = None
    server: str | None = None


def build_control_table(context: ControlContext) -> list[ControlRoute]:
    """Return all routes outside the emulated APIs."""
    table: list[ControlRoute] = []
    table += [*_pages(context, table), *_state(context), *_accounts(context), *_records(context)]
    return table


def _pages(context: ControlContext, table: Sequence[ControlRoute]) -> list[ControlRoute]:
    """Return the routes of pages and of the server; `table` may grow after this call."""
    checkout, console, row = CheckoutPage(context.sender), ConsolePages(), ControlRoute
    html, document = "text/html", dict[str, Any]
    return [
        row("GET /", console.show_home, "version, base URL, API key and links; the console for browsers", schemas.Home),
        row("GET /console", console.show, "the console", str, media_type=html),
        row(
            "GET /console/{version}/{path:path}",
            console.show_file,
            "a file of the console",
            str,
            media_type="text/javascript",
        ),
        row(
            "GET /openapi.json",
            info.show_openapi(context.operations, context.evidence),
            "the emulated API as OpenAPI 3.1",
            document,
        ),
        row(
            "GET /checkout/{id}",
            checkout.show,
            "the page where a top-up is paid",
            str,
            any_peer=True,
            media_type=html,
        ),
        row(
            "POST /checkout/{id}",
            checkout.finish,
            "pays the top-up, or lets the payment fail",
            str,
            any_peer=True,
            media_type=html,
            max_body=1024,
        ),
        row(
            "DELETE /",
            sandboxes.remove_sandbox(context.sandboxes),
            "under `/sandbox/<name>`: removes the sandbox",
            schemas.RemovedSandbox,
            removes=True,
        ),
        row(
            "GET /__mock/health",
            info.show_health(context.server),
            "200 when ready, with the server's settings",
            schemas.Health,
            any_host=True,
        ),
        row("GET /__mock/openapi.json", _show_control_openapi(table), "these routes as OpenAPI 3.1", document),
        row(
            "GET /__mock/fidelity",
            info.show_fidelity(context.evidence, context.overrides),
            "every clause of the contract, documented or inferred",
            schemas.Fidelity,
        ),
        row(
            "GET /__mock/sandboxes",
            sandboxes.list_sandboxes(context.sandboxes),
            "all sandboxes, with requests, spend, scenario and last use",
            schemas.SandboxList,
            is_long=True,
        ),
    ]


def _state(context: ControlContext) -> list[ControlRoute]:
    """Return the routes of a sandbox's state, clock and scenario."""
    scenarios, row = ScenarioHandlers(context.store, context.background, context.sandboxes), ControlRoute
    return [
        row(
            "POST /__mock/reset",
            state.reset_sandbox,
            "resets the sandbox, or a part of it",
            schemas.ResetPart,
            state.ResetRequest,
            optional_body=True,
        ),
        row(
            "GET /__mock/state",
            state.show_state(context.background),
            "a versioned snapshot of the whole sandbox",
            State,
            is_long=True,
        ),
        row(
            "PUT /__mock/state",
            state.put_state(context.sender, context.background, context.sandboxes),
            "restores a snapshot, all or nothing",
            schemas.RestoredState,
            State,
            max_body=MAX_SNAPSHOT_BYTES,
        ),
        row("GET /__mock/clock", clock.show_clock, "the sandbox's clock", schemas.ClockView),
        row(
            "PATCH /__mock/clock",
            clock.change_clock,
            "sets or advances it, or changes its mode",
            schemas.ClockView,
            clock.ClockChange,
        ),
        row(
            "GET /__mock/scenarios",
            scenarios.list,
            "all scenarios, and the active one's name",
            schemas.ScenarioList,
        ),
        row(
            "GET /__mock/scenario",
            scenarios.show,
            "the active scenario; how often each rule was met, and applied",
            schemas.ActiveScenario,
        ),
        row(
            "PUT /__mock/scenario",
            scenarios.put,
            'starts `{"name": "flaky"}`, or a scenario as JSON or YAML',
            schemas.ActiveScenario,
            ScenarioName,
            takes_scenario=True,
            max_body=_TEXT_BYTES,
        ),
        row(
            "PATCH /__mock/scenario",
            scenarios.switch,
            "switches rules of the active scenario on or off",
            schemas.ActiveScenario,
            RuleSwitches,
        ),
        row(
            "GET /__mock/scenarios/{name}",
            scenarios.show_source,
            "a scenario's text",
            schemas.ScenarioSource,
        ),
        row(
            "POST /__mock/scenario/check",
            scenarios.check,
            "the problems of a scenario's text, with lines and columns",
            schemas.ScenarioCheck,
            ScenarioText,
            changes=False,
            max_body=_TEXT_BYTES,
        ),
        row(
            "POST /__mock/scenario/match",
            match.match_request(context.background),
            "the rule that would decide about a request, and why not the others",
            schemas.RuleMatch,
            match.MatchRequest,
            changes=False,
            max_body=_TEXT_BYTES,
        ),
        row("DELETE /__mock/scenario", scenarios.delete, "ends the scenario: no rules apply", schemas.ActiveScenario),
        row(
            "GET /__mock/recording",
            recording.show_recording(context.recordings, context.background),
            "the sandbox's recording, and which of its lines were not used",
            schemas.RecordingView,
        ),
        row(
            "PUT /__mock/recording",
            recording.put_recording(context.recordings, context.background),
            'uses another one, from its beginning: `{"name": "greeting"}`',
            schemas.RecordingView,
            recording.RecordingChoice,
        ),
    ]


def _accounts(context: ControlContext) -> list[ControlRoute]:
    """Return the routes of accounts, tokens and payments."""
    sender, background, row = context.sender, context.background, ControlRoute
    return [
        row(
            "GET /__mock/accounts",
            accounts.list_accounts(background),
            "all accounts",
            schemas.AccountDetailsList,
            is_long=True,
        ),
        row(
            "POST /__mock/accounts",
            accounts.create_account,
            "creates an account and a key",
            schemas.CreatedAccount,
            accounts.NewAccount,
            optional_body=True,
        ),
        row("GET /__mock/accounts/{uid}", accounts.show_account, "an account", schemas.AccountDetails),
        row(
            "PATCH /__mock/accounts/{uid}",
            accounts.change_account,
            "changes an account",
            schemas.AccountDetails,
            accounts.AccountChange,
        ),
        row(
            "GET /__mock/limits",
            accounts.show_limits(background),
            "the limits, and what is left of them for each key",
            schemas.LimitsView,
        ),
        row(
            "POST /__mock/tokens",
            accounts.issue_token,
            "issues an ID token for a user",
            schemas.IdToken,
            accounts.TokenRequest,
            changes=False,
        ),
        row(
            "GET /__mock/checkouts",
            payments.list_checkouts(background),
            "all checkouts",
            schemas.CheckoutDetailsList,
            is_long=True,
        ),
        row(
            "POST /__mock/checkouts/{id}/pay",
            payments.finish_checkout(sender, "succeeded"),
            "pays a checkout, and delivers the signed event",
            schemas.FinishedCheckout,
            payments.DeliveryRequest,
            optional_body=True,
        ),
        row(
            "POST /__mock/checkouts/{id}/fail",
            payments.finish_checkout(sender, "failed"),
            "lets a checkout's payment fail, and delivers the signed event",
            schemas.FinishedCheckout,
            payments.DeliveryRequest,
            optional_body=True,
        ),
        row(
            "POST /__mock/webhooks/sign",
            payments.sign_webhook(background),
            "signs an event: headers and body to post to the webhook",
            schemas.SignedEvent,
            payments.SignRequest,
            changes=False,
            max_body=_TEXT_BYTES,
        ),
    ]


def _records(context: ControlContext) -> list[ControlRoute]:
    """Return the routes of journal, ledger and documents."""
    background, row = context.background, ControlRoute
    return [
        row(
            "GET /__mock/requests",
            journal.list_requests(background),
            "the journal, newest first",
            schemas.JournalView,
            query=journal.QUERY,
            is_long=True,
        ),
        row("DELETE /__mock/requests", journal.clear_journal, "empties the journal", schemas.JournalView, removes=True),
        row(
            "GET /__mock/conduct",
            conduct.show_conduct(background),
            "findings about the client's behavior, and the verdict",
            schemas.ConductReport,
            query=conduct.QUERY,
            is_long=True,
        ),
        row(
            "GET /__mock/events",
            events.EventStreams().stream,
            "server-sent events: new journal entries, and changes of clock, scenario, money and accounts",
            (schemas.JournalEntryView, schemas.ChangeEvent),
            media_type="text/event-stream",
        ),
        row(
            "GET /__mock/ledger",
            info.show_ledger(background),
            "an account's ledger",
            schemas.LedgerView,
            query=("uid",),
            is_long=True,
        ),
        row(
            "GET /__mock/spend",
            spend.show_spend(context.background, context.sandboxes),
            "money by endpoint, rule, key or sandbox, and how much of it was wasted",
            schemas.SpendReport,
            query=("group",),
            is_long=True,
        ),
        row(
            "GET /__mock/metrics",
            metrics.show_metrics(background, context.sandboxes, context.metrics),
            "the server's counters in Prometheus' text format",
            str,
            media_type="text/plain",
            is_long=True,
        ),
        row(
            "GET /__mock/firestore/{path:path}",
            info.show_firestore(background),
            "the documented Firestore documents: usage, days, keys, logs, transactions",
            (*get_args(firestore.Document), firestore.DocumentList),
            is_long=True,
        ),
    ]


def build_control_routes(
    table: Sequence[ControlRoute], local_only: LocalOnly, on_change: ControlListener | None = None
) -> list[TrailingSlashRoute]:
    """Return a Starlette route per path of the table, behind the origin check; `on_change` is for the endpoints."""
    by_path: dict[str, list[ControlRoute]] = {}
    for row in table:
        by_path.setdefault(row.path, []).append(row)
    return [_starlette_route(path, rows, local_only, on_change) for path, rows in by_path.items()]


def _starlette_route(
    path: str, rows: Sequence[ControlRoute], local_only: LocalOnly, on_change: ControlListener | None
) -> TrailingSlashRoute:
    checked = None if any(row.any_host for row in rows) else local_only
    # Part of the emulated API, whoever may use that (B7).
    if any(row.any_peer for row in rows):
        checked = replace(local_only, access="allowed")
    endpoint = ControlEndpoint(rows, checked, on_change)
    return TrailingSlashRoute(path, endpoint, methods=[row.method for row in rows], name=f"control:{path}")


def _show_control_openapi(table: Sequence[ControlRoute]) -> ControlHandler:
    """Handle ``GET /__mock/openapi.json``; `table` may grow after this call."""

    async def show(request: Request) -> Response:
        return json_response(openapi.build_control_document(table, get_base_url(request)))

    return show
