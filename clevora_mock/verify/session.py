"""A run's conversation with one server: credentials, pace, money, and the answers so far."""

import json
import re
from typing import Any, NamedTuple

from msgspec import Struct

from clevora_mock.clock import SECOND
from clevora_mock.contract.errors import ERROR_BY_CODE
from clevora_mock.core.masking import masked_text
from clevora_mock.core.money import micros
from clevora_mock.verify.ask import CHEAP, CREDENTIALS, NEEDS, Ask
from clevora_mock.verify.client import Answer, CannotCheckError, Request, Transport, UnansweredError
from clevora_mock.verify.expectation import MISSING, Difference, compare
from clevora_mock.verify.pace import Pace
from clevora_mock.verify.spending import Spending, greatest_cost

UNKNOWN_KEY = "sk_live_" + "f" * 32

# So many requests without an answer in a row, and nothing more is asked.
_GIVE_UP_AFTER = 3
_MAX_WAITS = 2
_RATES = {"/v1/chat/completions": 500, "/v1/embeddings": 100, "/v1/search": 200, "/v1/scripts/generate": 1000}
# Each clause has values of its own that are refused with them.
_OF_FIELDS = ("missing_field", "invalid_field", "invalid_json")
_OF_CREDENTIALS = ("invalid_api_key", "invalid_id_token")
# Statuses of a server, or of what stands before it, that may do better the second time.
_FAILED = frozenset({408, 425, 500, 502, 503, 504, *range(507, 600)})
# Statuses by which a server may say the same, by the contract's. Others come from another check.
_INPUT = frozenset({400, 404, 405, 406, 409, 410, 411, 413, 414, 415, 422})
_KIN: dict[int, frozenset[int]] = {400: _INPUT, 404: _INPUT, 405: _INPUT, 413: _INPUT, 401: frozenset({400, 401, 403})}


class GaveUpError(Exception):
    """A server that is not worth asking further; the message says why."""


class Credentials(Struct, frozen=True):
    """What the run may use; None is not given."""

    api_key: str | None = None
    id_token: str | None = None
    other_id_token: str | None = None
    webhook_secret: str | None = None


class ErrorForm(NamedTuple):
    """How a server says an error."""

    status: int
    type: str | None
    code: str | None


class Bill(NamedTuple):
    """An answer, and what the account paid for it in micro-dollars; None where that cannot be read."""

    answer: Answer
    cost: int | None


