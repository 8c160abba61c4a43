"""A server that stops: its sandboxes start anew on other servers, and all other sandboxes keep server and state."""

from collections.abc import Iterator

import httpx
import pytest

from tests.external.deploy.mocks import SERVER, Mock, Site, site
from tests.external.deploy.nginx import balancing
from tests.external.deploy.requests import chat, ledger

SANDBOXES = [f"g{number}" for number in range(90)]


@pytest.fixture
def three() -> Iterator[Site]:
    with site(3) as fresh:
        yield fresh


def answers(site: Site) -> dict[str, httpx.Response]:
    """Return a chat's response from each sandbox."""
    found = {}
    for sandbox in SANDBOXES:
        with site.client(sandbox) as http:
            found[sandbox] = chat(http)
    return found


def servers(site: Site) -> dict[str, str]:
    """Return the name and start of the server that responds, for each sandbox; every chat succeeds."""
    found = answers(site)
    assert {answer.status_code for answer in found.values()} == {200}
    return {sandbox: answer.headers[SERVER] for sandbox, answer in found.items()}


def spent(site: Site, sandbox: str) -> float:
    with site.client(sandbox) as http:
        money = ledger(http)
    assert money["credits"] == 100
    return round(float(money["charges"]), 2)


def test_sandboxes_of_a_stopped_server_move_and_return(three: Site) -> None:
    """No request fails; clients see the change in the server's name and start time."""
    before = servers(three)
    gone = three.mocks[0]
    its_own = {sandbox for sandbox in SANDBOXES if before[sandbox].startswith(f"{gone.name}-")}
    assert 0 < len(its_own) < len(SANDBOXES)

    gone.kill()
    meanwhile = servers(three)
    assert {sandbox for sandbox in SANDBOXES if meanwhile[sandbox] != before[sandbox]} == its_own
    assert {meanwhile[sandbox] for sandbox in its_own} == {before[sandbox] for sandbox in SANDBOXES} - {
        before[sandbox] for sandbox in its_own
    }
    assert {spent(three, sandbox) for sandbox in its_own} == {0.02}
    assert {spent(three, sandbox) for sandbox in SANDBOXES if sandbox not in its_own} == {0.04}

    gone.start()
    after = servers(three)
    assert {sandbox for sandbox in SANDBOXES if after[sandbox] != before[sandbox]} == its_own
    (start,) = {after[sandbox] for sandbox in its_own}
    assert start.startswith(f"{gone.name}-")
    assert start not in before.values()
    assert {spent(three, sandbox) for sandbox in its_own} == {0.02}
    assert {spent(three, sandbox) for sandbox in SANDBOXES if sandbox not in its_own} == {0.06}


def test_with_two_servers_stopped_nginx_tries_one_other(three: Site) -> None:
    """One other server is tried; the third server's own sandboxes are unaffected."""
    before = servers(three)
    last = three.mocks[2]
    for mock in three.mocks[:2]:
        mock.kill()
    found = answers(three)
    assert {answer.status_code for answer in found.values()} == {200, 502}
    for sandbox, answer in found.items():
        if before[sandbox].startswith(f"{last.name}-"):
            assert answer.headers[SERVER] == before[sandbox]
        elif answer.status_code == 502:
            assert SERVER not in answer.headers


def test_an_added_server_takes_only_its_share(three: Site) -> None:
    before = servers(three)
    more = Mock("mock-4")
    more.start()
    try:
        with balancing([mock.port for mock in (*three.mocks, more)]) as balancer:
            after = servers(Site([*three.mocks, more], balancer))
    finally:
        more.kill()
    moved = {sandbox for sandbox in SANDBOXES if after[sandbox] != before[sandbox]}
    assert 0 < len(moved) < len(SANDBOXES) / 2
    assert {after[sandbox].rpartition("-")[0] for sandbox in moved} == {"mock-4"}
