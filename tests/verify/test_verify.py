"""A run: confirmed against the product itself, and honest about servers that it cannot check."""

import asyncio
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from random import Random
from typing import Any

import msgspec
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from clevora_mock.cli.verify_command import junit
from clevora_mock.clock import monotonic_micros, wall_micros
from clevora_mock.contract.clauses import CLAUSES, Clause
from clevora_mock.settings import Settings
from clevora_mock.verify import report, results
from clevora_mock.verify.client import Answer, Request, SocketTransport, UnansweredError, read_origin
from clevora_mock.verify.pace import Pace
from clevora_mock.verify.plan import Plan, PlannedClause, PlannedProbe, make_plan, read_clauses
from clevora_mock.verify.probe import asking
from clevora_mock.verify.probes import HOMES, PROBES, UNSEEN
from clevora_mock.verify.probes.keys import create, revoke_all
from clevora_mock.verify.run import Ran, run
from clevora_mock.verify.session import Credentials, Session
from tests.support.asgi import serve_app
from tests.support.server import serve_settings
from tests.support.tokens import jwt, valid_claims
from tests.support.verifying import ALL_CLAUSES, KEY, Asked, in_process, refuted
from tests.verify.altering import Alteration, Seen, when

UNSEEN_CLAUSES = {"B3", "H4", "L3", "U8"}


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    with in_process() as started:
        yield started


def unconfirmed(ran: Ran) -> dict[str, str]:
    return {clause.id: clause.why for clause in ran.clauses if clause.verdict != "confirmed"}


# --- the product itself -----------------------------------------------------------------------------------------------


def test_every_clause_has_probes_or_a_reason_why_not() -> None:
    known = {clause.id for clause in CLAUSES}
    assert {probe.clause for probe in PROBES} == known - UNSEEN_CLAUSES
    assert UNSEEN.keys() == UNSEEN_CLAUSES


def test_probes_of_a_clause_have_titles_of_their_own() -> None:
    titles = [(probe.clause, probe.title) for probe in PROBES]
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize("clause", sorted({probe.clause for probe in PROBES}))
def test_the_product_confirms_each_clause(asked: Asked, clause: str) -> None:
    """Alone, so that no clause needs another to be asked before."""
    ran = asked.verify(clauses=(clause,), sandbox=f"alone-{clause.lower()}")
    assert unconfirmed(ran) == {}
    assert ran.status == 0


def test_the_product_confirms_all_clauses_in_one_run(asked: Asked) -> None:
    ran = asked.verify(sandbox="together")
    assert unconfirmed(ran).keys() == UNSEEN_CLAUSES
    assert (ran.status, ran.stopped, ran.keys_left) == (0, "", 0)


@pytest.mark.slow
def test_the_product_confirms_all_clauses_over_a_socket() -> None:
    """But for limits, which take a minute of real time."""
    with serve_settings(Settings(webhook_secret="whsec_c2VjcmV0", tokens_per_second=200)) as server:
        now = server.sandbox().clock.now() // 1_000_000
        tokens = [jwt(valid_claims(now, sub=uid, user_id=uid)) for uid in ("demo", "other")]
        credentials = Credentials(server.api_key, tokens[0], tokens[1], "whsec_c2VjcmV0")
        skipped = [0]

        def sleep(seconds: float) -> None:
            skipped[0] += int(seconds * 1_000_000)
            server.run_in_server(lambda: server.app.state.sandboxes.default.clock.advance(seconds))

        pace = Pace(lambda: monotonic_micros() + skipped[0], sleep)
        transport = SocketTransport(read_origin(server.base_url), pace.now, 30)
        session = Session(transport, credentials, pace, 20_000_000, HOMES, wall_micros())
        ran = run(session, make_plan(credentials, ALL_CLAUSES, destructive=True))
    assert unconfirmed(ran).keys() == UNSEEN_CLAUSES
    assert ran.keys_left == 0


