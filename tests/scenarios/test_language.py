"""Every form of the scenario language, and its exact value. The JSON Schema accepts each of them too."""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from clevora_mock.clock import DAY, MINUTE, SECOND
from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.contract.errors import ERRORS, INJECTABLE_ERRORS, ErrorSpec
from clevora_mock.contract.limits import REQUESTS_PER_MINUTE, TOKENS_PER_DAY
from clevora_mock.core.expressions import Expression
from clevora_mock.core.limits import Limits
from clevora_mock.core.scenario import (
    DEFAULT,
    AccountStart,
    Calls,
    ClockStart,
    Delay,
    InjectedError,
    Payments,
    Rule,
    Scenario,
    ScriptedReply,
    StreamPace,
    TextPattern,
    Then,
    When,
)
from clevora_mock.faults import FAULTS
from clevora_mock.faults.body import HtmlError, MissingFields, SlowBody, Truncate, WrongContentType
from clevora_mock.faults.connection import Close, Reset, Stall
from clevora_mock.faults.stream import DuplicateChunk, ErrorFrame, MalformedChunk, NoDone
from clevora_mock.scenarios import json_schema
from clevora_mock.scenarios.document import parse
from clevora_mock.scenarios.scenario_file import read_scenario
from tests.support.scenario_tree import to_json

SCHEMA = Draft202012Validator(json_schema.schema())
START = 1_778_508_000 * SECOND  # 2026-05-11T14:00:00Z
MS = SECOND // 1000


def scenario(text: str) -> Scenario:
    """Return the scenario in `text`, without its source."""
    SCHEMA.validate(to_json(parse(text)))
    return replace(read_scenario("file.yaml", text), source=DEFAULT.source)


def pattern(source: str, flags: int = 0) -> TextPattern:
    return TextPattern(f"/{source}/{'i' if flags else ''}", Expression(source, flags))


TOP: dict[str, dict[str, Any]] = {
    "{}": {"name": "file"},
    "name: of its own": {"name": "of its own"},
    "description: a line": {"description": "a line"},
    "description: >\n  folded\n  text\n": {"description": "folded text\n"},
    "description: 2026-05-11": {"description": "2026-05-11"},
    "description: y": {"description": "y"},
    'description: "yes"': {"description": "yes"},
    "account: {}": {"account": AccountStart()},
    "account: {balance: 25.00}": {"account": AccountStart(25_000_000)},
    "account: {balance: 0}": {"account": AccountStart(0)},
    "account: {balance: -0.000001}": {"account": AccountStart(-1)},
    "account: {balance: -1000000000}": {"account": AccountStart(-(10**15))},
    "account: {balance: 999999999.123456}": {"account": AccountStart(999_999_999_123_456)},
    "account: {balance: 1e2}": {"account": AccountStart(100_000_000)},
    "account: {activated: true, developer_access: False}": {"account": AccountStart(None, True, False)},
    "clock: {mode: real}": {"clock": ClockStart(mode="real")},
    "clock: {mode: frozen, start: 2026-05-11T14:00:00Z}": {"clock": ClockStart(START, "frozen")},
    'clock: {start: "2026-05-11T14:00:00Z"}': {"clock": ClockStart(START)},
    "clock: {start: 2026-05-11t16:00:00.25+02:00}": {"clock": ClockStart(START + 250 * MS)},
    "clock: {start: 1970-01-01T00:00:00Z}": {"clock": ClockStart(0)},
    "clock: {mode: scaled:60}": {"clock": ClockStart(None, "scaled", 60.0)},
    "clock: {mode: scaled:0.5}": {"clock": ClockStart(None, "scaled", 0.5)},
    "limits: {}": {"limits": Limits()},
    "limits: {requests_per_minute: 3}": {"limits": Limits(3, TOKENS_PER_DAY)},
    "limits: {requests_per_minute: null, tokens_per_day: ~}": {"limits": Limits(None, None)},
    "limits:\n  tokens_per_day:\n": {"limits": Limits(REQUESTS_PER_MINUTE, None)},
    "limits: {requests_per_minute: 0, tokens_per_day: 0}": {"limits": Limits(0, 0)},
    "payments: {}": {"payments": Payments()},
    "payments: {outcome: fail}": {"payments": Payments("fail")},
    "payments: {outcome: succeed, delay: 1.5m}": {"payments": Payments("succeed", 90 * SECOND)},
    "rules: []": {"rules": ()},
}


