"""Schemas of the control plane's answers, for ``/__mock/openapi.json``; amounts are in dollars, times in RFC 3339."""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from clevora_mock.api.schemas.dashboard import Transaction
from clevora_mock.clock import Mode
from clevora_mock.contract.endpoints import Basis
from clevora_mock.core.conduct.finding import Severity, Verdict
from clevora_mock.core.reply import Source
from clevora_mock.core.waste import WasteKind
from clevora_mock.evidence import ClauseEvidence


class Answer(Struct, frozen=True, rename="camel"):
    """The base of all answers."""


class Home(Answer, frozen=True):
    """The addresses and credentials of a sandbox."""

    name: str
    version: str
    base_url: str
    api_key: str
    webhook_secret: str
    sandbox: str
    links: dict[str, str]


class ClockView(Answer, frozen=True):
    """A sandbox's clock; `speed` is that of a scaled one, in seconds per second."""

    now: str
    mode: Mode
    speed: float | UnsetType = UNSET


class Health(Answer, frozen=True):
    """The server's readiness and the sandbox's settings; `server` is the server's name, if it has one."""

    status: Literal["ok"]
    version: str
    sandbox: str
    seed: int
    scenario: str
    firebase_project: str
    clock: ClockView
    server: str | UnsetType = UNSET


class ClauseView(Answer, frozen=True):
    """A clause of the contract, with its documented and its inferred part.

    `verified` is what came of it when the live API was asked; null if nobody has asked.
    """

    id: str
    basis: list[Basis]
    documented: str
    inferred: str
    verified: ClauseEvidence | None


class FidelityEvidence(Answer, frozen=True):
    """The run of ``clevora-mock verify`` that the server was given: its time, host, version and verdicts."""

    date: str
    host: str
    version: str
    confirmed: int
    refuted: int
    could_not_check: int


class Fidelity(Answer, frozen=True):
    """The clauses of the contract, how far they were checked, and the entries of the contract file."""

    status: str
    evidence: FidelityEvidence | None
    overrides: dict[str, Any]
    clauses: list[ClauseView]


class SandboxView(Answer, frozen=True):
    """A sandbox."""

    name: str
    requests: int
    spend: float
    scenario: str
    last_used: str | None


class SandboxList(Answer, frozen=True):
    """All sandboxes, the least recently used first, after `default`."""

    sandboxes: list[SandboxView]


class RemovedSandbox(Answer, frozen=True):
    """The name of a removed sandbox, null if there was none."""

    removed: str | None


class ResetPart(Answer, frozen=True):
    """The part that was reset."""

    reset: Literal["everything", "journal", "ledger", "scenario"]


class RestoredState(Answer, frozen=True):
    """The confirmation of a restored snapshot."""

    restored: bool


class ScenarioSummary(Answer, frozen=True):
    """A scenario that can be started by its name."""

    name: str
    description: str


class ScenarioList(Answer, frozen=True):
    """All scenarios, and the name of the active one."""

    active: str
    scenarios: list[ScenarioSummary]


class ScenarioSource(Answer, frozen=True):
    """A scenario that can be started by its name, with its text."""

    name: str
    description: str
    source: str


class ScenarioProblemView(Answer, frozen=True):
    """A problem of a scenario's text, at a line and a column from 1; a warning does not keep it from being used."""

    line: int
    column: int
    severity: Literal["error", "warning"]
    message: str


class ScenarioCheck(Answer, frozen=True):
    """The problems of a scenario's text, in order; the names of its rules, if there is no error."""

    problems: list[ScenarioProblemView]
    rules: list[str]


class RuleVerdict(Answer, frozen=True):
    """A rule's part in the answer to a request: it decides, an earlier one does, it is off, or a condition fails."""

    rule: str
    verdict: Literal["decides", "after", "off", "fails"]
    failed: str | None
    field: str | None
    expected: str | None
    got: str | None
    draw: float | None


class RuleMatch(Answer, frozen=True):
    """The rule that decides about a request, null for none, and the verdict on each rule in their order."""

    endpoint: str
    rule: str | None
    rules: list[RuleVerdict]


class RuleCounts(Answer, frozen=True):
    """The number of requests that met a rule's conditions before `calls`, and of those to which it applied."""

    name: str
    met: int
    applied: int
    enabled: bool


class ActiveScenario(Answer, frozen=True):
    """The active scenario; `source` is its text."""

    name: str
    description: str
    rules: list[RuleCounts]
    source: str


class AccountKey(Answer, frozen=True):
    """A key of an account; the preview has its first 20 and last 2 characters."""

    id: str
    name: str
    preview: str
    revoked: bool


class Refusal(Answer, frozen=True):
    """The error that an account's next request with an API key gets."""

    status: int
    code: str
    reason: str


class AccountDetails(Answer, frozen=True):
    """An account with its keys; `refusal` is null while its requests are answered."""

    uid: str
    email: str | None
    balance: float
    activated: bool
    developer_access: bool
    tier: str
    refusal: Refusal | None
    keys: list[AccountKey]


class CreatedAccount(AccountDetails, frozen=True):
    """A new account with its first key, which no other answer shows."""

    api_key: str


class AccountDetailsList(Answer, frozen=True):
    """All accounts, the oldest first."""

    accounts: list[AccountDetails]


