"""A naive model of a sandbox: lists of what has happened, summed up again for every number.

It shares no code with the package. Times are in microseconds, money is in micro-dollars.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, NamedTuple

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE
DOLLAR = 1_000_000
START = 1_767_225_600 * SECOND  # 2026-01-01T00:00:00Z

# The documented prices of 1,000 tokens are 0.50, 0.10, 0.20 and 1.00 dollars: in micro-dollars per token.
RATES = {"chat.completions": 500, "embeddings": 100, "search": 200, "scripts.generate": 1000}
# Of a stream, when the clock runs.
TOKENS_PER_SECOND = 200

# U7: errors that are no use of the account.
UNUSED = {401, 402, 403, 405, 429}

# Faults of a stream alone.
STREAM_FAULTS = [
    *("malformed_chunk", "duplicate_chunk", "split_utf8", "no_usage", "no_done", "comments", "line_endings"),
    *("usage_chunk", "error_frame", "unframed_error", "early_end"),
]

# A scenario, as it is sent.
Spec = Mapping[str, Any]
NO_SCENARIO: Spec = {"name": "default", "rules": []}


class Wall:
    """The machine's time, which stands still unless a test lets it pass."""

    def __init__(self, read: Callable[[], int]) -> None:
        self._read = read
        self.past: int | None = None

    def __call__(self) -> int:
        return START + self._read() if self.past is None else self.past

    def __deepcopy__(self, memo: dict[int, Any]) -> "Wall":
        return self


class Payments(dict[tuple[str, int], str]):
    """Ids of the mock's payments by the drawing sandbox and their numbers; a restored sandbox draws them again."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "Payments":
        return self


class Movement(NamedTuple):
    """A change of a balance; `at` is None if it is not known to the millisecond."""

    kind: str
    endpoint: str | None
    tokens: int
    amount: int
    after: int
    at: int | None


class Use(NamedTuple):
    """A finished request of a key."""

    at: int
    endpoint: str
    tokens: int
    failed: bool


class Line(NamedTuple):
    """A request in the journal."""

    endpoint: str | None
    status: int | None
    account: str | None
    cost: int
    after: int | None
    rule: str | None
    left: bool


@dataclass(eq=False)
class Key:
    """A key; `raw` is None if nobody has seen it."""

    account: "Account"
    id: str
    raw: str | None
    name: str
    revoked: bool = False
    admitted: list[int] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)


@dataclass(eq=False)
class Account:
    uid: str
    access: bool = False
    activated: bool = False
    movements: list[Movement] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)

    @property
    def balance(self) -> int:
        return sum(-one.amount if one.kind == "charge" else one.amount for one in self.movements)

    def total(self, kind: str) -> int:
        return sum(one.amount for one in self.movements if one.kind == kind)

    def move(self, kind: str, amount: int, at: int | None, endpoint: str | None = None, tokens: int = 0) -> None:
        after = self.balance + (-amount if kind == "charge" else amount)
        self.movements.append(Movement(kind, endpoint, tokens, amount, after, at))
        if kind != "charge":
            self.reach()

    def reach(self) -> None:
        """Activate the account at 15 dollars, for ever."""
        if self.balance >= 15 * DOLLAR:
            self.activated = True

    def adjust(self, balance: int, at: int) -> None:
        if balance != self.balance:
            self.move("adjustment", balance - self.balance, at)
        self.reach()


@dataclass(eq=False)
class Checkout:
    id: str
    uid: str
    amount: int
    created: int
    status: str = "open"
    credited: bool = False
    # In elapsed time.
    due: int | None = None
    deliveries: int = 1


class Event(NamedTuple):
    """A payment event about a checkout."""

    id: str
    kind: str
    checkout: Checkout | None
    payment: str | None = None


@dataclass(eq=False)
class User:
    """A Firebase user."""

    uid: str
    email: str | None
    password: str | None


@dataclass
class Clock:
    """The clock shows `at` at the wall time `since`; `back` is the sum of its jumps back."""

    wall: Wall
    mode: str
    speed: float
    since: int
    at: int
    back: int = 0

    def now(self) -> int:
        return self.at + int((self.wall() - self.since) * self.rate)

    @property
    def rate(self) -> float:
        return {"real": 1, "frozen": 0, "scaled": self.speed}[self.mode]

    def elapsed(self) -> int:
        return self.now() + self.back

    def go_on(self, mode: str, speed: float, since: int, at: int) -> None:
        before = self.now()
        self.mode, self.speed, self.since, self.at = mode, speed, since, at
        self.back += max(0, before - self.now())

    def set(self, at: int) -> None:
        self.go_on(self.mode, self.speed, self.wall(), at)

    def wall_of(self, moment: int) -> int:
        """Return the first wall time at which the clock shows `moment`; it runs, and has reached it."""
        passed = int((moment - self.at) / self.rate) if self.rate else 0
        while self.rate and self.at + int(passed * self.rate) < moment:
            passed += 1
        return self.since + passed


@dataclass(eq=False)
class Run:
    """A scenario that runs. `clock`, `flags` and `adjustment` are what its end brings back."""

    spec: Spec
    began: int
    ends: int | None = None
    met: dict[str, int] = field(default_factory=dict)
    applied: dict[str, int] = field(default_factory=dict)
    clock: tuple[str, float, int, int] | None = None
    activated: bool | None = None
    access: bool | None = None
    adjustment: int = 0


class Refusal(NamedTuple):
    """The expected error of a request: status, code, Retry-After."""

    status: int
    code: str
    wait: int | None = None


@dataclass(eq=False)
class Request:
    """A request: the tokens of its answer, its own error if it has one, and what a rule does to it."""

    endpoint: str
    key: Key | None = None
    prompt: int = 0
    completion: int = 0
    streamed: bool = False
    refusal: Refusal | None = None
    then: Spec = field(default_factory=dict)
    rule: str | None = None


class Sent(NamedTuple):
    """The sent part of an answer: status, ending, the tokens of a stream, and True if no byte of the answer is."""

    status: int | None
    ending: str = "complete"
    tokens: int | None = None
    is_nothing: bool = False


class Outcome(NamedTuple):
    """The client's view: the status (None for no byte) and the ending; and what it pays."""

    status: int | None
    ending: str
    tokens: int
    failed: bool
    charged: bool


