"""B1, B4-B6, B11, B12: what is charged, by the account's own balance and transactions before and after."""

import json
from itertools import pairwise
from typing import Any

from clevora_mock.verify.answers import compare_status, json_of, micros_of
from clevora_mock.verify.ask import CHAT, CHEAP, ONE_TOKEN, Ask
from clevora_mock.verify.client import Answer, CannotCheckError
from clevora_mock.verify.expectation import (
    ABSENT,
    INT,
    MISSING,
    MOMENT,
    STRING,
    Difference,
    Dollars,
    Exactly,
    ListOf,
    OfType,
    OneOf,
    OrNull,
    compare,
)
from clevora_mock.verify.probe import Probe, asking, checking
from clevora_mock.verify.probes.errors import HOMES
from clevora_mock.verify.probes.keys import open_to_strangers
from clevora_mock.verify.probes.scripts import SHORT
from clevora_mock.verify.session import ACCOUNT, Session

SEARCH = Ask("POST /v1/search", body={"query": "underwater drone footage", "limit": 1})
# Requests that are charged, and their endpoints' names in transactions.
_CHARGED = (
    (ONE_TOKEN, "embeddings"),
    (SEARCH, "search"),
    (CHEAP, "chat.completions"),
    (SHORT, "scripts.generate"),
)
# The documentation's, in micro-dollars per token.
_RATES = {"embeddings": 100, "search": 200, "chat.completions": 500, "scripts.generate": 1000}


def tokens_of(answer: Answer) -> int:
    """Return an answer's ``usage.total_tokens``. Raises CannotCheckError."""
    if answer.status != 200:
        raise CannotCheckError(f"the request was answered {answer.status}")
    usage = json_of(answer).get("usage")
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    if type(total) is not int:
        raise CannotCheckError("the answer has no usage")
    return total


def transactions(session: Session, limit: int = 20) -> list[dict[str, Any]]:
    """Return the newest transactions. Raises CannotCheckError."""
    ask = Ask(f"GET /api/developer/transactions?limit={limit}", credential="token")
    found = session.data(ask).get("transactions")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise CannotCheckError("the account has no transactions")
    return found


def fingerprint(entry: dict[str, Any]) -> str:
    """Return what tells a transaction from others, also where its id does not."""
    return json.dumps(entry, sort_keys=True)


def fingerprints(entries: list[dict[str, Any]]) -> set[str]:
    """Return the fingerprints of transactions."""
    return set(map(fingerprint, entries))


def _rate(ask: Ask, name: str) -> Probe:
    rate = _RATES[name]

    def check(session: Session) -> list[Difference]:
        tokens = tokens_of(session.answer(ask))
        charges = [
            one for one in transactions(session, 100) if one.get("endpoint") == name and one.get("tokens") == tokens
        ]
        if not charges:
            raise CannotCheckError("the request made no transaction with its tokens")
        # The sign of a charge is B5's matter.
        amount = abs(_amount(charges[0].get("amount")))
        if amount == tokens * rate:
            return []
        got = f"${amount / tokens / 1000:g}" if tokens else "another charge"
        return [Difference(f"charge for 1,000 tokens of {name}", f"${rate / 1000:g}", got)]

    return Probe(f"the rate of {name}", "B1", ask, check, ("id_token",), requests=2)


def _recorded_tokens(ask: Ask, name: str) -> Probe:
    """Return the probe that a request's usage stands in its transaction."""

    def check(session: Session) -> list[Difference]:
        tokens = tokens_of(session.answer(ask))
        recorded = [one.get("tokens") for one in transactions(session, 100) if one.get("endpoint") == name]
        if not recorded:
            raise CannotCheckError("the request made no transaction")
        return [] if tokens in recorded else [Difference(f"transaction.tokens of {name}", tokens, "others")]

    return Probe(f"usage is what is recorded: {name}", "B6", ask, check, ("id_token",), requests=2)


def _failures_are_free(session: Session) -> list[Difference]:
    before, known = session.balance(), fingerprints(transactions(session))
    for code in ("missing_field", "model_not_found", "invalid_json"):
        if session.ask(HOMES[code]).status < 400:
            raise CannotCheckError("a request that should fail was served")
    if session.balance() != before:
        return [Difference("charge for three failed requests", "nothing", "a charge")]
    new = fingerprints(transactions(session)) - known
    return [Difference("new transactions of three failed requests", 0, len(new))] if new else []