def test_keys_of_the_run_are_revoked_at_its_end(asked: Asked) -> None:
    asked.verify(clauses=("K3", "K4"), sandbox="tidy")
    keys = asked.app.state.sandboxes.get("tidy").accounts.by_uid["demo"].keys
    assert [key.revoked for key in keys] == [False, *[True] * (len(keys) - 1)]
    assert len(keys) > 2


# --- what is needed ---------------------------------------------------------------------------------------------------


def test_without_credentials_only_public_clauses_are_checked(asked: Asked) -> None:
    session = asked.session(sandbox="public", other_id_token=None)
    ran = run(session, make_plan(session.credentials))
    assert {clause.id for clause in ran.clauses if clause.verdict == "confirmed"} == {"W7"}
    public = {(clause.id, probe.title) for clause in ran.clauses for probe in clause.probes if not probe.why}
    assert {("W6", "order: 404 before 401"), ("W8", "a preflight of /v1/nothing")} <= public
    assert unconfirmed(ran)["C1"] == "needs --api-key (CLEVORA_API_KEY)"
    assert unconfirmed(ran)["K3"] == "needs --id-token (CLEVORA_ID_TOKEN)"


def test_a_clause_of_which_a_check_is_not_asked_is_not_confirmed(asked: Asked) -> None:
    session = asked.session(sandbox="half", api_key=KEY)
    ran = run(session, make_plan(session.credentials, ("S6", "K1")))
    assert unconfirmed(ran) == {
        "K1": "needs --id-token (CLEVORA_ID_TOKEN)",
        "S6": "needs --id-token (CLEVORA_ID_TOKEN)",
    }


def test_nothing_that_cannot_be_undone_is_done_unasked(asked: Asked) -> None:
    session = asked.session(sandbox="careful")
    ran = run(session, make_plan(session.credentials))
    assert {"needs --destructive"} == {unconfirmed(ran)[name] for name in ("K8", "K9", "B2", "B10")}
    sandbox = asked.app.state.sandboxes.get("careful")
    assert "other" not in sandbox.accounts.by_uid
    kinds = [entry.type for entry in sandbox.accounts.by_uid["demo"].ledger.entries]
    assert kinds.count("credit") == 1


def test_limits_are_only_asked_for_by_name(asked: Asked) -> None:
    plan = make_plan(asked.credentials)
    lacking = {clause.id: {one.lacking for one in clause.probes} for clause in plan.clauses}
    assert lacking["L1"] == {"uses up a minute's requests; ask for it by --clauses L"}
    assert lacking["L4"] == {""}


@pytest.mark.parametrize(("text", "wanted"), [("s4, k1", ("S4", "K1")), ("H", ("H1", "H2", "H3", "H4")), ("", ())])
def test_clauses_are_named_by_id_or_letter(text: str, wanted: tuple[str, ...]) -> None:
    assert read_clauses(text) == wanted


@pytest.mark.parametrize("text", ["Z", "S99", "C;S"])
def test_an_unknown_clause_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected clauses such as C,S4"):
        read_clauses(text)


# --- pace and money ---------------------------------------------------------------------------------------------------


def test_no_more_than_60_requests_a_minute_are_sent(asked: Asked) -> None:
    session = asked.session(sandbox="paced")
    run(session, make_plan(session.credentials, ("W3", "W4", "C1", "C3", "U7", "K5", "H1")))
    entries = asked.app.state.sandboxes.get("paced").journal.entries
    times = sorted(entry.at for entry in entries)
    assert len(times) > 60
    assert all(later - earlier >= 60_000_000 for earlier, later in zip(times, times[60:], strict=False))


def busy(times: int) -> Alteration:
    """Return a server whose search is at its limit for so many requests."""
    refusals = iter(range(times))

    def refuse(seen: Seen) -> None:
        if next(refusals, None) is not None:
            seen.refuse(429, "rate_limit_error", "rate_limit_exceeded")
            seen.headers = [("retry-after", "7"), ("content-type", "application/json")]

    return Alteration("busy", frozenset(), before=when("/v1/search|/v1/keys/.*", refuse))


