"""A run's conversation with one server: credentials, pace, money, and the answers so far."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import Struct

from clevora_mock.clock import SECOND
from clevora_mock.contract.errors import ERROR_BY_CODE
from clevora_mock.verify.answers import compare_status, json_of, micros_of, require_no_page, seconds_to_wait, value_of
from clevora_mock.verify.ask import CHEAP, CREDENTIALS, NEEDS, Ask
from clevora_mock.verify.client import Answer, CannotCheckError, Request, Transport, UnansweredError
from clevora_mock.verify.error_forms import ErrorForms, compare_form
from clevora_mock.verify.expectation import MISSING, Difference, compare
from clevora_mock.verify.pace import Pace
from clevora_mock.verify.spending import Charge, Spending, charge_of, is_priced

T = TypeVar("T")

UNKNOWN_KEY = "sk_live_" + "f" * 32

# So many requests without an answer in a row, and nothing more is asked.
_GIVE_UP_AFTER = 3
# So many seconds may the server's clock be off.
_CREATED_DIFFERS = 86_400
_OF_CREDENTIALS = ("invalid_api_key", "invalid_id_token")
# Statuses of a server, or of what stands before it, that may do better the second time.
_FAILED = frozenset({408, 425, 500, 502, 503, 504, *range(507, 600)})


class GaveUpError(Exception):
    """A server that is not worth asking further; the message says why."""


class Credentials(Struct, frozen=True):
    """The credentials that the run may use; None is not given."""

    api_key: str | None = None
    id_token: str | None = None
    other_id_token: str | None = None
    webhook_secret: str | None = None


class CreatedKey(Struct, frozen=True):
    """A key that the run created; `credential` is that of its owner, as in `CREDENTIALS`."""

    id: str
    raw: str
    credential: str
    status: int
    body: dict[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        """The body's ``data``, which has at least the id and the key."""
        data: dict[str, Any] = self.body["data"]
        return data