def _billed_once(session: Session) -> list[Difference]:
    """Check that a request makes one transaction."""
    before = fingerprints(transactions(session))
    tokens_of(session.ask(ONE_TOKEN))
    new = [one for one in transactions(session) if fingerprint(one) not in before]
    return [] if len(new) == 1 else [Difference("new transactions", 1, len(new))]


def _entry(session: Session) -> list[Difference]:
    """Check that a charge's entry has the endpoint, the tokens and the amount by which the balance fell."""
    before = session.balance()
    known = fingerprints(transactions(session))
    answer = session.ask(ONE_TOKEN)
    tokens_of(answer)
    fell = before - session.balance()
    new = [one for one in transactions(session) if fingerprint(one) not in known]
    if len(new) != 1:
        raise CannotCheckError(f"the request made {len(new)} transactions")
    found = compare({"endpoint": "embeddings"}, new[0], "transaction")
    if _amount(new[0].get("amount")) != fell:
        found.append(Difference("transaction.amount", "what the balance fell by", "another amount"))
    return found


def _sums(session: Session) -> list[Difference]:
    """Each entry's balance is that of the one before with its amount."""
    entries = transactions(session)
    times = [str(one.get("createdAt")) for one in entries]
    # The order is B11's matter.
    if times != sorted(times, reverse=True):
        entries.reverse()
    for newer, older in pairwise(entries):
        amount, after = _amount(newer.get("amount")), _amount(newer.get("balanceAfter"))
        before = _amount(older.get("balanceAfter"))
        if newer.get("type") not in ("charge", "credit") or older.get("type") not in ("charge", "credit"):
            continue
        if after != (before - amount if newer["type"] == "charge" else before + amount):
            return [Difference("transaction.balanceAfter", "the balance before, and the amount", "another sum")]
    if entries and _amount(entries[0].get("balanceAfter")) != session.balance():
        return [Difference("transaction.balanceAfter", "the account's balance", "another balance")]
    return []


def _amount(value: object) -> int:
    amount = micros_of(value)
    if amount is None:
        raise CannotCheckError("a transaction has no amount or no balance")
    return amount


def _rollups(session: Session) -> list[Difference]:
    """Check that a request's usage is its transaction's tokens, and the day's increase."""
    usage = Ask("GET /api/developer/usage?range=1", credential="token")
    before, known = session.data(usage), fingerprints(transactions(session))
    tokens = tokens_of(session.ask(ONE_TOKEN))
    after = session.data(usage)
    new = [one for one in transactions(session) if fingerprint(one) not in known]
    found = [Difference("transaction.tokens", tokens, one.get("tokens", MISSING)) for one in new[:1]]
    found = [one for one in found if one.got != tokens]
    try:
        more = after["summary"]["totalTokens"] - before["summary"]["totalTokens"]
        day = _today(after)["tokens"] - _today(before)["tokens"]
    except (KeyError, TypeError, IndexError):
        raise CannotCheckError("the usage report has no tokens") from None
    found += [Difference("total's increase", tokens, more)] if more != tokens else []
    # The day may have changed in between.
    found += [Difference("day's increase", tokens, day)] if day != tokens and day >= 0 else []
    return found


def _today(report: dict[str, Any]) -> Any:
    return max(report["dailySeries"], key=lambda day: str(day["date"]))


def _key_rollup(session: Session) -> list[Difference]:
    """Check that the key that was used counts the request and its tokens."""
    keys = Ask("GET /v1/keys", credential="token")
    before = _counts(session.data(keys))
    tokens = tokens_of(session.ask(ONE_TOKEN))
    after = _counts(session.data(keys))
    grown = [
        (one[0] - two[0], one[1] - two[1]) for name, one in after.items() if (two := before.get(name)) and one != two
    ]
    return (
        [] if grown == [(1, tokens)] else [Difference("key's requests and tokens", [[1, tokens]], [*map(list, grown)])]
    )


def _counts(data: dict[str, Any]) -> dict[str, tuple[int, int]]:
    try:
        return {key["id"]: (key["requests"] + 0, key["tokens"] + 0) for key in data["keys"]}
    except (KeyError, TypeError):
        raise CannotCheckError("the list of keys has no counts") from None


