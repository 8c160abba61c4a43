"""Rules, findings, ID tokens and the summary for unusual requests."""

from base64 import urlsafe_b64encode

import msgspec
import pytest
from msgspec.structs import replace

from clevora_mock.app import create_app
from clevora_mock.clock import SECOND
from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.core.conduct.rules import findings
from clevora_mock.core.errors import ApiError
from clevora_mock.core.exchange import RequestFacts
from clevora_mock.core.id_tokens import Identity, issue, read
from clevora_mock.core.journal import Journal, JournalEntry
from clevora_mock.core.messages import did_you_mean
from clevora_mock.core.payments import Checkout, Outcome, event
from clevora_mock.core.run_summary import RunSummary

FAILED = JournalEntry(
    serial=1,
    id="req_1",
    at=0,
    completed=10 * SECOND,
    endpoint="chat.completions",
    method="POST",
    path="/v1/chat/completions",
    key="sk_live_0123...",
    key_id="key_1",
    account="demo",
    status=500,
    code="internal_error",
    latency=10 * SECOND,
    prompt_tokens=0,
    completion_tokens=0,
    cost=0,
    balance_after=None,
    client="",
    body=b"{}",
    body_bytes=2,
    response="",
    ignored=(),
    logged=True,
    changes=0,
    is_real=True,
)


def entries(starts: list[int]) -> list[JournalEntry]:
    """Return the same failing request once for each start, in seconds; each takes ten seconds."""
    return [
        replace(FAILED, serial=number, id=f"req_{number}", at=start * SECOND, completed=(start + 10) * SECOND)
        for number, start in enumerate(starts)
    ]


def after_pauses(*pauses: int) -> list[JournalEntry]:
    """Return the same failing request once at first and once after each pause, in milliseconds, on one connection."""
    at, found = 0, [FAILED]
    for number, pause in enumerate(pauses, 2):
        at = found[-1].completed + pause * SECOND // 1000
        changes = {"serial": number, "id": f"req_{number}", "follows": number - 1}
        found.append(replace(FAILED, at=at, completed=at + SECOND, **changes))
    return found


@pytest.mark.parametrize(
    ("pauses", "kinds"),
    [
        ((1, 1, 1), []),
        ((1, 1, 1, 1), ["no_backoff"]),
        ((1, 1, 1, 200), []),
        ((1, 1, 1, 199), ["no_backoff"]),
        ((0, 0, 0, 0), ["no_backoff"]),
        ((300, 200, 399, 300), ["no_backoff"]),
        ((500, 500, 500, 1000), []),
        ((500, 500, 500, 999), ["no_backoff"]),
    ],
)
def test_of_more_than_three_pauses_one_is_twice_the_shortest_and_200_ms(
    pauses: tuple[int, ...], kinds: list[str]
) -> None:
    assert [finding.kind for finding in findings(after_pauses(*pauses))] == kinds


def test_concurrent_failing_requests_are_no_retries() -> None:
    assert findings(entries([0, 1, 2, 3, 4, 5, 6])) == []


def test_consecutive_failing_requests_without_pauses_are_retries() -> None:
    found = findings(entries([0, 11, 22, 33, 44, 55, 66]))
    assert [finding.kind for finding in found] == ["no_backoff"]


def test_another_error_after_a_402_does_not_tell_of_money() -> None:
    poor = replace(FAILED, status=402, code="insufficient_balance", balance_after=0)
    again = replace(FAILED, id="req_2", at=20 * SECOND, completed=30 * SECOND, balance_after=0)
    assert [finding.kind for finding in findings([poor, again])] == ["retried_final"]
    assert findings([poor, replace(again, balance_after=1)]) == []


@pytest.mark.parametrize(("first", "then"), [(401, 401), (400, 500)])
def test_only_money_after_a_402_is_a_reason_to_repeat_a_refused_request(first: int, then: int) -> None:
    refused = replace(FAILED, status=first, code="insufficient_balance", balance_after=0)
    again = replace(refused, status=then, id="req_2", at=20 * SECOND, completed=30 * SECOND, balance_after=1)
    assert [finding.requests for finding in findings([refused, again])] == [["req_2"]]


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({"body": b'{"stream": true}'}, ["unread_stream"]),
        ({"body": b'{"stream": false}'}, []),
        ({"body": b'{"stream": true}', "fault": "stall"}, []),
        ({"body": b'{"stream": true}', "abandoned": False}, []),
    ],
)
def test_only_a_stream_that_was_fit_to_read_is_left_unread(changes: dict[str, object], kinds: list[str]) -> None:
    left = replace(FAILED, status=200, code=None, **({"abandoned": True} | changes))
    assert [finding.kind for finding in findings([left])] == kinds


def test_each_callers_streams_are_its_own_finding() -> None:
    left = replace(FAILED, status=200, code=None, abandoned=True, body=b'{"stream":true}')
    others = replace(left, id="req_2", key="sk_live_9876...")
    told = [(finding.message.partition(" ")[0], finding.requests) for finding in findings([left, others, left])]
    assert told == [("sk_live_0123...", ["req_1", "req_1"]), ("sk_live_9876...", ["req_2"])]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"messages": [{"role": "user", "content": 5}]}, ""),
        ({"messages": [{"role": "user", "content": ["a", {"text": "b"}, {"text": 1}]}]}, "a\nb\n"),
        ({"messages": "Hi"}, ""),
        ({"messages": [{"role": "user", "content": "Hi"}, "there"]}, "Hi"),
        ([], ""),
    ],
)
def test_the_last_message_of_a_malformed_body_is_its_text(body: object, text: str) -> None:
    encoded = msgspec.json.encode(body)
    facts = RequestFacts("req_1", 0, "POST", "/", body=encoded, endpoint=ENDPOINT_BY_NAME["chat.completions"])
    assert facts.last_message == text