class Sandbox:
    """The expected state of a sandbox."""

    def __init__(
        self, wall: Wall, place: str, demo_key: tuple[str, str], demo_user: User, limits: tuple[int | None, ...]
    ) -> None:
        self.wall = wall
        self.usual_limits = limits
        self.clock = Clock(wall, "frozen", 1, wall(), START)
        self.taken_at = 0
        self.seen_wall = wall()
        self._demo = demo_key, demo_user
        self.payments = Payments()
        # Checkouts whose payments have been announced, with the numbers of these.
        self.announced: list[tuple[Checkout, int]] = []
        self.fill(place)

    def fill(self, place: str) -> None:
        """Begin anew in the sandbox `place`, by whose name payments are drawn."""
        self.place, self.drawn = place, 0
        key, user = self._demo
        self.limits = self.usual_limits
        self.accounts: dict[str, Account] = {}
        self.users = [user]
        self.checkouts: list[Checkout] = []
        self.marks: set[str] = set()
        self.journal: list[Line] = []
        demo = self.account("demo")
        demo.access = True
        demo.move("credit", 100 * DOLLAR, self.now())
        demo.keys.append(Key(demo, *key, "Demo key"))
        self.run = Run(NO_SCENARIO, self.now())
        self.side: dict[str, Run] = {}

    def now(self) -> int:
        return self.clock.now()

    def account(self, uid: str) -> Account:
        return self.accounts.setdefault(uid, Account(uid))

    @property
    def keys(self) -> list[Key]:
        return [key for account in self.accounts.values() for key in account.keys]

    # --- time, and what falls due -------------------------------------------------------------------------------------

    def arrive(self) -> None:
        """Note that some request arrives: the scenario ends if its time is over."""
        if self.run.ends is not None and self.now() >= self.run.ends:
            self.start(NO_SCENARIO)

    def settle(self) -> None:
        """Deliver the events of payments that have fallen due since the last call, each at its time."""
        while due := sorted(
            (one for one in self.checkouts if one.due is not None and one.due <= self.clock.elapsed()),
            key=lambda one: one.due or 0,
        ):
            checkout = due[0]
            reached = self.clock.wall_of(self.due(checkout) or 0)
            present = self.wall()
            # A clock that was set jumps over what is due.
            self.wall.past = min(max(reached, self.seen_wall), present)
            self.seen_wall = self.wall.past
            self.deliver(checkout, exact=self.clock.mode == "frozen")
            self.wall.past = None
        self.seen_wall = self.wall()

    def due(self, checkout: Checkout) -> int | None:
        """Return when a payment's event is due by the clock, whose jumps back do not change how long it waits."""
        return None if checkout.due is None else checkout.due - self.clock.back

    def deliver(self, checkout: Checkout, *, exact: bool = True) -> list[int]:
        """Let the mock announce a finished checkout; return the webhook's statuses."""
        checkout.due = None
        kind = f"payment.{checkout.status}"
        number, self.drawn = self.drawn, self.drawn + 1
        self.announced.append((checkout, number))
        event = Event(f"own {number}", kind, checkout, self.payments.get((self.place, number)))
        statuses = []
        for _ in range(checkout.deliveries):
            self.arrive()
            outcome, rule = self.receive(event, exact=exact)
            self.write(None, "dodo.webhook", outcome, rule, after=None)
            statuses.append(outcome.status or 0)
        return statuses

    def receive(
        self, event: Event, refusal: "Refusal | None" = None, *, exact: bool = True
    ) -> "tuple[Outcome, Spec | None]":
        """Receive an event, which counts once, and only for an open checkout; return the answer and its rule."""
        rule = self.plan(self.run, "dodo.webhook", None, None)
        then = {} if rule is None else rule["then"]
        checkout = event.checkout
        marks = {f"event {event.id}"} | ({f"payment {event.payment}"} if event.payment else set())
        if "error" in then or refusal or event.kind != "payment.succeeded" or marks & self.marks:
            checkout = None
        if checkout is not None and not checkout.credited:
            self.marks |= marks
            checkout.status, checkout.credited = "succeeded", True
            self.account(checkout.uid).move("credit", checkout.amount, self.now() if exact else None)
        return self.price(Request("dodo.webhook", None, 0, 0, False, refusal, then)), rule

    # --- scenarios ----------------------------------------------------------------------------------------------------

    def start(self, spec: Spec) -> None:
        """Start a scenario in place of the running one, which takes with it what it has set."""
        before, demo = self.run, self.account("demo")
        if before.clock is not None:
            self.clock.go_on(*before.clock)
        activated = demo.activated if before.activated is None else before.activated
        if before.adjustment:
            demo.adjust(demo.balance - before.adjustment, self.now())
        demo.activated = activated
        if before.access is not None:
            demo.access = before.access
        clock = spec.get("clock")
        moved = (self.clock.mode, self.clock.speed, self.clock.since, self.clock.at)
        if clock:
            if "mode" in clock:
                mode, _, speed = clock["mode"].partition(":")
                self.clock.go_on(mode, float(speed or 1), self.wall(), self.now())
            if "start" in clock:
                self.clock.set(START + clock["start"])
        self.limits = spec.get("limits", self.usual_limits)
        ends = self.now() + seconds(spec["ttl"]) if "ttl" in spec else None
        self.run = Run(spec, self.now(), ends, clock=moved if clock else None)
        self.prepare(demo, spec.get("account", {}))
        self.side = {}

    def prepare(self, demo: Account, wanted: Spec) -> None:
        """Set the demo account as the running scenario says, and note what that replaces."""
        balance, activated, access = demo.balance, demo.activated, demo.access
        if "balance" in wanted:
            demo.adjust(wanted["balance"], self.now())
        demo.activated = wanted.get("activated", demo.activated)
        demo.access = wanted.get("developer_access", demo.access)
        if wanted:
            self.run.adjustment = demo.balance - balance
            self.run.activated = None if demo.activated == activated else activated
            if "developer_access" in wanted:
                self.run.access = None if demo.access == access else access

    def plan(self, run: Run, endpoint: str, uid: str | None, key: Key | None) -> Spec | None:
        """Return the first rule that applies, and count."""
        for rule in run.spec["rules"]:
            when, name = rule["when"], rule["name"]
            places = when.get("endpoint", "*")
            if places != "*" and endpoint not in ([places] if isinstance(places, str) else places):
                continue
            if "account" in when and when["account"] != uid:
                continue
            if "key" in when and (key is None or when["key"] not in (key.name, key.id)):
                continue
            first, end = map(seconds, when.get("between", ["0s", "999999999s"]))
            if not first <= self.now() - run.began < end:
                continue
            run.met[name] = run.met.get(name, 0) + 1
            if is_counted(run.met[name], when.get("calls", "1-")):
                run.applied[name] = run.applied.get(name, 0) + 1
                return dict(rule)
        return None

    # --- paid requests ------------------------------------------------------------------------------------------------

    def gate(self, key: Key) -> Refusal | None:
        """Return the refusal of a request now; without one, it is admitted and counts."""
        now, account = self.now(), key.account
        if not account.activated:
            return Refusal(402, "account_not_activated")
        if account.balance <= 0:
            return Refusal(402, "insufficient_balance")
        minute, day = self.limits
        if day is not None and sum(use.tokens for use in key.uses if use.at // DAY == now // DAY) >= day:
            return Refusal(429, "daily_token_limit_exceeded", up((now // DAY + 1) * DAY - now))
        if minute is None:
            return None
        key.admitted = sorted(moment for moment in key.admitted if now - moment < MINUTE)
        young = [moment for moment in key.admitted if moment <= now]
        if len(young) >= minute:
            return Refusal(429, "rate_limit_exceeded", min(60, up((young[-minute] if minute else now) + MINUTE - now)))
        key.admitted.append(now)
        return None

    def price(self, request: Request) -> Outcome:
        """Return what a client gets and pays that waits for the end of an answer, or leaves one that never ends."""
        error, own = request.then.get("error"), request.refusal
        status = error or (own.status if own else 200)
        streamed = request.streamed and status < 400
        sent = Sent(status, tokens=request.completion if streamed else None)
        fault = request.then.get("fault")
        if fault is not None and _befalls(fault, streamed, is_error=status >= 400):
            sent = _struck(fault, sent)
        failed = sent.is_nothing or (sent.status or 0) >= 400
        charge = None if own else request.then.get("charge")
        charged = not failed if charge is None else bool(charge)
        completion = request.completion if charge or sent.tokens is None else sent.tokens
        return Outcome(sent.status, sent.ending, (request.prompt + completion) if charged else 0, failed, charged)

    def finish(self, request: Request, outcome: Outcome) -> None:
        """Record a paid request, now that it has ended."""
        key = request.key
        assert key is not None
        cost = outcome.tokens * RATES[request.endpoint]
        if outcome.charged:
            key.account.move("charge", cost, self.now(), request.endpoint, outcome.tokens)
        if outcome.charged or outcome.status not in UNUSED:
            use = Use(self.now(), request.endpoint, outcome.tokens, outcome.failed)
            key.account.uses.append(use)
            key.uses.append(use)
        rule = None if request.rule is None else {"name": request.rule}
        self.write(key.account.uid, request.endpoint, outcome, rule, key.account.balance, cost)

    def write(
        self,
        uid: str | None,
        endpoint: str | None,
        outcome: Outcome,
        rule: Spec | None,
        after: int | None,
        cost: int = 0,
    ) -> None:
        left = outcome.ending == "left"
        name = None if rule is None else rule["name"]
        self.journal.append(Line(endpoint, outcome.status, uid, cost, after, name, left))

    # --- resets and snapshots -----------------------------------------------------------------------------------------

    def reset(self, part: str | None, place: str) -> None:
        if part == "journal":
            self.journal = []
        elif part == "scenario":
            self.start(NO_SCENARIO)
        elif part == "ledger":
            self.reset_money()
        else:
            self.clock.go_on("frozen", 1, self.wall(), START)
            self.fill(place)

    def reset_money(self) -> None:
        for account in self.accounts.values():
            account.movements, account.uses = [], []
            for key in account.keys:
                key.admitted, key.uses = [], []
        self.checkouts, self.marks = [], set()
        demo = self.account("demo")
        demo.activated = False
        demo.move("credit", 100 * DOLLAR, self.now())
        wanted = {name: value for name, value in self.run.spec.get("account", {}).items() if name != "developer_access"}
        if "account" in self.run.spec:
            self.run.adjustment, self.run.activated = 0, None
            self.prepare(demo, wanted)

    def snapshot(self) -> "Sandbox":
        copy = deepcopy(self)
        copy.taken_at = self.now() - self.wall() if self.clock.mode == "real" else self.now()
        return copy

    def restored(self, present: Clock) -> "Sandbox":
        """Return a sandbox that goes on from this snapshot, in place of one with the clock `present`."""
        copy = deepcopy(self)
        saved = copy.clock
        at = self.wall() + self.taken_at if saved.mode == "real" else self.taken_at
        copy.clock = deepcopy(present)
        copy.clock.go_on(saved.mode, saved.speed, self.wall(), at)
        for checkout in copy.checkouts:
            if checkout.due is not None:
                checkout.due += copy.clock.back - saved.back
        copy.seen_wall = self.wall()
        return copy


def _befalls(fault: Spec, streamed: bool, *, is_error: bool) -> bool:
    """Tell whether a fault can befall an answer: some need a stream, and errors have no tokens to count."""
    return streamed or (fault["kind"] not in STREAM_FAULTS and not (is_error and "after_tokens" in fault))


def _struck(fault: Spec, sent: Sent) -> Sent:
    """Return what is sent of an answer under a fault."""
    match fault["kind"]:
        case "garbage" | "empty_body":
            return Sent(200, is_nothing=True)
        case "html_error":
            return Sent(fault.get("status", 502), is_nothing=True)
        case "error_frame" | "unframed_error" | "early_end":
            return sent._replace(tokens=min(fault.get("after_tokens", 0), sent.tokens or 0))
        case "reset" | "close" | "stall" | "truncate":
            return _cut(fault, sent)
    return sent


def _cut(fault: Spec, sent: Sent) -> Sent:
    kind, after = str(fault["kind"]), fault.get("after_tokens")
    if "for" in fault:
        return sent
    sent = sent._replace(ending={"truncate": "close", "stall": "left"}.get(kind, kind))
    if kind == "truncate":
        if sent.tokens is None:
            return sent
        # Of a stream's events, the first has no token.
        after = max(0, int((sent.tokens + 2) * fault.get("fraction", 0.5)) - 1)
    if after is None:
        return sent._replace(status=sent.status if "at" in fault else None, tokens=None, is_nothing=True)
    if sent.tokens is None:
        return sent._replace(is_nothing=after == 0)
    return sent._replace(tokens=min(after, sent.tokens))


def seconds(text: str) -> int:
    return int(text.removesuffix("s")) * SECOND


def up(micros: int) -> int:
    """Return whole seconds, at least one."""
    return max(1, (micros + SECOND - 1) // SECOND)


def is_counted(number: int, calls: int | str) -> bool:
    """Tell whether call `number` is among ``3``, ``1-2``, ``4-`` or ``every 5``."""
    if isinstance(calls, int):
        return number == calls
    if calls.startswith("every "):
        return number % int(calls.removeprefix("every ")) == 0
    first, _, last = calls.partition("-")
    return number >= int(first) and (not last or number <= int(last))