def test_a_429_is_waited_for(asked: Asked) -> None:
    start = asked.loop.micros()
    ran = asked.verify(busy(1).wrap, ("H2",), sandbox="busy")
    assert unconfirmed(ran) == {}
    assert 7_000_000 <= asked.loop.micros() - start < 14_000_000


def test_a_second_429_is_the_answer(asked: Asked) -> None:
    start = asked.loop.micros()
    ran = asked.verify(busy(2).wrap, ("H2",), sandbox="busier")
    assert unconfirmed(ran) == {"H2": "answered 429"}
    assert 7_000_000 <= asked.loop.micros() - start < 14_000_000


def test_a_429_is_not_waited_for_after_ctrl_c(asked: Asked) -> None:
    session = asked.session(busy(100).wrap(asked.app), sandbox="hasty")
    create(session)
    start = asked.loop.micros()
    assert revoke_all(session, unpaced=True) == 1
    assert asked.loop.micros() - start < 7_000_000


# --- servers that cannot be checked -----------------------------------------------------------------------------------


def _page(seen: Seen) -> None:
    seen.status = 200
    seen.headers = [("content-type", "text/html")]
    seen.answer = b"<!doctype html><title>Welcome</title>"


def _redirect(seen: Seen) -> None:
    seen.status = 308
    seen.headers = [("location", f"https://elsewhere.example{seen.path}")]


def _unavailable(seen: Seen) -> None:
    seen.refuse(503, "server_error", "service_unavailable")


def _broken(seen: Seen) -> None:
    seen.refuse(500, "server_error", "internal_error")


@pytest.mark.parametrize("answer", [_page, _redirect, _unavailable, _broken])
def test_a_server_that_is_not_the_api_is_not_checked(asked: Asked, answer: Callable[[Seen], None]) -> None:
    ran = asked.verify(Alteration("other", frozenset(), before=answer).wrap, sandbox="other")
    assert {clause.verdict for clause in ran.clauses} == {"could not check"}
    assert ran.status == 1


@pytest.mark.parametrize("answer", [_page, _redirect, _unavailable])
def test_an_endpoint_that_is_not_the_apis_confirms_nothing(asked: Asked, answer: Callable[[Seen], None]) -> None:
    ran = asked.verify(
        Alteration("other", frozenset(), before=when("/v1/search", answer)).wrap,
        sandbox=f"part{answer.__name__.replace('_', '-')}",
    )
    verdicts = {clause.id: clause.verdict for clause in ran.clauses}
    assert {verdicts[name] for name in ("H1", "H2", "H3")} == {"could not check"}
    assert verdicts["C1"] == "confirmed"
    assert verdicts["W1"] != "confirmed" or answer is not _page
    assert refuted(ran) == set()


def test_one_error_of_the_server_changes_no_verdict(asked: Asked) -> None:
    numbers = iter(range(10**6))

    def fail_sometimes(seen: Seen) -> None:
        if next(numbers) % 7 == 5:
            _broken(seen)

    ran = asked.verify(Alteration("flaky", frozenset(), before=fail_sometimes).wrap, sandbox="flaky")
    assert refuted(ran) == set()


def test_an_answer_that_a_rule_touched_counts_for_nothing(asked: Asked) -> None:
    wrapper = Alteration("ruled", frozenset(), after=lambda seen: seen.header("x-clevora-mock-rule", "mine")).wrap
    ran = asked.verify(wrapper, sandbox="ruled")
    assert {clause.verdict for clause in ran.clauses} == {"could not check"}


def test_a_key_that_is_refused_ends_the_run(asked: Asked) -> None:
    session = asked.session(sandbox="wrong", api_key="sk_live_" + "9" * 32)
    ran = run(session, make_plan(session.credentials))
    assert (ran.stopped, ran.status) == ("the key (--api-key or CLEVORA_API_KEY) was answered 401", 1)


