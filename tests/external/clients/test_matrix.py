"""Every client of the matrix, configured with only URL and key, behaves as its row says."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import cache
from typing import Any, NamedTuple

import pytest

from clevora_mock.core.journal import JournalEntry
from tests.external.clients.matrix import CLIENTS, STATUSES, Client
from tests.external.clients.worker import Worker
from tests.support import records
from tests.support.world import World

QUESTION = "Tell me about the sea, and why people sail on it."
REQUEST = {"model": "clevora-1.0-turbo", "messages": [{"role": "user", "content": QUESTION}]}
PERSON_REQUEST = {"model": "clevora-1.0-turbo", "messages": [{"role": "user", "content": "Invent a person who sails."}]}
TEXTS = ["the cat sat", "on the mat", "naïve café ☕"]
COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")
SENT_BEFORE_THE_CUT = 12
# Seconds.
BRIEFLY = 0.05

BY_ID = {client.id: client for client in CLIENTS}

Call = Callable[..., dict[str, Any]]


def each(clients: Sequence[Client]) -> pytest.MarkDecorator:
    """Parametrize by `clients`; tests of one client run in the same xdist process and share its worker."""
    return pytest.mark.parametrize("client", [pytest.param(one, id=one.id, marks=marks(one)) for one in clients])


def marks(client: Client) -> list[pytest.MarkDecorator]:
    return [pytest.mark.xdist_group(client.id), *([pytest.mark.browser] if client.runtime == "chromium" else [])]


every_client = each(CLIENTS)
embedding_clients = each([client for client in CLIENTS if client.embeds])
retrying_clients = each([client for client in CLIENTS if client.attempts > 1])
object_clients = pytest.mark.parametrize(
    ("client", "way"),
    [
        pytest.param(client, way, id=f"{client.id}-{way}", marks=pytest.mark.xdist_group(client.id))
        for client in CLIENTS
        for way in client.objects
    ],
)
single_clients = each([client for client in CLIENTS if client.attempts == 1])


@pytest.fixture(scope="session")
def workers() -> Iterator[Callable[[str], Worker]]:
    """Provide the workers, each started on first use and stopped after the tests."""
    with ExitStack() as running:
        yield cache(lambda client_id: running.enter_context(Worker(BY_ID[client_id])))


@pytest.fixture
def worker(workers: Callable[[str], Worker], client: Client) -> Worker:
    return workers(client.id)


@pytest.fixture
def call(worker: Worker) -> Call:
    """Provide a function that makes the client call a sandbox."""

    def make(world: World, function: str, api_key: str = "", **arguments: Any) -> dict[str, Any]:
        return worker.call(function, base_url=world.base_url, api_key=api_key or world.api_key, **arguments)

    return make


def counts(usage: dict[str, Any]) -> dict[str, int]:
    """Return the contract's fields of a usage; the SDKs' types have more."""
    return {name: usage[name] for name in COUNTS if name in usage}


def requests(world: World) -> list[JournalEntry]:
    """Return the journal's entries of the client's requests; a browser sends preflights of its own before them."""
    return [entry for entry in records.journal(world) if entry.method != "OPTIONS"]


def statuses(world: World) -> list[int | None]:
    return [entry.status for entry in requests(world)]


def asked_again(world: World) -> Any:
    """Repeat the client's request over plain HTTP, and return the response."""
    asked = json.loads(requests(world)[0].body)
    assert QUESTION in json.dumps(asked["messages"])
    answer = world.http.post("/v1/chat/completions", json=asked | {"stream": False}, headers=world.headers)
    assert answer.status_code == 200
    return answer.json()


def same(client: Client, text: str, answer: Any) -> bool:
    """Tell whether `text` is the text of `answer`."""
    said = answer["choices"][0]["message"]["content"]
    return bool(json.loads(text) == json.loads(said) if client.reads_objects else text == said)


def joined(client: Client, got: dict[str, Any]) -> str:
    """Return the text of a stream, as far as it was read."""
    pieces = got.get("text", [])
    return "".join(pieces[-1:] if client.reads_objects else pieces)