@pytest.mark.parametrize("text", TOP)
def test_a_top_level_entry_becomes_its_value(text: str) -> None:
    assert scenario(text) == Scenario(**{"name": "file", **TOP[text]})


WHEN: dict[str, dict[str, Any]] = {
    "{}": {},
    "{endpoint: search}": {"endpoints": ("search",)},
    '{endpoint: "*"}': {},
    "{endpoint: [keys.list, docs.llms]}": {"endpoints": ("keys.list", "docs.llms")},
    "{calls: 3}": {"calls": Calls(((3, 3),))},
    "{calls: 1-2}": {"calls": Calls(((1, 2),))},
    '{calls: "1-2"}': {"calls": Calls(((1, 2),))},
    "{calls: 2-2}": {"calls": Calls(((2, 2),))},
    "{calls: 4-}": {"calls": Calls(((4, None),))},
    "{calls: every 5}": {"calls": Calls((), 5)},
    "{calls: [1, 4]}": {"calls": Calls(((1, 1), (4, 4)))},
    "{calls: [1, 3-4, every 10, 20-]}": {"calls": Calls(((1, 1), (3, 4), (20, None)), 10)},
    "{key: ci}": {"key": "ci"},
    "{key: sk_live_0123456789ab...ef}": {"key": "sk_live_0123456789ab...ef"},
    '{account: "42"}': {"account": "42"},
    "{header: {User-Agent: curl/8}}": {"header": (("user-agent", TextPattern("curl/8")),)},
    '{header: {x-trace: "1", user-agent: "/OpenAI/"}}': {
        "header": (("x-trace", TextPattern("1")), ("user-agent", pattern("OpenAI")))
    },
    "{body: {stream: true, model: clevora-1.0-turbo}}": {"body": {"stream": True, "model": "clevora-1.0-turbo"}},
    "{body: {messages: [{role: user}], n: 1, temperature: 0.5, stop: null}}": {
        "body": {"messages": [{"role": "user"}], "n": 1, "temperature": 0.5, "stop": None}
    },
    "{body: {on: {yes: []}}}": {"body": {"on": {"yes": []}}},
    "{message: refund}": {"message": TextPattern("refund")},
    "{message: /refund policy/i}": {"message": pattern("refund policy", re.IGNORECASE)},
    r"{message: '/a\/b|c/d/'}": {"message": pattern(r"a\/b|c/d")},
    "{between: [10s, 2m]}": {"between": (10 * SECOND, 2 * MINUTE)},
    "{between: [0s, 8760h]}": {"between": (0, 365 * DAY)},
    "{chance: 0.33}": {"chance": 0.33},
    "{chance: 1}": {"chance": 1.0},
}


@pytest.mark.parametrize("text", WHEN)
def test_a_condition_becomes_its_value(text: str) -> None:
    found = scenario(f"rules: [{{when: {text}, then: {{error: 500}}}}]")
    assert found.rules == (Rule("rule 1", When(**WHEN[text]), Then(error=InjectedError(500))),)


def test_without_when_a_rule_applies_to_all() -> None:
    assert scenario("rules: [{then: {error: 500}}]").rules[0].when == When()


