"""The money of a run: servers that charge otherwise than the price table says, and what they charged."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any
from unittest.mock import patch

import pytest
from msgspec import structs
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clevora_mock.contract.endpoints import ENDPOINTS
from clevora_mock.text.tokens import Tokenizer
from clevora_mock.verify.plan import make_plan
from clevora_mock.verify.run import Ran, run
from tests.support.verifying import ALL_CLAUSES, KEY, Asked, in_process, refuted

Billed = Callable[[int, dict[str, Any]], bool]
DOLLAR = 1_000_000


@pytest.mark.parametrize(
    ("factor", "maximum"),
    [
        (10, 20_000),
        *(
            pytest.param(factor, maximum, marks=pytest.mark.slow)
            for factor, maximum in ((1, 1000), (1, 300_000), (1, 1_000_000), (10, 1000), (10, 300_000), (10, 1_000_000))
        ),
    ],
)
def test_the_maximum_is_never_passed(factor: int, maximum: int) -> None:
    """Also by a server that charges ten times the price of everything."""
    rates = {endpoint.name: endpoint.rate for endpoint in ENDPOINTS}
    with in_process() as asked, dearer(factor):
        session = asked.session(max_spend=maximum)
        ran = run(session, make_plan(session.credentials, ALL_CLAUSES, destructive=True))
        ledger = asked.app.state.sandboxes.default.accounts.by_uid["demo"].ledger
        spent = ledger.sums().charges
    assert {endpoint.name: endpoint.rate for endpoint in ENDPOINTS} == rates
    assert 0 < spent <= maximum
    assert any("--max-spend is left" in why for why in (clause.why for clause in ran.clauses))
    assert refuted(ran) <= {"B1"}


@contextmanager
def dearer(factor: int, name: str = "") -> Iterator[None]:
    """Multiply the price of an endpoint, or of all, for a while."""
    priced = [endpoint for endpoint in ENDPOINTS if endpoint.rate and name in ("", endpoint.name)]
    before = [endpoint.rate or 0 for endpoint in priced]
    for endpoint, rate in zip(priced, before, strict=True):
        structs.force_setattr(endpoint, "rate", rate * factor)
    try:
        yield
    finally:
        for endpoint, rate in zip(priced, before, strict=True):
            structs.force_setattr(endpoint, "rate", rate)


def charging(asked: Asked, amount: int, condition: Billed) -> ASGIApp:
    """Return the server that charges so much more for answers to requests with the key, by their status and body."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = await receive()
        status = 0

        async def send_on(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        waiting = [request]

        async def receive_on() -> Message:
            return waiting.pop() if waiting else await receive()

        await asked.app(scope, receive_on, send_on)
        with_key = any(name == b"authorization" and KEY.encode() in value for name, value in scope["headers"])
        if with_key and condition(status, body_of(request["body"])):
            sandbox = asked.app.state.sandboxes.default
            account = sandbox.accounts.by_uid["demo"]
            sandbox.update_account(account, account.ledger.balance - amount)

    return app


def body_of(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def longer_prompts() -> AbstractContextManager[object]:
    """Count 500 tokens more for each prompt of a chat."""
    counted = Tokenizer.prompt
    return patch.object(Tokenizer, "prompt", lambda self, messages: counted(self, messages) + 500)


def nothing_more(status: int, body: dict[str, Any]) -> bool:
    return False


def ask_all(asked: Asked, app: ASGIApp, maximum: int) -> tuple[Ran, int]:
    """Ask for everything; return what came of it, and what the server charged in micro-dollars."""
    session = asked.session(app, max_spend=maximum)
    ran = run(session, make_plan(session.credentials, ALL_CLAUSES, destructive=True))
    sums = asked.app.state.sandboxes.default.accounts.by_uid["demo"].ledger.sums()
    spent: int = sums.charges - min(0, sums.adjustments)
    assert session.spending.spent >= spent
    return ran, spent


@pytest.mark.parametrize("maximum", [300_000, DOLLAR, 2 * DOLLAR])
@pytest.mark.parametrize(
    ("altered", "amount", "condition", "unforeseen"),
    [
        # A short script at ten times its price; a chat of 508 tokens.
        pytest.param(lambda: dearer(10, "scripts.generate"), 0, nothing_more, 3_130_000, id="scripts"),
        pytest.param(longer_prompts, 0, nothing_more, 254_000, id="prompts"),
        pytest.param(nullcontext, 50_000, lambda status, body: True, 51_000, id="each answer"),
        pytest.param(nullcontext, 100_000, lambda status, body: status == 400, 100_000, id="each 400"),
        pytest.param(
            nullcontext, 100_000, lambda status, body: status == 400 and "limit" in body, 100_000, id="each wrong limit"
        ),
        pytest.param(nullcontext, 400_000, lambda status, body: body.get("stream") is True, 410_000, id="streams"),
    ],
)
def test_one_request_at_a_price_that_nobody_foresaw_is_paid(
    altered: Callable[[], AbstractContextManager[object]],
    amount: int,
    condition: Billed,
    unforeseen: int,
    maximum: int,
) -> None:
    with in_process() as asked, altered():
        ran, spent = ask_all(asked, charging(asked, amount, condition), maximum)
    assert spent <= maximum + unforeseen
    assert any("--max-spend is left" in clause.why for clause in ran.clauses)


def test_five_dollars_are_enough_for_every_clause() -> None:
    with in_process() as asked:
        ran, spent = ask_all(asked, asked.app, 5 * DOLLAR)
        assert make_plan(asked.credentials, ALL_CLAUSES, destructive=True).cost <= 5 * DOLLAR
    assert {clause.id for clause in ran.clauses if clause.verdict != "confirmed"} == {"B3", "H4", "L3", "U8"}
    assert 4 * DOLLAR < spent <= 5 * DOLLAR


def test_the_cheapest_request_of_an_endpoint_comes_first() -> None:
    """A chat with a longer answer is not asked where the shortest was as dear."""
    with in_process() as asked, dearer(100, "chat.completions"):
        session = asked.session(max_spend=DOLLAR)
        run(session, make_plan(session.credentials, ("S6",)))
        ledger = asked.app.state.sandboxes.default.accounts.by_uid["demo"].ledger
        assert ledger.sums().charges == 8 * 500 * 100