def refuse(world: World, status: int, retry_after: float | None = None, **when: Any) -> None:
    """Make requests fail with `status`, and with its usual wait unless `retry_after` (seconds) is given."""
    error = {"status": status} | ({} if retry_after is None else {"retry_after": retry_after})
    rule = {"name": "refused", "when": {"endpoint": "*"} | when, "then": {"error": error}}
    answer = world.http.put("/__mock/scenario", json={"name": "refusals", "rules": [rule]})
    assert answer.status_code == 200, answer.text


@every_client
def test_installed_versions_are_the_pinned_ones(client: Client, worker: Worker) -> None:
    installed = worker.call("versions")["versions"]
    assert all(installed)
    assert not client.pins or installed == [pin.version for pin in client.pins]


class TestChat:
    @every_client
    def test_an_answer(self, world: World, client: Client, call: Call) -> None:
        got = call(world, "chat", request=REQUEST)
        (charge,) = records.wait_for_charges(world)
        assert statuses(world) == [200]
        plain = asked_again(world)
        assert same(client, got["text"], plain)
        assert counts(got["usage"]) == plain["usage"]
        assert got.get("finish") == (None if "finish reason" in client.hides else "stop")
        assert charge.tokens == plain["usage"]["total_tokens"]

    @every_client
    def test_a_stream(self, live_world: World, client: Client, call: Call) -> None:
        """Frames that arrive one by one add up to the whole text, with one usage and one charge."""
        got = call(live_world, "stream", request=REQUEST)
        (charge,) = records.wait_for_charges(live_world)
        assert statuses(live_world) == [200]
        plain = asked_again(live_world)
        assert same(client, joined(client, got), plain)
        if "usage of streams" not in client.hides:
            assert [counts(usage) for usage in got["usage"]] == [plain["usage"]]
            is_hidden = client.hides & {"finish reason", "finish reason of streams"}
            assert got.get("finish") == (None if is_hidden else ["stop"])
        assert charge.tokens == plain["usage"]["total_tokens"]

    @every_client
    def test_a_cut_stream(self, world: World, client: Client, call: Call) -> None:
        """No client takes the first half for a complete text or retries, and the sent tokens are billed."""
        rules = [{"then": {"fault": {"kind": "close", "after_tokens": SENT_BEFORE_THE_CUT}}}]
        world.http.put("/__mock/scenario", json={"rules": rules}).raise_for_status()
        got = call(world, "stream", request=REQUEST)
        assert client.cut in got["error"]["names"]
        (charge,) = records.wait_for_charges(world)
        (entry,) = requests(world)
        assert (entry.completion_tokens, entry.fault) == (SENT_BEFORE_THE_CUT, "close")
        assert charge.tokens == entry.prompt_tokens + SENT_BEFORE_THE_CUT
        sent = "" if "text of cut streams" in client.hides else entry.response or ""
        read = joined(client, got)
        assert sent.startswith(read) if "end of cut streams" in client.hides else read == sent
        assert "finish" not in got
        assert "usage" not in got

    @every_client
    def test_a_stream_that_ends_early(self, world: World, client: Client, call: Call) -> None:
        """Its message is complete, so it is the client's choice: an exception, or a half taken for a whole answer."""
        rules = [{"then": {"fault": {"kind": "early_end", "after_tokens": SENT_BEFORE_THE_CUT}}}]
        world.http.put("/__mock/scenario", json={"rules": rules}).raise_for_status()
        got = call(world, "stream", request=REQUEST)
        (charge,) = records.wait_for_charges(world)
        (entry,) = requests(world)
        assert (entry.completion_tokens, entry.fault) == (SENT_BEFORE_THE_CUT, "early_end")
        assert charge.tokens == entry.prompt_tokens + SENT_BEFORE_THE_CUT
        if client.reads_objects:
            assert None in json.loads(joined(client, got)).values()
        else:
            assert joined(client, got) == entry.response
        if client.early_end:
            assert client.early_end in got["error"]["names"]
        else:
            assert "error" not in got
        assert got.get("finish") == (client.early_finish and [client.early_finish])


