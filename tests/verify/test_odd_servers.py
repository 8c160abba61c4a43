"""Servers whose answers nobody foresaw, and ends of a run before its time: no crash, and no key stays."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec import structs

from clevora_mock.verify.client import Answer, Request, UnansweredError
from clevora_mock.verify.expectation import Difference
from clevora_mock.verify.plan import Plan, PlannedClause, PlannedProbe
from clevora_mock.verify.probe import checking
from clevora_mock.verify.probes.keys import create, created
from clevora_mock.verify.run import ClauseResult, Ran, run
from clevora_mock.verify.session import Session
from tests.support.verifying import Asked, in_process
from tests.verify.altering import Alteration, Seen, field_set, on_chunk, when


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    with in_process() as started:
        yield started


def planned(*checks: Callable[[Session], list[Difference]]) -> Plan:
    """Return a plan with a clause for each check."""
    return Plan(
        tuple(
            PlannedClause(f"X{number}", "General", (PlannedProbe(checking("odd", f"X{number}", check)),))
            for number, check in enumerate(checks)
        )
    )


def whys(ran: Ran) -> list[str]:
    return [probe.why for clause in ran.clauses for probe in clause.probes]


def active_keys(asked: Asked, sandbox: str) -> int:
    """Count the keys of the demo account that the run has left."""
    keys = asked.app.state.sandboxes.get(sandbox).accounts.by_uid["demo"].keys
    assert len(keys) > 1
    return sum(not key.revoked for key in keys[1:])


def _creates(session: Session) -> list[Difference]:
    created(session)
    return []


def _divides(session: Session) -> list[Difference]:
    raise ZeroDivisionError("text of a server")


def _interrupts(session: Session) -> list[Difference]:
    raise KeyboardInterrupt


def _asks(session: Session) -> list[Difference]:
    session.balance()
    return []


def test_an_exception_of_a_check_is_named_and_the_others_go_on(asked: Asked) -> None:
    ran = run(asked.session(sandbox="raises"), planned(_divides, _creates))
    assert [clause.verdict for clause in ran.clauses] == ["could not check", "confirmed"]
    assert whys(ran) == ["the check failed on an answer with ZeroDivisionError", ""]
    assert (ran.status, ran.stopped) == (0, "")


def test_ctrl_c_ends_the_asking_and_revokes_keys(asked: Asked) -> None:
    ran = run(asked.session(sandbox="interrupted"), planned(_creates, _interrupts, _creates))
    assert [clause.verdict for clause in ran.clauses] == ["confirmed", "could not check", "could not check"]
    assert (ran.status, ran.stopped, ran.keys_left) == (130, "interrupted", 0)
    assert active_keys(asked, "interrupted") == 0


def test_keys_are_revoked_at_once_after_ctrl_c(asked: Asked) -> None:
    def interrupts_late(session: Session) -> list[Difference]:
        while session.requests < 60:
            session.balance()
        raise KeyboardInterrupt

    start = asked.loop.micros()
    ran = run(asked.session(sandbox="at-once"), planned(_creates, interrupts_late))
    assert (ran.stopped, ran.keys_left) == ("interrupted", 0)
    assert asked.loop.micros() - start < 30_000_000


def test_keys_are_revoked_where_a_result_cannot_be_told(asked: Asked) -> None:
    def tell(result: ClauseResult) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        run(asked.session(sandbox="untold"), planned(_creates), tell)
    assert active_keys(asked, "untold") == 0


def test_keys_are_revoked_where_a_server_that_was_given_up_answers_again(asked: Asked) -> None:
    session = asked.session(sandbox="given-up")
    answered, silent = session._transport, iter(range(3))

    def pauses(request: Request) -> Answer:
        if session.created_keys and next(silent, None) is not None:
            raise UnansweredError("connection lost")
        return answered(request)

    session._transport = pauses
    ran = run(session, planned(_creates, _asks, _asks, _asks))
    assert (ran.stopped, ran.keys_left) == ("3 requests in a row had no answer: connection lost", 0)
    assert active_keys(asked, "given-up") == 0


def test_a_key_with_an_odd_id_does_not_keep_the_others(asked: Asked) -> None:
    def odd(session: Session) -> list[Difference]:
        session.created_keys.append(structs.replace(created(session), id="key_\ud800"))
        create(session)
        return []

    ran = run(asked.session(sandbox="odd-id"), planned(odd))
    assert ran.keys_left == 1
    assert active_keys(asked, "odd-id") == 0


def _deep(seen: Seen) -> None:
    seen.answer = b"[" * 200_000


def _of_deltas(chunk: dict[str, Any]) -> None:
    chunk["choices"][0]["delta"] = None


@pytest.mark.parametrize(
    ("alteration", "clauses", "why"),
    [
        (
            Alteration("deep", frozenset(), after=when(".*", _deep, status=404)),
            ("W1",),
            "answered 404 with application/json, which is not JSON",
        ),
        *(
            (
                Alteration(
                    "odd", frozenset(), after=when("/api/developer/account", field_set("data.balance", balance))
                ),
                ("B4",),
                "the account's balance cannot be read",
            )
            for balance in (float("nan"), float("inf"), 1e300, -1e300, "5")
        ),
    ],
)
def test_an_odd_value_is_no_crash(asked: Asked, alteration: Alteration, clauses: tuple[str, ...], why: str) -> None:
    ran = asked.verify(alteration.wrap, clauses, sandbox=f"odd-{alteration.title}")
    assert why in whys(ran)
    assert not [one for one in whys(ran) if "failed" in one]


def test_deltas_of_null_are_no_content(asked: Asked) -> None:
    ran = asked.verify(
        Alteration("null", frozenset(), event=on_chunk(_of_deltas)).wrap, ("S2", "S5", "S6"), sandbox="null"
    )
    assert [clause.verdict for clause in ran.clauses] == ["refuted", "refuted", "confirmed"]
