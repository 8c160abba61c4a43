"""Ten thousand chats in hundreds of sandboxes: each sandbox is on one server, and the servers share the load."""

import http.client
import json
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.external.deploy.mocks import SERVER, Site
from tests.external.deploy.requests import CHAT, CHATS, KEY, ledger

SANDBOXES = [f"s{number}" for number in range(250)]
CONNECTIONS = 8
ROUNDS = 5

# For each sandbox, the number of responses of each server.
Answers = dict[str, Counter[str]]


def ask(port: int) -> Answers:
    """Send requests to each sandbox in turn, for some rounds, over one connection."""
    answers: Answers = defaultdict(Counter)
    body, headers = json.dumps(CHAT), KEY | {"content-type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for _ in range(ROUNDS):
        for sandbox in SANDBOXES:
            connection.request("POST", f"/sandbox/{sandbox}{CHATS}", body, headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
            answers[sandbox][answer.getheader(SERVER, "")] += 1
    connection.close()
    return answers


@pytest.fixture(scope="module")
def answers(pair: Site) -> Answers:
    """Provide the responses to ten thousand requests, over several connections at once."""
    found: Answers = defaultdict(Counter)
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        for part in threads.map(ask, [pair.balancer.port] * CONNECTIONS):
            for sandbox, servers in part.items():
                found[sandbox] += servers
    assert sum(sum(servers.values()) for servers in found.values()) == 10_000
    return found


def test_a_sandbox_stays_on_its_server(answers: Answers) -> None:
    """Over every connection and every worker of nginx."""
    assert {sandbox: servers for sandbox, servers in answers.items() if len(servers) != 1} == {}


def test_no_sandbox_is_on_both(answers: Answers, pair: Site) -> None:
    one, two = (mock.sandboxes() & set(SANDBOXES) for mock in pair.mocks)
    assert one | two == set(SANDBOXES)
    assert one & two == set()
    assert {sandbox for sandbox, servers in answers.items() if next(iter(servers)).startswith("mock-1-")} == one


def test_both_have_their_share(answers: Answers) -> None:
    share = Counter(next(iter(servers)) for servers in answers.values())
    assert sorted(server.rpartition("-")[0] for server in share) == ["mock-1", "mock-2"]
    assert min(share.values()) > len(SANDBOXES) / 4


def test_every_chat_is_billed_once(answers: Answers, pair: Site) -> None:
    """No request is repeated or lost."""
    for sandbox in SANDBOXES:
        with pair.client(sandbox) as client:
            money = ledger(client)
        assert money["charges"] == pytest.approx(0.02 * CONNECTIONS * ROUNDS)
        assert money["balance"] == pytest.approx(100 - money["charges"])


def test_paths_without_a_sandbox_are_those_of_the_default_one(pair: Site) -> None:
    with pair.client() as client:
        paths = ["", "/sandbox/default"]
        asked = [f"{pair.balancer.url}{path}{rest}" for path in paths for rest in ("/", "/llms.txt", "/v1/nothing")]
        assert len({client.get(url).headers[SERVER] for url in asked}) == 1