@embedding_clients
def test_embeddings(world: World, client: Client, call: Call) -> None:
    got = call(world, "embed", texts=TEXTS)
    (charge,) = records.wait_for_charges(world)
    plain = world.http.post("/v1/embeddings", json={"input": TEXTS}, headers=world.headers).json()
    assert statuses(world) == [200, 200]
    assert got["vectors"] == [one["embedding"] for one in plain["data"]]
    assert charge.tokens == plain["usage"]["total_tokens"]
    if "usage of embeddings" not in client.hides:
        assert counts(got["usage"]).items() >= plain["usage"].items()


@object_clients
def test_an_object(world: World, client: Client, call: Call, way: str) -> None:
    """Each way of a client to request an object of a class gives one, by one call."""
    got = call(world, way, request=PERSON_REQUEST)
    records.wait_for_charges(world)
    (entry,) = requests(world)
    assert got["object"] == json.loads(entry.response)
    assert {name: type(value) for name, value in got["object"].items()} == {"name": str, "age": int}


class Situation(NamedTuple):
    """A cause of a refusal."""

    prepare: Callable[[World], None]
    api_key: str = ""


# Some clients make a dozen attempts, so those are told to wait only briefly.
SITUATIONS = {
    400: Situation(lambda world: refuse(world, 400)),
    401: Situation(lambda world: None, "sk_live_" + 32 * "0"),
    402: Situation(lambda world: world.balance(0)),
    429: Situation(lambda world: refuse(world, 429, BRIEFLY)),
    500: Situation(lambda world: refuse(world, 500, BRIEFLY)),
}


class TestRefusals:
    @pytest.mark.parametrize("status", STATUSES)
    @every_client
    def test_each_error_has_its_own_exception(self, world: World, client: Client, call: Call, status: int) -> None:
        """After the client's own number of attempts, and without a charge."""
        prepare, api_key = SITUATIONS[status]
        prepare(world)
        got = call(world, "chat", api_key, request=REQUEST)
        self._check(client, got["error"], status)
        attempts = client.attempts if status in (429, 500) else 1
        assert statuses(world) == [status] * attempts
        assert records.charges(world) == []

    @every_client
    def test_a_stream_is_refused_alike(self, world: World, client: Client, call: Call) -> None:
        world.balance(0)
        got = call(world, "stream", request=REQUEST)
        self._check(client, got["error"], 402)
        assert "text" not in got
        assert statuses(world) == [402]

    def _check(self, client: Client, error: dict[str, Any], status: int) -> None:
        assert client.errors[status] in error["names"]
        assert error["status"] == status
        assert error.get("code") == client.codes.get(status, STATUSES[status])


class TestRetries:
    @pytest.mark.parametrize("status", [429, 500])
    @retrying_clients
    def test_one_failure_is_retried(self, live_world: World, client: Client, call: Call, status: int) -> None:
        """The answer is billed once, and the mock has no finding about the retries."""
        refuse(live_world, status, calls=1)
        assert "error" not in call(live_world, "chat", request=REQUEST)
        assert len(records.wait_for_charges(live_world)) == 1
        assert statuses(live_world) == [status, 200]
        refused, answered = requests(live_world)
        assert answered.at >= (refused.retry_at or 0)
        assert live_world.http.get("/__mock/conduct").json()["findings"] == []

    @single_clients
    def test_a_program_learns_how_long_to_wait(self, world: World, client: Client, call: Call) -> None:
        """A client that does not retry shows the header, and the call after that wait is answered."""
        refuse(world, 429, calls=1)
        wait = call(world, "chat", request=REQUEST)["error"]["retry_after"]
        world.advance(int(wait))
        assert "error" not in call(world, "chat", request=REQUEST)
        refused, answered = requests(world)
        assert (refused.status, answered.status, answered.at >= (refused.retry_at or 0)) == (429, 200, True)
        assert world.http.get("/__mock/conduct").json()["findings"] == []