def _account(session: Session) -> list[Difference]:
    shown = Exactly(
        {
            "uid": STRING,
            "email": OrNull(OfType(str)),
            "developerAccess": OfType(bool),
            "activated": OfType(bool),
            "balance": Dollars(),
            "tier": "preview",
        }
    )
    answer = session.send(session.request(ACCOUNT))
    return compare_status(200, answer) or compare(Exactly({"status": "success", "data": shown}), json_of(answer))


def _transactions(session: Session) -> list[Difference]:
    shown = Exactly(
        {
            "id": STRING,
            "type": OneOf(("charge", "credit", "adjustment")),
            "endpoint": OrNull(OfType(str)),
            "tokens": INT,
            "amount": Dollars(),
            "balanceAfter": Dollars(),
            "createdAt": MOMENT,
        }
    )
    answer = session.send(session.request(Ask("GET /api/developer/transactions?limit=100", credential="token")))
    if wrong := compare_status(200, answer):
        return wrong
    wanted = Exactly({"status": "success", "data": Exactly({"transactions": ListOf(None)})})
    body = json_of(answer)
    found = compare(wanted, body)
    if found:
        return found
    entries = body["data"]["transactions"]
    found = [one for index, entry in enumerate(entries) for one in compare(shown, entry, f"transactions[{index}]")]
    times: list[Any] = [entry.get("createdAt") for entry in entries if isinstance(entry, dict)]
    if not found and times != sorted(times, reverse=True):
        found.append(Difference("transactions", "the newest first", "another order"))
    if not found and len({entry["id"] for entry in entries}) < len(entries):
        found.append(Difference("transactions", "ids of their own", "one id more than once"))
    return found[:3]


def _limited(session: Session) -> list[Difference]:
    if len(transactions(session)) < 2:
        for _ in range(2):
            session.ask(ONE_TOKEN)
        if len(transactions(session)) < 2:
            raise CannotCheckError("the account has too few transactions")
    count = len(transactions(session, 1))
    return [] if count == 1 else [Difference("transactions for limit=1", 1, count)]


def _enveloped(title: str, request: str, error: str, credential: str, body: object = None) -> Probe:
    return asking(
        f"an error beside its status: {title}",
        "B12",
        request,
        body=body,
        credential=credential,
        error=error,
        answer={"status": "error"},
        shape=True,
    )


PROBES = (
    *(_rate(*row) for row in _CHARGED),
    checking("failures are free", "B4", _failures_are_free, "api_key", "id_token", requests=5),
    checking("billed once", "B4", _billed_once, "api_key", "id_token", cost=100, requests=5),
    checking("a charge's entry", "B5", _entry, "api_key", "id_token", cost=100, requests=7),
    checking("entries sum to the balance", "B5", _sums, "id_token"),
    checking("usage is what is recorded", "B6", _rollups, "api_key", "id_token", cost=100, requests=7),
    # The first has a probe of its own.
    *(_recorded_tokens(*row) for row in _CHARGED[1:]),
    checking("the key's own counts", "B6", _key_rollup, "api_key", "id_token", cost=100, requests=5),
    checking("the account's fields", "B11", _account, "id_token", requests=1),
    checking("the account of a user without access", "B11", open_to_strangers, "other_id_token", requests=1),
    checking("the transactions' fields", "B11", _transactions, "id_token", requests=1),
    checking("no more transactions than limit", "B11", _limited, "id_token", "api_key", cost=200, requests=3),
    asking("500 transactions", "B11", "GET /api/developer/transactions?limit=500", credential="token"),
    *(
        asking(
            f"no transactions with {query}",
            "B11",
            f"GET /api/developer/transactions?{query}",
            credential="token",
            error="invalid_field",
        )
        for query in ("limit=0", "limit=501", "limit=ten")
    ),
    *(
        _enveloped(request, request, "invalid_id_token", "none")
        for request in (
            "GET /v1/keys",
            "DELETE /v1/keys/key_1",
            "GET /api/developer/usage",
            "GET /api/developer/account",
            "GET /api/developer/transactions",
        )
    ),
    _enveloped("a top-up", "POST /api/developer/topup", "invalid_id_token", "none", {"amount": 15}),
    _enveloped("a wrong value", "POST /api/developer/topup", "invalid_field", "token", {"amount": 1}),
    asking(
        "no status beside a model's error",
        "B12",
        CHAT,
        body={},
        error="missing_field",
        answer={"status": ABSENT},
    ),
)
