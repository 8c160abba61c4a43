"""The same seed gives the same bytes: in one process, in another, over HTTP, and beside other traffic."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clevora_mock.clock import FROZEN_START
from clevora_mock.core.id_tokens import Identity, issue
from clevora_mock.core.rng import RandomStream, SeededRng
from clevora_mock.settings import DEMO_KEY, Settings
from tests.support.examples import share
from tests.support.server import RunningServer, serve_settings
from tests.support.world import TLS, fresh_name

# Hundreds of examples.
pytestmark = pytest.mark.slow

seeds = st.integers(-(10**18) + 1, 10**18 - 1)
sandboxes = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True)
purposes = st.sampled_from(["request", "chat", "key", "key id", "checkout", "a", "a:1", "1"]) | st.text(max_size=5)

# A change of these values changes every id, key and answer that users' tests may contain.
GOLDEN = {
    "hex": [
        "80c97e6d01114a6c909c83eb",
        "59bde9f63da76fc9369e4ad0",
        "a4dad84b7467dfd4ccf5efbe",
        "c9a7c8f9c82af6bfadc3bd96778171bc",
    ],
    "unit": [0.1844624825294463, 0.8557286572949708],
    "at": ["7b08e9eaac1e65f243501d10", "882f8501"],
    "digest": "098a9e87fe3a6b807f7f66e09a6d4ddf19f9dcfa623c6b04146b48860e33a7ac",
    "below": [0, 0, 3, 17, 773535, 3499812218],
    "shuffled": ["e", "f", "a", "g", "b", "c", "d"],
}

_PROGRAM = """
import json
from clevora_mock.core.rng import SeededRng, RandomStream, stable_hash
rng = SeededRng(0, "default")
draws = RandomStream(stable_hash("start"))
print(json.dumps({
    "hex": [rng.next_hex("request"), rng.next_hex("chat"), rng.next_hex("request"), rng.next_hex("key", 32)],
    "unit": [rng.next_float("unit"), rng.next_float("unit")],
    "at": [rng.hex_at("transaction", 7), SeededRng(-5, "other").hex_at("log", 0, 8)],
    "digest": stable_hash("a", 1, "\\u00e9", None).hex(),
    "below": [draws.randbelow(bound) for bound in (1, 2, 6, 100, 10**6, 2**32)],
    "shuffled": draws.shuffled(list("abcdefg")),
}))
"""


@pytest.mark.parametrize("hash_seed", ["0", "12345"])
def test_another_process_draws_the_same(hash_seed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=True,
        text=True,
    )
    assert json.loads(done.stdout) == GOLDEN


@given(seeds, sandboxes, st.lists(purposes, max_size=40))
def test_draws_do_not_depend_on_other_draws(seed: int, sandbox: str, order: list[str]) -> None:
    together = SeededRng(seed, sandbox)
    drawn: dict[str, list[str]] = defaultdict(list)
    for purpose in order:
        drawn[purpose].append(together.next_hex(purpose))
    for purpose, values in drawn.items():
        alone = SeededRng(seed, sandbox)
        assert [alone.next_hex(purpose) for _ in values] == values
        assert [alone.hex_at(purpose, index) for index in range(len(values))] == values


@given(seeds, sandboxes, st.lists(purposes, max_size=20), st.lists(purposes, max_size=20))
def test_draws_continue_from_the_counters(seed: int, sandbox: str, before: list[str], after: list[str]) -> None:
    whole = SeededRng(seed, sandbox)
    for purpose in before:
        whole.next_hex(purpose)
    resumed = SeededRng(seed, sandbox, whole.counters)
    assert [resumed.next_hex(purpose) for purpose in after] == [whole.next_hex(purpose) for purpose in after]
    assert resumed.counters == whole.counters


@given(seeds, sandboxes, purposes, st.lists(st.integers(0, 1000), max_size=5))
def test_looking_ahead_moves_no_counter(seed: int, sandbox: str, purpose: str, counters: list[int]) -> None:
    looking, plain = SeededRng(seed, sandbox), SeededRng(seed, sandbox)
    for counter in counters:
        looking.hex_at(purpose, counter)
    assert looking.counters == {}
    assert looking.next_hex(purpose) == plain.next_hex(purpose)


@given(st.sets(st.tuples(seeds, sandboxes, purposes, st.integers(0, 5)), max_size=30))
def test_seed_sandbox_purpose_and_counter_all_matter(origins: set[tuple[int, str, str, int]]) -> None:
    drawn = {SeededRng(seed, sandbox).hex_at(purpose, counter) for seed, sandbox, purpose, counter in origins}
    assert len(drawn) == len(origins)


@given(seeds, sandboxes, purposes, st.integers(0, 64))
def test_hex_and_unit_have_their_form(seed: int, sandbox: str, purpose: str, length: int) -> None:
    rng = SeededRng(seed, sandbox)
    text = rng.next_hex(purpose, length)
    assert len(text) == length
    assert set(text) <= set("0123456789abcdef")
    unit = rng.next_float(purpose)
    assert 0 <= unit < 1
    assert unit * 2**53 == int(unit * 2**53)


@given(st.binary(min_size=8, max_size=32), st.lists(st.integers(1, 2**32), max_size=20))
def test_draws_stay_below_their_bound_and_repeat(start: bytes, bounds: list[int]) -> None:
    draws, again = RandomStream(start), RandomStream(start)
    for bound in bounds:
        drawn = draws.randbelow(bound)
        assert 0 <= drawn < bound
        assert again.randbelow(bound) == drawn


@given(st.binary(min_size=8, max_size=8), st.lists(st.integers(), max_size=20))
def test_shuffling_loses_nothing(start: bytes, items: list[int]) -> None:
    before = list(items)
    assert sorted(RandomStream(start).shuffled(items)) == sorted(items)
    assert items == before


# --- over HTTP --------------------------------------------------------------------------------------------------------


class Servers(NamedTuple):
    """Two equal servers, and one with another seed."""

    first: RunningServer
    second: RunningServer
    other: RunningServer


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    still = "frozen"
    with ExitStack() as stack:
        yield Servers(*(stack.enter_context(serve_settings(Settings(seed=seed, clock=still))) for seed in (7, 7, 8)))


Step = tuple[str, Any]

texts = st.text(st.sampled_from("abc Ünïcode?!\n"), max_size=20)
steps: st.SearchStrategy[Step] = st.one_of(
    st.tuples(
        st.just("chat"),
        st.fixed_dictionaries(
            {
                "messages": st.lists(
                    st.builds(lambda text: {"role": "user", "content": text}, texts), min_size=1, max_size=2
                )
            },
            optional={
                "stream": st.booleans(),
                "max_tokens": st.integers(1, 30),
                "temperature": st.sampled_from([0, 0.5, 1, 2]),
            },
        ),
    ),
    st.tuples(st.just("chat"), st.sampled_from([{}, {"messages": []}, {"messages": 1}, {"model": "nope"}])),
    st.tuples(
        st.just("path"), st.sampled_from(["/v1/keys", "/v1/usage", "/api/developer/account", "/nowhere", "/v1/models"])
    ),
    st.tuples(st.just("path"), st.just("/api/developer/transactions")),
    st.tuples(st.just("key"), texts),
    st.tuples(st.just("activate"), st.sampled_from(["ada", "bob"])),
    st.tuples(st.just("topup"), st.sampled_from([15, 20.5, 14.99, "15"])),
    st.tuples(st.just("pay"), st.sampled_from(["succeeded", "failed", "maybe"])),
)


class Visitor:
    """A client that performs the steps in one sandbox, and keeps the bytes of every response."""

    def __init__(self, server: RunningServer, sandbox: str) -> None:
        # Links in responses have the requested host.
        url = f"{server.url}/sandbox/{sandbox}"
        self.http = httpx.Client(base_url=url, headers={"host": "localhost"}, timeout=20, verify=TLS)
        self.answers: list[tuple[int, bytes, list[tuple[str, str]]]] = []
        self.checkout = "/checkout/none"

    def take(self, step: Step) -> None:
        kind, value = step
        token = issue(Identity(value if kind == "activate" else "demo"), "demo-clevora", FROZEN_START)
        signed_in = {"authorization": f"Bearer {token}"}
        if kind == "chat":
            answer = self.http.post("/v1/chat/completions", json=value, headers={"authorization": f"Bearer {DEMO_KEY}"})
        elif kind == "path":
            answer = self.http.get(value, headers=signed_in)
        elif kind == "key":
            answer = self.http.post("/v1/keys", json={"name": value}, headers=signed_in)
        elif kind == "activate":
            answer = self.http.post("/api/developer/activate", headers=signed_in)
        elif kind == "topup":
            answer = self.http.post("/api/developer/topup", json={"amount": value}, headers=signed_in)
            if answer.status_code == 200:
                self.checkout = "/checkout/" + answer.json()["data"]["checkoutUrl"].rpartition("/")[2]
        else:
            answer = self.http.post(self.checkout, data={"outcome": value})
        headers = [(name, text) for name, text in answer.headers.items() if name not in ("x-request-id", "date")]
        self.answers.append((answer.status_code, answer.content, headers))


@share(1 / 5)
@given(plan=st.lists(steps, min_size=1, max_size=12), noise=st.lists(steps, max_size=12))
def test_the_same_requests_get_the_same_bytes_beside_other_traffic(
    servers: Servers, plan: list[Step], noise: list[Step]
) -> None:
    name = fresh_name()
    first, second = Visitor(servers.first, name), Visitor(servers.second, name)
    neighbour = Visitor(servers.second, fresh_name())
    with first.http, second.http, neighbour.http:
        for index, step in enumerate(plan):
            first.take(step)
            for noisy in noise[index : index + 1]:
                neighbour.take(noisy)
            second.take(step)
    assert first.answers == second.answers


def test_another_seed_or_sandbox_gives_other_ids(servers: Servers) -> None:
    name = fresh_name()
    visitors = [Visitor(servers.first, name), Visitor(servers.first, fresh_name()), Visitor(servers.other, name)]
    plan: list[Step] = [
        ("chat", {"messages": [{"role": "user", "content": "hi"}]}),
        ("key", "mine"),
        ("topup", 15),
        ("path", "/v1/keys"),
    ]
    for step in plan:
        answers = []
        for visitor in visitors:
            visitor.take(step)
            answers.append(visitor.answers[-1])
        assert [status for status, _, _ in answers] == [200, 200, 200]
        assert len({body for _, body, _ in answers}) == 3
    for visitor in visitors:
        visitor.http.close()