async def _hangs(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(30)


async def _half(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"500")]})
    await send({"type": "http.response.body", "body": b'{"error":', "more_body": True})
    scope["extensions"]["clevora_mock.connection"].close()


async def _resets(scope: Scope, receive: Receive, send: Send) -> None:
    scope["extensions"]["clevora_mock.connection"].reset()


@pytest.mark.parametrize("app", [_hangs, _half, _resets])
def test_a_server_that_does_not_answer_whole_is_not_checked(app: ASGIApp) -> None:
    with serve_app(app) as (host, port):
        transport = SocketTransport(read_origin(f"http://{host}:{port}/v1"), monotonic_micros, 0.3)
        session = Session(transport, Credentials(KEY), Pace(monotonic_micros, lambda seconds: None), 0, HOMES)
        ran = run(session, make_plan(session.credentials))
    assert {clause.verdict for clause in ran.clauses} == {"could not check"}
    assert ran.status == 1
    assert ran.stopped


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Provide the base URL of a server that reads a request's head, and does with the connection what `answer` does."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.recv(65_536)
                answer(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    # Only this wakes a thread that accepts.
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


def without_end(head: bytes, piece: bytes, seconds: float = 0) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(piece)
            time.sleep(seconds)

    return answer


NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n"
CHUNKED = NOT_FOUND + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("head", "piece", "message"),
    [
        (NOT_FOUND + b"X: ", b"a", "no answer within 0.5 s"),
        (CHUNKED, b"1\r\n \r\n", "no answer within 0.5 s"),
        (CHUNKED, b"0", "no answer within 0.5 s"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n", "no answer within 0.5 s"),
    ],
)
def test_a_server_that_goes_on_slowly_is_given_up(head: bytes, piece: bytes, message: str) -> None:
    start = monotonic_micros()
    with (
        serving(without_end(head, piece, 0.05)) as url,
        pytest.raises(UnansweredError, match=message),
    ):
        SocketTransport(read_origin(url), monotonic_micros, 0.5)(Request("GET", "/v1/nothing"))
    assert monotonic_micros() - start < 5_000_000


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (NOT_FOUND + b"Content-Length: 1073741824\r\n\r\n", b" " * 65_536),
        (NOT_FOUND + b"\r\n", b" " * 65_536),
        (CHUNKED, b"4000\r\n" + b" " * 0x4000 + b"\r\n"),
    ],
)
def test_a_server_without_end_is_given_up(head: bytes, piece: bytes) -> None:
    with serving(without_end(head, piece)) as url, pytest.raises(UnansweredError, match="longer than 64 MiB"):
        SocketTransport(read_origin(url), monotonic_micros, 60)(Request("GET", "/v1/nothing"))


def test_early_hints_come_before_the_answer() -> None:
    sent = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + NOT_FOUND + b"Content-Length: 2\r\n\r\n{}"
    with serving(lambda connection: connection.sendall(sent)) as url:
        answer = SocketTransport(read_origin(url), monotonic_micros, 10)(Request("GET", "/v1/nothing"))
    assert (answer.status, answer.body) == (404, b"{}")


ODD: list[Any] = [
    None,
    True,
    -1,
    1.5,
    1e308,
    10**30,
    float("nan"),
    "",
    "x",
    "²",
    [],
    {},
    [[]],
    [None],
    {"a": 1},
    [1, "a"],
]