class Session:
    """Asks one server.

    Requests of value answers are asked once, and probes share the answer. `homes` are the requests from which a server
    is learned to say an error, by the error's code in the contract: a server that answers 422 for 400 everywhere has
    another row in its table of errors, and no clause that refuses a value is wrong for that.
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
        self.homes = homes
        self.memory: dict[str, Any] = {}
        self.requests = 0
        self._wall = wall - pace.now()
        self._transport = transport
        self._answers: dict[bytes, Bill | UnansweredError] = {}
        self._errors: dict[str, ErrorForm] = {}
        self._unanswered = 0
        # Requests that the server failed to answer, with 500.
        self.failures = 0
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

    # --- asking -------------------------------------------------------------------------------------------------------

    def differences(self, ask: Ask) -> list[Difference]:
        """Ask once, and compare the answer."""
        return self.compare(ask, self.answer(ask))

    def answer(self, ask: Ask) -> Answer:
        """Return the answer to `ask`, from before if it was asked before. Raises CannotCheckError."""
        return self.bill(ask).answer

    def bill(self, ask: Ask) -> Bill:
        """Return the answer to `ask`, from before if it was asked before, with its cost."""
        key = f"{ask.request} {ask.credential} {sorted(ask.headers.items())} ".encode() + _content(ask)
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

    def ask(self, ask: Ask, leave_after: int | None = None) -> Bill:
        """Ask anew. Raises CannotCheckError for an answer that says nothing about the contract."""
        greatest = greatest_cost(ask)
        uses_key = ask.credential == "key" and self.credentials.api_key is not None
        if uses_key:
            self.spending.require(greatest)
        request = self.request(ask, leave_after)
        answer = self.send(request, expected=self._expected(ask), cost=greatest if uses_key else 0)
        if not uses_key:
            return Bill(answer, None)
        cost = self.spending.record(greatest, _used(ask, answer) if greatest else 0)
        if leave_after is not None:
            # It is charged once the server has noticed.
            self.spending.refused()
        return Bill(answer, cost)

    def request(self, ask: Ask, leave_after: int | None = None) -> Request:
        """Return `ask` as it is sent."""
        content = _content(ask)
        headers = [("Content-Type", "application/json")] if content else []
        authorization = self._authorization(ask.credential)
        headers += [("Authorization", authorization)] if authorization is not None else []
        given = {name.lower() for name in ask.headers}
        headers = [(name, value) for name, value in headers if name.lower() not in given]
        return Request(ask.method, ask.target, (*headers, *ask.headers.items()), content, leave_after=leave_after)

    def send(
        self, request: Request, expected: int = 200, *, risk: int = 0, cost: int = 0, unpaced: bool = False
    ) -> Answer:
        """Send a request, wait when told to, and return the answer. Raises CannotCheckError.

        `expected` is the status that is expected: only another 429 is waited for. `cost` is the most that the request
        costs, in micro-dollars; `risk` is that of one that the server should refuse.
        """
        if risk:
            self.spending.require(risk)
            self.spending.refused()
        for _ in range(_MAX_WAITS):
            answer = self._send(request, cost, unpaced=unpaced)
            if answer.status in _FAILED:
                self.failures += 1
                if cost:
                    self.spending.lost(cost)
                    self.spending.require(cost)
                continue
            if answer.status != 429 or expected == 429:
                break
            wait = seconds_to_wait(answer)
            self.pace.sleep(60 if wait is None else min(60, wait))
        _require_contract(answer, expected)
        return answer

    def _send(self, request: Request, cost: int, *, unpaced: bool) -> Answer:
        if not unpaced:
            self.pace.wait()
        self.requests += 1
        try:
            answer = self._transport(request)
        except UnansweredError as error:
            self._unanswered += 1
            self.spending.lost(cost)
            if self._unanswered >= _GIVE_UP_AFTER:
                raise GaveUpError(f"{self._unanswered} requests in a row had no answer: {error}") from None
            raise
        self._unanswered = 0
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
        found = self.compare_error(ask.error, answer) if ask.error else self.compare_status(ask.status, answer)
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
        return of_path and not _compare_form(self.error("not_found"), answer)

    def _refuses_chats(self, ask: Ask) -> bool:
        """Tell whether a request is like the shortest chat, and that is refused, which is C3's matter."""
        alike = ask.target.rstrip("/") == CHEAP.target and re.search(rb'"max_tokens": ?1\b', _content(ask)) is not None
        return alike and ask.credential == "key" and 400 <= self.answer(CHEAP).status < 500

    def compare_status(self, wanted: int, answer: Answer) -> list[Difference]:
        """Compare a status."""
        require_no_page(answer)
        if answer.status == 500 != wanted:
            raise CannotCheckError("answered 500")
        return [] if answer.status == wanted else [Difference("status", wanted, answer.status)]

    def compare_error(self, code: str, answer: Answer) -> list[Difference]:
        """Compare an error with the form in which this server says it, or the contract does."""
        if not _compare_form(_row(code), answer):
            return []
        found = _compare_form(self.error(code), answer)
        if found and code not in _OF_FIELDS and code in self.homes and self.answer(self.homes[code]).status < 400:
            raise CannotCheckError(f"the server does not have the error {code}")
        return found

    def compare_order(self, first: str, second: str, answer: Answer) -> list[Difference]:
        """Compare an answer with the first of two errors that there are. Raises CannotCheckError for neither."""
        found = self.compare_error(first, answer)
        if found and answer.status != self.error(second).status:
            raise CannotCheckError(f"the request was answered {answer.status}, by neither of two checks")
        return found

    def compare_with_table(self, code: str, answer: Answer) -> list[Difference]:
        """Compare an error with the contract's row, and name the entry of a contract file for each difference."""
        found = _compare_form(_row(code), answer)
        return [
            one._replace(override=(f"errors.{code}.{one.place.rpartition('.')[2]}", one.got))
            if _can_be_set(one.got)
            else one
            for one in found
        ]

    def error(self, code: str) -> ErrorForm:
        """Return the form in which the server says an error: the contract's where it cannot be learned."""
        if code not in self._errors:
            self._errors[code] = self._learn(code)
        return self._errors[code]

    def _learn(self, code: str) -> ErrorForm:
        known, home = _row(code), self.homes.get(code)
        if home is None:
            return known
        try:
            answer = self.answer(home)
            detail = error_of(answer)
        except CannotCheckError:
            return known
        if answer.status not in _KIN.get(known.status, (known.status,)):
            return known
        words = [value if isinstance(value, str) else None for value in (detail.get("type"), detail.get("code"))]
        return ErrorForm(answer.status, *words)

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


