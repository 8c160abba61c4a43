"""``GET /__mock/metrics``: Prometheus' text format, read by a strict parser, and what is counted."""

import re
from typing import Any

import pytest

from clevora_mock.control.metrics import Family, Sample
from tests.support.control import chat, control, start_scenario
from tests.support.server import serve_settings
from tests.support.world import World

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*"'
_SAMPLE = re.compile(rf"({_NAME})(?:\{{({_LABEL}(?:,{_LABEL})*)\}})? (-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)")
_SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}

Values = dict[tuple[str, str], float]


def parsed(text: str) -> Values:
    """Return the value of each sample by name and labels; every family has its help, its type and then its samples."""
    assert text.endswith("\n")
    values: Values = {}
    families: set[str] = set()
    name = kind = ""
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("# HELP "):
            name, _, words = line.removeprefix("# HELP ").partition(" ")
            assert words, line
            assert name not in families
            families.add(name)
        elif line.startswith("# TYPE "):
            typed, kind = line.removeprefix("# TYPE ").split(" ")
            assert typed == name
            assert kind in _SUFFIXES
            assert name.endswith("_total") == (kind == "counter")
        else:
            found = _SAMPLE.fullmatch(line)
            assert found is not None, line
            assert found[1].removeprefix(name) in _SUFFIXES[kind]
            assert (found[1], found[2] or "") not in values
            values[found[1].removeprefix("clevora_mock_"), found[2] or ""] = float(found[3])
    return values


def metrics(world: World) -> Values:
    answer = world.http.get("/__mock/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return parsed(answer.text)


@pytest.fixture(scope="module")
def values() -> Values:
    """Provide the metrics of a server after two chats, one of them refused, and an unknown path."""
    with serve_settings(clock="frozen") as server:
        world = World(server, "measured")
        chat(world)
        start_scenario(world, 'rules: [{name: "a \\"b\\\\", when: {}, then: {delay: 300ms, error: 503}}]')
        chat(world)
        world.http.get("/v1/nowhere", headers=world.headers)
        found = metrics(world)
        world.http.close()
    return found


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("requests_total", 'endpoint="chat.completions",status="200"', 1),
        ("requests_total", 'endpoint="chat.completions",status="503"', 1),
        ("requests_total", 'endpoint="",status="404"', 1),
        ("tokens_total", 'endpoint="chat.completions",kind="prompt"', 8),
        ("tokens_total", 'endpoint="chat.completions",kind="completion"', 32),
        ("spend_microdollars_total", 'endpoint="chat.completions"', 20_000),
        ("rules_applied_total", r'rule="a \"b\\",fault=""', 1),
        ("request_duration_seconds_bucket", 'endpoint="chat.completions",le="0.001"', 1),
        ("request_duration_seconds_bucket", 'endpoint="chat.completions",le="0.25"', 1),
        ("request_duration_seconds_bucket", 'endpoint="chat.completions",le="0.5"', 2),
        ("request_duration_seconds_bucket", 'endpoint="chat.completions",le="+Inf"', 2),
        ("request_duration_seconds_sum", 'endpoint="chat.completions"', 0.3),
        ("request_duration_seconds_count", 'endpoint="chat.completions"', 2),
        ("sandboxes", "", 2),
        ("requests_running", "", 1),
        ("journal_entries", "", 3),
        ("journal_evicted", "", 0),
    ],
)
def test_a_sample_has_its_value(values: Values, name: str, labels: str, value: float) -> None:
    assert values[name, labels] == value


def test_counters_survive_a_reset_and_the_end_of_a_sandbox() -> None:
    with serve_settings() as server:
        world = World(server, "short-lived")
        chat(world)
        control(world, "POST reset")
        chat(world)
        world.http.delete("/")
        found = metrics(world)
        world.http.close()
    assert found["requests_total", 'endpoint="chat.completions",status="200"'] == 2
    assert found["journal_entries", ""] == 0


def test_findings_are_counted_by_kind(world: World) -> None:
    before = metrics(world).get(("findings", 'kind="unknown_fields"'), 0)
    chat(world, colour="red")
    assert metrics(world)["findings", 'kind="unknown_fields"'] == before + 1


def test_beyond_two_hundred_rules_the_others_are_one() -> None:
    with serve_settings() as server:
        world = World(server, "many")
        for number in range(203):
            start_scenario(world, f"rules: [{{name: rule-{number}, when: {{}}, then: {{error: 500}}}}]")
            chat(world)
        found = {labels: value for (name, labels), value in metrics(world).items() if name == "rules_applied_total"}
        world.http.close()
    assert (len(found), found['rule="other",fault="other"']) == (201, 3)


@pytest.mark.parametrize(
    ("text", "escaped"), [("plain", "plain"), ("a\nb", "a\\nb"), ("\\n", "\\\\n"), ('"', '\\"'), ("é", "é")]
)
def test_labels_are_escaped(text: str, escaped: str) -> None:
    family = Family("one", "gauge", "Help \\ and\nmore.", [Sample({"label": text}, 1)])
    assert list(family.lines()) == [
        "# HELP clevora_mock_one Help \\\\ and\\nmore.",
        "# TYPE clevora_mock_one gauge",
        f'clevora_mock_one{{label="{escaped}"}} 1',
    ]


def test_another_host_is_refused(world: World) -> None:
    answer: Any = world.http.get("/__mock/metrics", headers={"host": "evil.example"})
    assert answer.status_code == 403