class KeyLimits(Answer, frozen=True):
    """The rest of a key's limits now; null for a limit that is off."""

    id: str
    name: str
    preview: str
    uid: str
    revoked: bool
    requests_left: int | None
    tokens_left: int | None


class LimitsView(Answer, frozen=True):
    """The limits of each key, null for one that is off, and what is left of them."""

    requests_per_minute: int | None
    tokens_per_day: int | None
    keys: list[KeyLimits]


class IdToken(Answer, frozen=True):
    """A Firebase ID token."""

    id_token: str


class CheckoutDetails(Answer, frozen=True):
    """A top-up's checkout; `due_at` is the time at which its event is still to be delivered."""

    id: str
    url: str
    uid: str
    email: str | None
    amount: float
    status: Literal["open", "succeeded", "failed"]
    credited: bool
    created_at: str
    expires_at: str
    due_at: str | None


class CheckoutDetailsList(Answer, frozen=True):
    """All checkouts, the oldest first."""

    checkouts: list[CheckoutDetails]


class FinishedCheckout(Answer, frozen=True):
    """A finished checkout; the webhook's status for each delivery, and for the last one, null if it is delayed."""

    id: str
    status: Literal["succeeded", "failed"]
    webhook_status: int | None
    webhook_statuses: list[int]


class SignedEvent(Answer, frozen=True):
    """A signed event: the headers and the body to send."""

    headers: dict[str, str]
    body: str


class NearMissView(Answer, frozen=True):
    """A rule that did not apply: the first condition that failed, on a field of the request, and the rule's draw."""

    rule: str
    failed: str
    field: str
    expected: str
    got: str
    draw: float | None


class JournalEntryView(Answer, frozen=True):
    """A request in the journal."""

    id: str
    time: str
    endpoint: str | None
    method: str
    path: str
    query: str
    key: str | None
    account: str | None
    status: int | None
    code: str | None
    message: str | None
    hint: str | None
    latency_ms: int
    prompt_tokens: int
    completion_tokens: int
    cost: float
    balance_after: float | None
    client: str
    body: Any
    body_bytes: int
    response: str
    ignored: list[str]
    abandoned: bool
    rule: str | None
    draw: float | None
    fault: str | None
    source: Source
    near_misses: list[NearMissView]


class JournalView(Answer, frozen=True):
    """The number of entries that match, that of evicted ones, and the newest that match."""

    count: int
    evicted: int
    requests: list[JournalEntryView]


class RecordingView(Answer, frozen=True):
    """The recording of a sandbox: its file, the exchanges in it, and the numbers of the lines that were not used."""

    file: str | None
    mode: Literal["off", "replay", "once", "new", "all"]
    exchanges: int
    unused: list[int]


class Finding(Answer, frozen=True):
    """A client's mistake; `requests` has the first hundred ids of `count`, `dollars` is what was paid for nothing."""

    kind: str
    severity: Severity
    message: str
    advice: str
    requests: list[str]
    count: int
    dollars: float


class ConductReport(Answer, frozen=True):
    """The findings about the client's behavior: fail with an error among them, warn with warnings alone."""

    verdict: Verdict
    findings: list[Finding]


class LedgerView(Answer, frozen=True):
    """An account's ledger, the oldest entry first; `folded` entries are in the sums alone."""

    uid: str
    balance: float
    credits: float
    charges: float
    adjustments: float
    tokens: int
    folded: int
    entries: list[Transaction]


SpendGrouping = Literal["endpoint", "rule", "key", "sandbox"]


class SpendGroupView(Answer, frozen=True):
    """The requests of a group that cost something; `name` is null for those without a rule."""

    name: str | None
    requests: int
    tokens: int
    dollars: float


class WasteView(Answer, frozen=True):
    """Money that was paid in vain, and the ids of the requests that cost it."""

    kind: WasteKind
    requests: list[str]
    dollars: float


class WasteReport(Answer, frozen=True):
    """The waste in the journal's `entries`; `evicted` ones are no longer known."""

    dollars: float
    kinds: list[WasteView]
    entries: int
    evicted: int


class SpendReport(Answer, frozen=True):
    """All charges in the ledgers, and by group those of the entries that are kept, the most expensive first.

    `folded` entries of ledgers are in the sums alone, and of the charges among them come `folded_dollars`.
    """

    group: SpendGrouping
    dollars: float
    groups: list[SpendGroupView]
    folded: int
    folded_dollars: float
    waste: WasteReport


class ClockChanged(Answer, frozen=True, tag_field="kind", tag="clock"):
    """The clock was set, or its mode."""

    clock: ClockView


class ScenarioChanged(Answer, frozen=True, tag_field="kind", tag="scenario"):
    """A scenario was started or ended."""

    scenario: ActiveScenario


class MoneyChanged(Answer, frozen=True, tag_field="kind", tag="money"):
    """An account's balance changed, by the entry of its ledger."""

    uid: str
    balance: float
    entry: Transaction


class AccountChanged(Answer, frozen=True, tag_field="kind", tag="account"):
    """An account was created or changed, or one of its keys."""

    account: AccountDetails


class SandboxReset(Answer, frozen=True, tag_field="kind", tag="reset"):
    """The sandbox, or a part of it, was reset, or its state replaced by a snapshot."""

    reset: Literal["everything", "journal", "ledger", "scenario", "state"]


ChangeEvent = ClockChanged | ScenarioChanged | MoneyChanged | AccountChanged | SandboxReset