class Session:
    """Asks one server; requests of value answers are asked once, and probes share the answer.

    `created_keys` are revoked at the end of the run, and `failures` counts requests that were answered with 500.
    """

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials,
        pace: Pace,
        max_spend: int,
        homes: dict[str, Ask],
        wall: int = 0,
    ) -> None:
        self.credentials = credentials
        self.pace = pace
        self.errors = ErrorForms(homes, self.answer)
        self.created_keys: list[CreatedKey] = []
        self.requests = 0
        self.failures = 0
        self._wall = wall - pace.now()
        self._transport = transport
        self._answers: dict[bytes, Answer | UnansweredError] = {}
        self._taken: dict[Callable[[Session], Any], Any] = {}
        self._unanswered = 0
        self._max_spend = max_spend
        self.spending = Spending(max_spend, None if credentials.id_token is None else self.balance)

    def trust_prices(self) -> None:
        """Take the price table's word for what is spent, since the balance cannot be read."""
        self.spending = Spending(self._max_spend, None)

    def without_credentials(self, text: str) -> str:
        """Return `text` without the run's credentials."""
        given = self.credentials
        for secret in (given.api_key, given.id_token, given.other_id_token, given.webhook_secret):
            text = text.replace(secret, "***") if secret else text
        return text

    def wall_seconds(self) -> int:
        """Return this machine's time in seconds since 1970."""
        return (self._wall + self.pace.now()) // SECOND

    def compare_created(self, created: object) -> list[Difference]:
        """Compare the time of an answer, in seconds since 1970, with this machine's to the day."""
        if not isinstance(created, int):
            raise CannotCheckError("the answer has no time in seconds")
        is_now = abs(created - self.wall_seconds()) <= _CREATED_DIFFERS
        return [] if is_now else [Difference("created", "the time of the answer", "another time")]

    def once(self, step: Callable[["Session"], T]) -> T:
        """Return the result of `step`, which is taken once a run. What it raises is not kept."""
        if step not in self._taken:
            self._taken[step] = step(self)
        result: T = self._taken[step]
        return result

    def taken(self, step: Callable[["Session"], T]) -> T | None:
        """Return the result of `step`; None where it was not taken yet."""
        return self._taken.get(step)

    # --- asking -------------------------------------------------------------------------------------------------------

    def differences(self, ask: Ask) -> list[Difference]:
        """Ask once, and compare the answer."""
        return self.compare(ask, self.answer(ask))

    def answer(self, ask: Ask) -> Answer:
        """Return the answer to `ask`, from before if it was asked before. Raises CannotCheckError."""
        key = ask.key
        if key not in self._answers:
            try:
                self._answers[key] = self.ask(ask)
            except UnansweredError as error:
                # A server that hangs is not waited for again by each probe.
                self._answers[key] = error
        found = self._answers[key]
        if isinstance(found, UnansweredError):
            raise found
        return found

    def ask(self, ask: Ask, leave_after: int | None = None) -> Answer:
        """Ask anew. Raises CannotCheckError for an answer that says nothing about the contract."""
        return self.send(self.request(ask, leave_after), expected=self._expected(ask), charge=self._charge(ask))

    def _charge(self, ask: Ask) -> Charge | None:
        """Return what the account may be charged for; None for a request that it has no part in."""
        is_account = ask.credential == "key" or (ask.credential == "token" and is_priced(ask))
        needed = CREDENTIALS[ask.credential]
        is_given = needed is not None and getattr(self.credentials, needed) is not None
        return charge_of(ask) if is_account and is_given else None

    def request(self, ask: Ask, leave_after: int | None = None) -> Request:
        """Return `ask` as it is sent."""
        headers = [("Content-Type", "application/json")] if ask.content else []
        authorization = self._authorization(ask.credential)
        headers += [("Authorization", authorization)] if authorization is not None else []
        given = {name.lower() for name in ask.headers}
        headers = [(name, value) for name, value in headers if name.lower() not in given]
        return Request(ask.method, ask.target, (*headers, *ask.headers.items()), ask.content, leave_after=leave_after)

    def send(
        self, request: Request, expected: int = 200, *, charge: Charge | None = None, unpaced: bool = False
    ) -> Answer:
        """Send a request, once more after a failure or a wait, and return the answer. Raises CannotCheckError.

        `expected` is the status that is expected: only another 429 is waited for, and none if `unpaced`. `charge` is
        what the account may be charged for it: where the server should refuse it, for its being served.
        """
        for is_last in (False, True):
            if charge is not None:
                self.spending.require(charge)
            answer = self._send(request, charge, unpaced=unpaced)
            if answer.status in _FAILED:
                self.failures += 1
                continue
            if answer.status != 429 or expected == 429 or unpaced or is_last:
                break
            wait = seconds_to_wait(answer)
            self.pace.sleep(60 if wait is None else min(60, wait))
        _require_contract(answer, expected)
        return answer

    def _send(self, request: Request, charge: Charge | None, *, unpaced: bool) -> Answer:
        if not unpaced:
            self.pace.wait()
        self.requests += 1
        try:
            answer = self._transport(request)
        except UnansweredError as error:
            self._unanswered += 1
            if charge is not None:
                self.spending.record(charge, None)
            if self._unanswered >= _GIVE_UP_AFTER:
                raise GaveUpError(f"{self._unanswered} requests in a row had no answer: {error}") from None
            raise
        self._unanswered = 0
        if charge is not None:
            self.spending.record(charge, None if answer.status in _FAILED else answer)
        return answer

    def _authorization(self, credential: str) -> str | None:
        given = self.credentials
        known = {
            "none": None,
            "key": given.api_key and f"Bearer {given.api_key}",
            "token": given.id_token and f"Bearer {given.id_token}",
            "token of other": given.other_id_token and f"Bearer {given.other_id_token}",
            "unknown key": f"Bearer {UNKNOWN_KEY}",
            "word": "Bearer hello",
        }
        needed = CREDENTIALS[credential]
        if needed is not None and known[credential] is None:
            raise CannotCheckError(NEEDS[needed])
        return known[credential]

    def _expected(self, ask: Ask) -> int:
        return ask.status if ask.error is None else ERROR_BY_CODE[ask.error].status

    # --- reading ------------------------------------------------------------------------------------------------------

    def compare(self, ask: Ask, answer: Answer) -> list[Difference]:
        """Compare an answer with what `ask` expects."""
        found = self.errors.compare(ask.error, answer) if ask.error else compare_status(ask.status, answer)
        if found and (ask.served or (not ask.shape and self._refuses_chats(ask))):
            raise CannotCheckError(f"the request was answered {answer.status}")
        if found and self._has_no_path(ask, answer):
            raise CannotCheckError("there is no such path")
        if not found:
            for name, wanted in ask.sends.items():
                value = answer.header(name)
                found += compare({name: wanted}, {} if value is None else {name: value}, "header")
            if ask.answer is not None:
                found += compare(ask.answer, value_of(answer) if ask.shape else json_of(answer))
        if not ask.shape:
            for one in found:
                if one.got is MISSING and not one.place.startswith("header"):
                    raise CannotCheckError(f"the answer has no {one.place}")
        return found

    def _has_no_path(self, ask: Ask, answer: Answer) -> bool:
        """Tell whether a credential was not looked at, since there is nothing to open."""
        of_path = ask.error in _OF_CREDENTIALS and ask.method != "DELETE"
        return of_path and not compare_form(self.errors.form("not_found"), answer)

    def _refuses_chats(self, ask: Ask) -> bool:
        """Tell whether a request is like the shortest chat, and that is refused, which is C3's matter."""
        alike = ask.target.rstrip("/") == CHEAP.target and re.search(rb'"max_tokens": ?1\b', ask.content) is not None
        return alike and ask.credential == "key" and 400 <= self.answer(CHEAP).status < 500

    def data(self, ask: Ask) -> Any:
        """Ask anew on the account's own pages, and return the ``data``. Raises CannotCheckError."""
        answer = self.send(self.request(ask))
        if answer.status != 200:
            raise CannotCheckError(f"{ask.request} answered {answer.status}")
        data = json_of(answer).get("data")
        if not isinstance(data, dict):
            raise CannotCheckError(f"{ask.request} has no data")
        return data

    def balance(self) -> int:
        """Return the account's balance in micro-dollars. Raises CannotCheckError."""
        balance = micros_of(self.data(ACCOUNT).get("balance"))
        if balance is None:
            raise CannotCheckError("the account's balance cannot be read")
        return balance


ACCOUNT = Ask("GET /api/developer/account", credential="token")


def _require_contract(answer: Answer, expected: int) -> None:
    """Raise CannotCheckError for an answer that says nothing about the contract."""
    if answer.header("x-clevora-mock-rule") is not None:
        raise CannotCheckError("a scenario's rule touched the answer")
    if 300 <= answer.status < 400:
        raise CannotCheckError(f"redirected ({answer.status}), which is not followed")
    if answer.status in _FAILED - {500} or (answer.status != expected and answer.status == 429):
        raise CannotCheckError(f"answered {answer.status}")
    if answer.status == 403 != expected:
        # Of what stands before the API, and not of the API.
        require_no_page(answer)
    if answer.status == 402 and expected != 402:
        raise CannotCheckError("answered 402: the account has no balance, or is not activated")