THEN: dict[str, dict[str, Any]] = {
    "{error: 500}": {"error": InjectedError(500)},
    "{error: {status: 429}}": {"error": InjectedError(429)},
    "{error: {status: 429, code: daily_token_limit_exceeded, message: Come back, retry_after: 60}}": {
        "error": InjectedError(429, "daily_token_limit_exceeded", "Come back", 60)
    },
    "{error: {status: 503, retry_after: 0}}": {"error": InjectedError(503, retry_after=0)},
    "{error: {status: 504, code: gateway_timeout}}": {"error": InjectedError(504, "gateway_timeout")},
    "{reply: {content: Thirty days.}}": {"reply": ScriptedReply("Thirty days.")},
    '{reply: {content: "", finish_reason: length}}': {"reply": ScriptedReply("", "length")},
    "{reply: {script: {title: T}}}": {"reply": ScriptedReply(script={"title": "T"})},
    "{reply: {script: {hook: H, sections: [{heading: A, content: B, durationSeconds: 5}], callToAction: Go}}}": {
        "reply": ScriptedReply(
            script={
                "hook": "H",
                "sections": [{"heading": "A", "content": "B", "durationSeconds": 5}],
                "callToAction": "Go",
            }
        )
    },
    "{reply: {results: []}}": {"reply": ScriptedReply(results=())},
    "{reply: {results: [{title: T, type: video, score: 1, tags: [a], publishedAt: 2026-05-11T14:00:00Z}]}}": {
        "reply": ScriptedReply(
            results=(
                {"title": "T", "type": "video", "score": 1.0, "tags": ["a"], "publishedAt": "2026-05-11T14:00:00Z"},
            )
        )
    },
    "{reply: {vector: [1, -0.5]}}": {"reply": ScriptedReply(vector=(1.0, -0.5))},
    "{reply: {content: A, vector: [1]}}": {"reply": ScriptedReply("A", vector=(1.0,))},
    "{delay: 250ms}": {"delay": Delay("fixed", 250 * MS, 250 * MS)},
    "{delay: 0s}": {"delay": Delay("fixed", 0, 0)},
    "{delay: {uniform: [100ms, 2s]}}": {"delay": Delay("uniform", 100 * MS, 2 * SECOND)},
    "{delay: {uniform: [1s, 1s]}}": {"delay": Delay("uniform", SECOND, SECOND)},
    "{delay: {lognormal: {median: 800ms, p99: 4s}}}": {"delay": Delay("lognormal", 800 * MS, 4 * SECOND)},
    "{stream: {ttft: 3s}}": {"stream": StreamPace(3 * SECOND)},
    "{stream: {ttft: 0s, tokens_per_second: 5, jitter: 0.2}}": {"stream": StreamPace(0, 5.0, 0.2)},
    "{stream: {jitter: 1}}": {"stream": StreamPace(jitter=1.0)},
    "{fault: reset}": {"faults": (Reset(),)},
    "{fault: {kind: reset}}": {"faults": (Reset(),)},
    "{fault: {kind: reset, at: headers}}": {"faults": (Reset("headers"),)},
    "{fault: {after_tokens: 3, kind: reset}}": {"faults": (Reset(after_tokens=3),)},
    "{fault: {kind: close, after_tokens: 0}}": {"faults": (Close(after_tokens=0),)},
    "{fault: {kind: stall, at: start, for: 30s}}": {"faults": (Stall(for_=30 * SECOND),)},
    "{fault: {kind: stall, after_tokens: 2, for: 1ms}}": {"faults": (Stall(after_tokens=2, for_=MS),)},
    "{fault: {kind: truncate, fraction: 0.25}}": {"faults": (Truncate(0.25),)},
    "{fault: {kind: slow_body, bytes_per_second: 1}}": {"faults": (SlowBody(1),)},
    "{fault: {kind: html_error, status: 503}}": {"faults": (HtmlError(503),)},
    "{fault: {kind: missing_fields, fields: [usage, choices.message.content]}}": {
        "faults": (MissingFields(("usage", "choices.message.content")),)
    },
    "{fault: {kind: malformed_chunk, after_tokens: 5}}": {"faults": (MalformedChunk(5),)},
    "{fault: {kind: duplicate_chunk, after_tokens: 5}}": {"faults": (DuplicateChunk(5),)},
    "{fault: {kind: error_frame, after_tokens: 5}}": {"faults": (ErrorFrame(5),)},
    "{fault: close, charge: true}": {"faults": (Close(),), "charge": True},
    "{error: 500, charge: false}": {"error": InjectedError(500), "charge": False},
    "{error: 500, delay: 1s}": {"error": InjectedError(500), "delay": Delay("fixed", SECOND, SECOND)},
    "{error: 500, fault: {kind: reset, at: headers}}": {"error": InjectedError(500), "faults": (Reset("headers"),)},
    "{error: 402, fault: wrong_content_type}": {"error": InjectedError(402), "faults": (WrongContentType(),)},
    "{reply: {content: A}, delay: 1s, stream: {ttft: 1s}, fault: no_done}": {
        "reply": ScriptedReply("A"),
        "delay": Delay("fixed", SECOND, SECOND),
        "stream": StreamPace(SECOND),
        "faults": (NoDone(),),
    },
}


@pytest.mark.parametrize("text", THEN)
def test_an_effect_becomes_its_value(text: str) -> None:
    assert scenario(f"rules: [{{then: {text}}}]").rules == (Rule("rule 1", When(), Then(**THEN[text])),)


@pytest.mark.parametrize("kind", [kind for kind in FAULTS if kind not in ("missing_fields", "wrong_types")])
def test_every_fault_can_be_named_alone(kind: str) -> None:
    assert scenario(f"rules: [{{then: {{fault: {kind}}}}}]").rules[0].then.faults == (FAULTS[kind](),)