def _can_be_set(value: object) -> bool:
    """Tell whether a contract file may have this status or word, which is no text that a server has put together."""
    if isinstance(value, int):
        return 400 <= value <= 599
    return isinstance(value, str) and re.fullmatch(r"[\w.:-]{1,100}", value) is not None and masked_text(value) == value


def _row(code: str) -> ErrorForm:
    row = ERROR_BY_CODE[code]
    return ErrorForm(row.status, row.type, row.code)


def _compare_form(form: ErrorForm, answer: Answer) -> list[Difference]:
    require_no_page(answer)
    if not 400 <= answer.status < 500:
        return [Difference("status", form.status, answer.status)]
    detail = error_of(answer)
    found = [] if answer.status == form.status else [Difference("status", form.status, answer.status)]
    for name, wanted in (("type", form.type), ("code", form.code)):
        # That they are there, and texts, is W1's matter.
        if wanted is not None and isinstance(detail.get(name), str) and detail[name] != wanted:
            found.append(Difference(f"error.{name}", wanted, detail[name]))
    return found


def _require_contract(answer: Answer, expected: int) -> None:
    """Raise CannotCheckError for an answer that says nothing about the contract."""
    if answer.header("x-clevora-mock-rule") is not None:
        raise CannotCheckError("a scenario's rule touched the answer")
    if 300 <= answer.status < 400:
        raise CannotCheckError(f"redirected ({answer.status}), which is not followed")
    if answer.status in _FAILED - {500} or (answer.status != expected and answer.status == 429):
        raise CannotCheckError(f"answered {answer.status}")
    if answer.status == 402 and expected != 402:
        raise CannotCheckError("answered 402: the account has no balance, or is not activated")


def seconds_to_wait(answer: Answer) -> int | None:
    """Return a Retry-After in whole seconds; None for another, or none."""
    value = answer.header("retry-after") or ""
    return int(value) if re.fullmatch("[0-9]{1,9}", value) else None


def micros_of(dollars: object) -> int | None:
    """Return a number of dollars in micro-dollars; None for another value, and for a number that no account has."""
    if not isinstance(dollars, int | float) or isinstance(dollars, bool) or not -1e9 < dollars < 1e9:
        return None
    return micros(round(dollars, 6))


def error_of(answer: Answer) -> dict[str, Any]:
    """Return an error's ``error``, empty where there is none. Raises CannotCheckError for another kind of body."""
    detail = json_of(answer).get("error")
    return detail if isinstance(detail, dict) else {}


def require_no_page(answer: Answer) -> None:
    """Raise CannotCheckError for a page, which something else than the API has answered."""
    if (answer.header("content-type") or "").lower().startswith("text/html"):
        raise CannotCheckError(f"answered {answer.status} with a page in HTML")


def value_of(answer: Answer) -> Any:
    """Return the JSON value of an answer's body. Raises CannotCheckError."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        kind = (answer.header("content-type") or "no content type").partition(";")[0]
        raise CannotCheckError(f"answered {answer.status} with {kind}, which is not JSON") from None


def json_of(answer: Answer) -> dict[str, Any]:
    """Return the JSON object of an answer's body. Raises CannotCheckError."""
    body = value_of(answer)
    if not isinstance(body, dict):
        raise CannotCheckError(f"answered {answer.status} with JSON that is no object")
    return body


def _content(ask: Ask) -> bytes:
    if ask.raw is not None:
        return ask.raw
    return b"" if ask.body is None else json.dumps(ask.body).encode()


def _used(ask: Ask, answer: Answer) -> int | None:
    """Return the price of an answer's usage, in micro-dollars; None where it tells none."""
    if answer.status != 200:
        return 0
    try:
        tokens = json_of(answer)["usage"]["total_tokens"]
    except (CannotCheckError, KeyError, TypeError):
        return None
    return tokens * _RATES[ask.target.partition("?")[0].rstrip("/")] if type(tokens) is int else None
