"""The worst control calls and scenarios: other requests go on meanwhile, and SIGTERM ends the server."""

import json
import signal
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from clevora_mock.settings import DEMO_KEY
from tests.support.control import connect
from tests.support.health import health_checks
from tests.support.program import StartedServer, serve_process
from tests.support.raw_client import Address

# Each test computes for a second or more.
pytestmark = pytest.mark.slow

# In processor time of the server; what is tested here took from 0.2 to 12 seconds, with a full journal 0.1.
LONGEST_WAIT_SECONDS = 0.3
# Running requests have a second to end; a busy machine takes a while for anything.
LONGEST_END_SECONDS = 6

KEY = {"authorization": f"Bearer {DEMO_KEY}"}
CHAT = "/v1/chat/completions"
TOKEN = "/securetoken.googleapis.com/v1/token"
HOUR = 3_600_000_000

Work = Callable[[httpx.Client], object]


def rules(count: int, when: str) -> str:
    return "rules:\n" + "".join(f"- {{when: {when % index}, then: {{error: 500}}}}\n" for index in range(count))


# Each takes long to compile.
EXPRESSIONS = rules(100, "{message: '/" + "[a-zA-Z0-9]x" * 70 + "%d/i'}")
PLAIN = rules(500, "{endpoint: chat.completions, message: 'zzz%d'}")
TURNS = rules(500, "{turn: 1%d, last_role: tool}")
SEARCHED = rules(100, "{message: '/x.*y.*z%d/'}")
MESSAGES = json.dumps({"messages": [{"role": "user", "content": "Hi"}] * 90_000})
PARTS = json.dumps({"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}] * 100_000}]})
TEXT = json.dumps({"messages": [{"role": "user", "content": "x y " * 1_000_000}]})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Provide a folder with scenarios that take long to read."""
    path = tmp_path_factory.mktemp("scenarios")
    for number in range(300):
        (path / f"{number}.yaml").write_text(f"name: own{number}\n" + rules(60, "{endpoint: '*', message: '/a%d/'}"))
    return path


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[StartedServer]:
    # Streams and queries are not what is measured.
    with serve_process("serve", "--quiet", "--no-rate-limit", "--scenarios", str(folder)) as started:
        yield started


def address_of(server: StartedServer) -> Address:
    parts = urlsplit(server.url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def starting(source: str, message: str | None = None) -> Work:
    """Start a scenario, and send a chat."""

    def work(http: httpx.Client) -> None:
        http.put("/__mock/scenario", content=source)
        if message is not None:
            http.post(CHAT, headers=KEY, content=message)

    return work


def reading(path: str) -> Work:
    return lambda http: http.get(path)


def naming(http: httpx.Client) -> None:
    http.put("/__mock/scenario", json={"name": "own7"})
    http.post(CHAT, headers=KEY | {"x-clevora-mock-scenario": "own8"}, json={"messages": []})


def state_with(http: httpx.Client, **parts: Any) -> bytes:
    """Return the sandbox's snapshot with other parts."""
    return json.dumps(http.get("/__mock/state").json() | parts).encode()


def with_full_journal(http: httpx.Client) -> bytes:
    http.post(CHAT, headers=KEY, json={"messages": [{"role": "user", "content": "Hi"}]})
    (entry,) = http.get("/__mock/state").json()["journal"][-1:]
    text = b64encode(json.dumps({"messages": [{"role": "user", "content": "x " * 8_000}]}).encode()).decode()
    journal = [entry | {"serial": serial, "body": text, "body_bytes": 16_043} for serial in range(1_700)]
    return state_with(http, journal=journal, journal_total=len(journal))


def restoring_and_reading_journals(http: httpx.Client) -> None:
    state = with_full_journal(http)
    for _ in range(2):
        assert http.put("/__mock/state", content=state).status_code == 200
    for path in ("/__mock/state", "/__mock/requests?limit=10000", "/__mock/conduct"):
        assert http.get(path).status_code == 200


def with_late_payments(http: httpx.Client, late: int = HOUR) -> bytes:
    now = http.get("/__mock/state").json()["clock"]["now"]
    checkout = {"uid": "demo", "email": None, "amount": 15_000_000, "created": now, "status": "succeeded"}
    checkout |= {"credited": False, "due": now + late}
    return state_with(http, checkouts=[checkout | {"id": f"cks_{number:024x}"} for number in range(10_000)])


def restoring_late_payments(http: httpx.Client) -> None:
    state = with_late_payments(http)
    for _ in range(8):
        assert http.put("/__mock/state", content=state).status_code == 200
    http.patch("/__mock/clock", json={"advance": 1})
    assert http.get("/__mock/checkouts").status_code == 200


def delivering_late_payments(http: httpx.Client) -> None:
    http.put("/__mock/state", content=with_late_payments(http))
    http.patch("/__mock/clock", json={"advance": "2h"})
    # The events are still delivered.
    time.sleep(1)


def with_long_ledgers(http: httpx.Client, count: int = 20, **more: str) -> bytes:
    (account,) = http.get("/__mock/state").json()["accounts"]
    entry = account["entries"][0]
    accounts = []
    for number in range(count):
        serials = range(number * 10_000, (number + 1) * 10_000)
        changes = ({"serial": serial, "amount": 1, "balance_after": index} for index, serial in enumerate(serials, 1))
        entries = [entry | more | change for change in changes]
        accounts.append(account | {"uid": f"u{number}", "keys": [], "entries": entries, "balance": 10_000})
    return state_with(http, accounts=[account, *accounts], ledger_entries=count * 10_000)


def restoring_and_reading_ledgers(http: httpx.Client) -> None:
    assert http.put("/__mock/state", content=with_long_ledgers(http)).status_code == 200
    places = ("ledger?uid=u1", "firestore/clevora_developer_transactions", "firestore/clevora_developer_transactions/x")
    for place in (*places, "state"):
        http.get(f"/__mock/{place}")


def asking_beside_long_ledgers(http: httpx.Client) -> None:
    state = with_long_ledgers(http, 15, rule="a rule of a scenario", key="sk_live_0123456789ab...ef")
    assert http.put("/__mock/state", content=state).status_code == 200
    for _ in range(24):
        assert http.post("/v1/embeddings", headers=KEY, json={"input": "a"}).status_code == 200


def reading_counted_requests(http: httpx.Client) -> None:
    state = http.get("/__mock/state").json()
    (account,) = state["accounts"]
    (key,) = account["keys"]
    recent = [state["clock"]["now"] - 100_000 + index for index in range(100_000)]
    others = [key | {"id": f"k{number}", "hash": f"{number:064x}", "recent": recent} for number in range(14)]
    accounts = [account | {"keys": [key, *others]}]
    assert http.put("/__mock/state", json=state | {"accounts": accounts}).status_code == 200
    for path in ("/__mock/state", "/__mock/limits"):
        assert http.get(path).status_code == 200


def posting(path: str, body: bytes) -> Work:
    """Send a body without a credential, several times, since it takes the server little."""

    def post(http: httpx.Client) -> None:
        for _ in range(10):
            http.post(path, content=body)

    return post


WORST: dict[str, Work] = {
    "expressions": starting(EXPRESSIONS),
    "a plain text in many messages": starting(PLAIN, MESSAGES),
    "a plain text in many parts": starting(PLAIN, PARTS),
    "a plain text in a long text": starting(PLAIN, TEXT),
    "the turn of many messages": starting(TURNS, MESSAGES),
    "expressions in many parts": starting(SEARCHED, PARTS),
    "the list of scenarios": reading("/__mock/scenarios"),
    "scenarios by name": naming,
    "journals": restoring_and_reading_journals,
    "late payments restored": restoring_late_payments,
    "late payments delivered": delivering_late_payments,
    "ledgers": restoring_and_reading_ledgers,
    "requests beside ledgers": asking_beside_long_ledgers,
    "counted requests": reading_counted_requests,
    "backslashes": posting(CHAT, b"%41" + b"\\" * 24_000),
    "exponents": posting(f"{TOKEN}?key=x", b'{"x":[' + b",".join([b"1e308"] * 690_000) + b"]}"),
    "numbers without an end": posting(f"{TOKEN}?key=x", b'{"x":[' + b"1," * 2_000_000),
}


@pytest.mark.parametrize("name", WORST)
def test_other_requests_go_on(server: StartedServer, name: str) -> None:
    sandbox = f"{server.url}/sandbox/{name.replace(' ', '-')}"
    with connect(sandbox) as http, health_checks(address_of(server), server.process.pid) as health:
        http.timeout = httpx.Timeout(60)
        WORST[name](http)
    assert health.count > 1
    assert health.longest < LONGEST_WAIT_SECONDS, f"a health check waited for {health.longest:.3f} s"


@pytest.mark.parametrize("name", ["expressions", "a plain text in many parts", "the list of scenarios", "journals"])
def test_a_signal_ends_the_server_meanwhile(folder: Path, tmp_path: Path, name: str) -> None:
    file = tmp_path / "state.json"
    with serve_process("serve", "--quiet", "--scenarios", str(folder), "--export-on-exit", str(file)) as server:

        def run() -> None:
            with connect(server.url) as http, suppress(httpx.TransportError, AssertionError):
                while True:
                    WORST[name](http)

        threading.Thread(target=run, daemon=True).start()
        time.sleep(1)
        begun = time.perf_counter()
        assert server.stop(signal.SIGTERM) == (0, "")
        assert time.perf_counter() - begun < LONGEST_END_SECONDS
    assert json.loads(file.read_bytes())["sandboxes"].keys() == {"default"}