@pytest.mark.parametrize("status", INJECTABLE_ERRORS)
def test_every_status_can_be_injected(status: int) -> None:
    assert scenario(f"rules: [{{then: {{error: {status}}}}}]").rules[0].then.error == InjectedError(status)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_every_code_of_the_contract_can_be_injected(error: ErrorSpec) -> None:
    found = scenario(f"rules: [{{then: {{error: {{status: {error.status}, code: {error.code}}}}}}}]")
    assert found.rules[0].then.error == InjectedError(error.status, error.code)
    assert error in INJECTABLE_ERRORS[error.status]


def test_a_status_without_a_code_has_a_usual_one() -> None:
    usual = {status: errors[0].code for status, errors in INJECTABLE_ERRORS.items()}
    assert usual == {
        400: "invalid_field",
        401: "invalid_api_key",
        402: "insufficient_balance",
        403: "developer_access_required",
        404: "not_found",
        405: "method_not_allowed",
        413: "payload_too_large",
        429: "rate_limit_exceeded",
        500: "internal_error",
        502: "bad_gateway",
        503: "service_unavailable",
        504: "gateway_timeout",
    }


@pytest.mark.parametrize("endpoint", ENDPOINT_BY_NAME)
def test_every_endpoint_can_be_named(endpoint: str) -> None:
    found = scenario(f"rules: [{{when: {{endpoint: {endpoint}}}, then: {{error: 500}}}}]")
    assert found.rules[0].when.endpoints == (endpoint,)


def test_a_reply_for_each_endpoint_that_is_named() -> None:
    found = scenario(
        "rules:\n"
        "- when: {endpoint: [chat.completions, search]}\n"
        "  then: {reply: {content: A, results: []}, stream: {ttft: 1s}, fault: {kind: reset, after_tokens: 1}}\n"
    )
    assert found.rules[0].then.reply == ScriptedReply("A", results=())


def test_names_follow_from_the_place() -> None:
    found = scenario("rules: [{then: {delay: 1s}}, {name: mine, then: {delay: 1s}}, {then: {delay: 1s}}]")
    assert [rule.name for rule in found.rules] == ["rule 1", "mine", "rule 3"]


def test_an_alias_has_the_value_of_its_anchor() -> None:
    found = scenario(
        "rules:\n- {when: &chat {endpoint: search, calls: 1}, then: {error: 500}}\n- {when: *chat, then: {delay: 1s}}\n"
    )
    assert found.rules[0].when == found.rules[1].when == When(("search",), Calls(((1, 1),)))


def test_json_is_read_whole() -> None:
    text = (
        '\r\n{\t"name"\t:"json \\u00e9 \\ud83d\\ude00",\n\t"description":"a \\"b\\" \\/ \x7f",\n'
        '"account"\n:{"balance":2.5E1,"activated":true},"limits":{"tokens_per_day":null},'
        '"rules":[{"when":{"message":"/\\\\d+/","body":{"n":-0.5,"on":[ ],"o":{ }}},"then":{"error":500}}]}\n'
    )
    assert scenario(text) == Scenario(
        "json é 😀",
        'a "b" / \x7f',
        AccountStart(25_000_000, True),
        limits=Limits(REQUESTS_PER_MINUTE, None),
        rules=(
            Rule(
                "rule 1",
                When(body={"n": -0.5, "on": [], "o": {}}, message=pattern(r"\d+")),
                Then(error=InjectedError(500)),
            ),
        ),
    )


def test_yaml_in_braces_is_read_too() -> None:
    assert scenario("{name: x, rules: [],}") == Scenario("x")


def test_a_file_may_begin_in_other_ways() -> None:
    for text in (
        "\ufeffname: x\n",
        "---\nname: x\n...\n",
        "%YAML 1.1\n---\nname: x\n",
        "# hello\nname: x",
        "name: x\r\n",
    ):
        assert scenario(text) == Scenario("x"), repr(text)


@pytest.mark.parametrize(
    ("file", "name"), [("a.yaml", "a"), ("dir/b.yml", "b"), ("c.json", "c"), ("scenario", "scenario"), ("v1.2", "v1.2")]
)
def test_without_a_name_it_is_the_files(file: str, name: str) -> None:
    assert read_scenario(file, "{}").name == name