def test_three_letters_of_only_one_name_suggest_it() -> None:
    names = ["completion", "max_tokens", "temperature"]
    assert did_you_mean("max", names) == '; did you mean "max_tokens"?'
    assert did_you_mean("ma", names) == ""
    assert did_you_mean("tok", [*names, "token_limit_per_day"]) == ""


@pytest.mark.parametrize(
    ("email", "claims", "firebase"),
    [
        (
            "ann@x.example",
            {"email": "ann@x.example", "email_verified": False},
            {"identities": {"email": ["ann@x.example"]}, "sign_in_provider": "password"},
        ),
        (None, {}, {"identities": {}, "sign_in_provider": "custom"}),
    ],
    ids=["with an e-mail address", "without"],
)
def test_an_issued_token_has_the_claims_of_firebase(
    email: str | None, claims: dict[str, object], firebase: dict[str, object]
) -> None:
    assert read(issue(Identity("ann", email), "demo-clevora", 7 * SECOND), "demo-clevora") == claims | {
        "iss": "https://securetoken.google.com/demo-clevora",
        "aud": "demo-clevora",
        "sub": "ann",
        "user_id": "ann",
        "auth_time": 7,
        "iat": 7,
        "exp": 3607,
        "firebase": firebase,
    }


def test_a_new_journal_is_empty() -> None:
    journal = Journal(5)
    assert (list(journal.entries), journal.total, journal.evicted, journal.listeners) == ([], 0, 0, [])


def test_an_id_token_of_another_type_is_refused() -> None:
    token = issue(Identity("ann", None), "demo-clevora", 0, 3600)
    header = urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').rstrip(b"=").decode()
    with pytest.raises(ApiError) as error:
        read(f"{header}.{token.partition('.')[2]}", "demo-clevora")
    assert error.value.hint == "typ is not JWT"


def test_an_id_token_may_leave_out_its_type() -> None:
    token = issue(Identity("ann", None), "demo-clevora", 0, 3600)
    header = urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    assert read(f"{header}.{token.partition('.')[2]}", "demo-clevora")["sub"] == "ann"


def test_the_summary_counts_errors_by_status_and_code() -> None:
    summary = RunSummary()
    for entry in (
        replace(FAILED, status=200, code=None, prompt_tokens=1000, completion_tokens=234, cost=617_000),
        FAILED,
        FAILED,
        replace(FAILED, status=502, code=None, fault="html_error"),
        replace(FAILED, status=0, code=None, fault="reset"),
        replace(FAILED, status=0, code=None),
    ):
        summary.add("default", entry)
    assert summary.lines() == [
        "6 requests, 5 errors, 1,234 tokens, $0.617 spent",
        (
            "errors: 2 x 500 internal_error, 1 x 502 html_error, 1 x no answer (reset), "
            "1 x no answer (the client disconnected)"
        ),
    ]


def test_the_summary_counts_a_400_as_an_error() -> None:
    summary = RunSummary()
    for status in (399, 400):
        summary.add("default", replace(FAILED, status=status, code="invalid_json"))
    assert summary.errors == {"400 invalid_json": 1}


def test_the_summary_of_one_request_is_in_the_singular() -> None:
    summary = RunSummary()
    summary.add("default", replace(FAILED, status=200, code=None, prompt_tokens=1))
    assert summary.lines()[0].startswith("1 request, 0 errors, 1 token, ")


def test_the_findings_of_a_removed_and_of_a_reset_sandbox_are_kept() -> None:
    summary = RunSummary()
    state = create_app(on_cleared=summary.add_findings).state
    for name, end in (("alone", state.sandboxes.remove), ("default", lambda name: state.sandboxes.get(name).reset())):
        journal = state.sandboxes.get(name).journal
        journal.entries.extend(entries([11 * number for number in range(5_000)]))
        end(name)
    state.background.wait()
    assert [(sandbox, finding.kind, finding.count) for sandbox, finding in summary.findings] == [
        ("alone", "no_backoff", 5_000),
        ("default", "no_backoff", 5_000),
    ]


def test_the_summary_judges_patience_by_a_real_clock_alone() -> None:
    waited = replace(FAILED, status=200, code=None, fault="stall", latency=31 * SECOND, completed=31 * SECOND)
    kinds = {}
    for is_wall_time in (True, False):
        summary = RunSummary()
        summary.add_findings("default", [waited], is_wall_time)
        kinds[is_wall_time] = [finding.kind for _, finding in summary.findings]
    assert kinds == {True: ["no_timeout"], False: []}


def test_the_summary_lists_ten_findings_and_counts_the_rest() -> None:
    summary = RunSummary()
    for number in range(12):
        journal = [replace(entry, key=f"k{number}") for entry in entries([0, 11, 22, 33, 44])]
        summary.add_findings("alone", journal, False)
    lines = summary.lines()
    assert len(lines) == 12
    assert lines[1].endswith("repeated a failing request without backing off (5 requests)")
    assert lines[-1] == "and 2 more findings about the client's conduct"


@pytest.mark.parametrize(
    ("outcome", "code", "message"),
    [("succeeded", None, None), ("failed", "CARD_DECLINED", "The card was declined.")],
)
def test_the_event_of_a_payment_says_why_it_failed(outcome: Outcome, code: str | None, message: str | None) -> None:
    checkout = Checkout("cks_1", "ann", None, 15_000_000, 0)
    made = event(checkout, outcome, "pay_1", "bus_1", 0)
    assert made["type"] == f"payment.{outcome}"
    assert (made["data"]["status"], made["data"]["error_code"], made["data"]["error_message"]) == (
        outcome,
        code,
        message,
    )