def _places(value: object, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield place
    inner = value.items() if isinstance(value, dict) else enumerate(value[:3]) if isinstance(value, list) else ()
    for name, part in inner:
        yield from _places(part, (*place, name))


def _oddly(document: Any, chance: Random) -> Any:
    """Return the document with an odd value at some place."""
    *way, last = chance.choice([*_places(document)][1:] or [("odd",)])
    inner = document
    for name in way:
        inner = inner[name]
    inner[last] = chance.choice(ODD)
    return document


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
def test_odd_answers_end_no_run(asked: Asked, seed: int) -> None:
    """A run tells what it found, whatever stands in the answers."""
    chance = Random(seed)

    def after(seen: Seen) -> None:
        if chance.random() < 0.3 and isinstance(seen.json, dict):
            seen.json = _oddly(seen.json, chance)
        if chance.random() < 0.05:
            seen.header("retry-after", chance.choice(["²", "9" * 5000, "-1", ""]))

    def event(data: bytes) -> bytes:
        if not data.startswith(b"data: {") or chance.random() < 0.7:
            return data
        return b"data: " + json.dumps(_oddly(json.loads(data[6:]), chance)).encode() + b"\n\n"

    ran = asked.verify(Alteration("odd", frozenset(), after=after, event=event).wrap, sandbox=f"odd-{seed}")
    told = "\n".join(line for clause in ran.clauses for line in report.clause_lines(clause))
    assert told
    assert not [probe.why for clause in ran.clauses for probe in clause.probes if "the check failed" in probe.why]
    assert junit(ran)
    assert json.dumps(results.overrides(ran))


def test_a_server_that_dies_within_the_run_ends_it(asked: Asked) -> None:
    session = asked.session(sandbox="dying", max_spend=20_000_000)
    alive = iter(range(40))
    answer = session._transport

    def dying(request: Request) -> Answer:
        if next(alive, None) is None:
            raise UnansweredError("connection lost")
        return answer(request)

    session._transport = dying
    ran = run(session, make_plan(session.credentials))
    verdicts = {clause.id: clause.verdict for clause in ran.clauses}
    assert (verdicts["W1"], verdicts["G1"]) == ("confirmed", "could not check")
    assert ran.stopped == "3 requests in a row had no answer: connection lost"
    assert ran.status == 1


@pytest.mark.parametrize(
    "url", ["http://api.example/v1", "ftp://api.example/v1", "https://", "api.example/v1", "https://a:b@api.example/v1"]
)
def test_an_address_that_would_send_the_key_in_the_clear_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=re.escape(url)):
        read_origin(url)


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://api.example/v1", "https://api.example"),
        ("https://api.example:8443/v1/", "https://api.example:8443"),
        ("http://127.0.0.1:2538/sandbox/a/v1", "http://127.0.0.1:2538/sandbox/a"),
        ("http://localhost:2538", "http://localhost:2538"),
        ("http://[::1]:2538/v1", "http://[::1]:2538"),
    ],
)
def test_a_base_url_may_end_in_v1(url: str, wanted: str) -> None:
    assert read_origin(url).url == wanted


# --- evidence ---------------------------------------------------------------------------------------------------------


def test_evidence_has_no_secret_and_no_value_of_the_account(asked: Asked) -> None:
    def reveal(seen: Seen) -> None:
        if seen.status == 200 and isinstance(seen.json, dict) and "data" in seen.json:
            seen.json = seen.json | {"key": KEY, "email": "ann@clevora.example", "balance": 83.91}

    ran = asked.verify(Alteration("reveals", frozenset(), after=reveal).wrap, sandbox="reveals")
    evidence = results.make_evidence(ran, "127.0.0.1", 0, 1, 1)
    text = msgspec.json.encode(evidence).decode() + junit(ran)
    assert {"K3", "K5", "B11"} <= refuted(ran)
    for secret in (KEY, asked.credentials.id_token, "ann@clevora.example", "83.91", "demo@clevora.example"):
        assert str(secret) not in text


def test_a_request_is_planned_once_for_each_credential() -> None:
    probes = [asking("a title", "K7", "GET /v1/keys", credential=name) for name in ("none", "word", "none")]
    plan = Plan((PlannedClause("K7", "Keys", tuple(map(PlannedProbe, probes))),))
    assert plan.requests == 2


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.id)
def test_a_clause_costs_no_more_than_was_announced(asked: Asked, clause: Clause) -> None:
    plan = make_plan(asked.credentials, (clause.id,), destructive=True)
    session = asked.session(sandbox=f"cost-{clause.id.lower()}")
    run(session, plan)
    assert session.spending.spent <= plan.cost
