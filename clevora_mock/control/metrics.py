"""``GET /__mock/metrics``: the server's counters and gauges in Prometheus' text format 0.0.4."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import accumulate
from typing import Literal, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.clock import SECOND
from clevora_mock.control.route import ControlHandler
from clevora_mock.core.conduct.rules import findings
from clevora_mock.core.metrics import LATENCY_BOUNDS, RequestMetrics
from clevora_mock.core.sandboxes import Sandboxes
from clevora_mock.version import __version__
from clevora_mock.web.background import LONG, Background

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Sample(NamedTuple):
    """A line of a family; `suffix` follows its name."""

    labels: dict[str, str]
    value: float
    suffix: str = ""


class Family(NamedTuple):
    """A metric with its samples."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    samples: Iterable[Sample]

    def lines(self) -> Iterator[str]:
        """Yield the family as lines of text."""
        name = f"clevora_mock_{self.name}"
        yield f"# HELP {name} {_escaped(self.help)}"
        yield f"# TYPE {name} {self.kind}"
        for labels, value, suffix in self.samples:
            pairs = ",".join(f'{label}="{_escaped(text, quote=True)}"' for label, text in labels.items())
            yield f"{name}{suffix}{f'{{{pairs}}}' if pairs else ''} {value}"


def show_metrics(background: Background, sandboxes: Sandboxes, metrics: RequestMetrics) -> ControlHandler:
    """Handle ``GET /__mock/metrics``: about the whole server, also below a sandbox's path."""

    async def show(request: Request) -> Response:
        found: Counter[str] = Counter()
        for sandbox in sandboxes.all():
            if entries := list(sandbox.journal.entries):
                now, is_wall = sandbox.clock.now(), sandbox.clock.is_wall_time
                look = partial(findings, entries, now, is_wall_time=is_wall)
                found.update(finding.kind for finding in await background.run(LONG, look))
        families = [*_counters(metrics), *_gauges(sandboxes), _findings(found)]
        text = "".join(f"{line}\n" for family in families for line in family.lines())
        return Response(text.encode("utf-8", "replace"), headers={"content-type": CONTENT_TYPE})

    return show


def _counters(metrics: RequestMetrics) -> Iterator[Family]:
    endpoints = sorted(metrics.endpoints.items())
    yield Family(
        "requests_total",
        "counter",
        "Requests to the emulated APIs; status none without an answer, endpoint empty for an unknown path.",
        [
            Sample({"endpoint": name, "status": str(status or "none")}, count)
            for name, endpoint in endpoints
            for status, count in sorted(endpoint.statuses.items())
        ],
    )
    yield Family("tokens_total", "counter", "Tokens of prompts and completions.", _tokens(metrics))
    yield Family(
        "spend_microdollars_total",
        "counter",
        "Money charged, in micro-dollars.",
        [Sample({"endpoint": name}, endpoint.spent) for name, endpoint in endpoints if endpoint.spent],
    )
    yield Family(
        "rules_applied_total",
        "counter",
        "Requests to which a scenario's rule or a fault applied; rule and fault are empty for none.",
        [Sample({"rule": rule, "fault": fault}, count) for (rule, fault), count in sorted(metrics.rules.items())],
    )
    yield Family(
        "request_duration_seconds",
        "histogram",
        "Latency of requests, by the sandbox's clock, with delays that a frozen clock does not wait for.",
        _buckets(metrics),
    )


def _tokens(metrics: RequestMetrics) -> Iterator[Sample]:
    for name, endpoint in sorted(metrics.endpoints.items()):
        if endpoint.prompt_tokens or endpoint.completion_tokens:
            yield Sample({"endpoint": name, "kind": "completion"}, endpoint.completion_tokens)
            yield Sample({"endpoint": name, "kind": "prompt"}, endpoint.prompt_tokens)


def _buckets(metrics: RequestMetrics) -> Iterator[Sample]:
    bounds = [*(str(bound / SECOND) for bound in LATENCY_BOUNDS), "+Inf"]
    for name, endpoint in sorted(metrics.endpoints.items()):
        labels = {"endpoint": name}
        counts = list(accumulate(endpoint.latencies))
        for bound, count in zip(bounds, counts, strict=True):
            yield Sample(labels | {"le": bound}, count, "_bucket")
        yield Sample(labels, endpoint.latency / SECOND, "_sum")
        yield Sample(labels, counts[-1], "_count")


def _gauges(sandboxes: Sandboxes) -> Iterator[Family]:
    every = sandboxes.all()
    numbers = (
        ("sandboxes", "Sandboxes.", len(every)),
        (
            "requests_running",
            "Requests that run, with open streams and this one.",
            sum(one.running for one in every),
        ),
        ("journal_entries", "Requests in the journals.", sum(len(one.journal.entries) for one in every)),
        ("journal_evicted", "Requests that journals have dropped.", sum(one.journal.evicted for one in every)),
        ("journal_bytes", "Memory of the journals.", sum(one.journal.bytes for one in every)),
    )
    for name, text, value in numbers:
        yield Family(name, "gauge", text, [Sample({}, value)])
    yield Family("info", "gauge", "The server's version.", [Sample({"version": __version__}, 1)])


def _findings(found: Counter[str]) -> Family:
    samples = [Sample({"kind": kind}, count) for kind, count in sorted(found.items())]
    return Family("findings", "gauge", "Findings about clients' conduct in the journals, by kind.", samples)


def _escaped(text: str, *, quote: bool = False) -> str:
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n")
    return escaped.replace('"', '\\"') if quote else escaped
