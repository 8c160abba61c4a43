"""deploy/nginx.conf agrees with the mock on sandboxes, sizes of bodies and idle timeouts.

These facts can be read from the file; `make test-deploy` runs nginx.
"""

import re
from pathlib import Path

import pytest
from uvicorn import Config

from clevora_mock.app import create_app
from clevora_mock.control.endpoint import MAX_SNAPSHOT_BYTES
from clevora_mock.core.sandboxes import DEFAULT

TEXT = (Path(__file__).parents[2] / "deploy" / "nginx.conf").read_text("utf-8")

PATHS = [
    "/",
    "/v1/keys",
    "/sandbox",
    "/sandbox/",
    "/sandbox/one",
    "/sandbox/one/",
    "/sandbox/one/v1/keys",
    "/sandbox/default/v1/keys",
    "/sandbox/one/sandbox/two/v1/keys",
    "/v1/sandbox/one/keys",
    "//sandbox/one/v1/keys",
    "/sandbox//v1/keys",
    "/sandbox/One/v1/keys",
    "/sandbox/-one/v1/keys",
    "/sandbox/one_two/v1/keys",
    "/sandbox/1-/v1/keys",
    f"/sandbox/{'a' * 63}/v1/keys",
    f"/sandbox/{'a' * 64}/v1/keys",
]


def directive(name: str) -> str:
    """Return the arguments of a directive that occurs once."""
    (found,) = re.findall(rf"^ *{name} (.+);$", TEXT, re.MULTILINE)
    return str(found)


@pytest.mark.parametrize("path", PATHS)
def test_nginx_and_the_mock_find_the_same_sandbox(path: str) -> None:
    """A path that the mock refuses may go to any server."""
    (pattern,) = re.findall(r'"~(.+)" +\$name;', TEXT)
    matched = re.search(pattern.replace("(?<", "(?P<"), path)
    with create_app().state.sandboxes.resolve(path) as (sandbox, _, _):
        assert (matched["name"] if matched else DEFAULT) == sandbox.name


def test_the_mock_refuses_large_bodies_itself() -> None:
    """So that the error is JSON, as it is without nginx."""
    assert int(directive("client_max_body_size").removesuffix("m")) * 1024 * 1024 > 10 * MAX_SNAPSHOT_BYTES


def test_nginx_closes_an_idle_connection_before_the_mock_does() -> None:
    """Otherwise a request could be sent just as the mock closes, and be lost."""
    assert int(directive("keepalive_timeout").removesuffix("s")) < Config("").timeout_keep_alive


def test_no_failure_counts_against_a_server() -> None:
    """Scenarios cause failures, and nginx would move the sandboxes of a server that it marks as failed."""
    servers = re.findall(r"^ *server ([^{;]+);$", TEXT, re.MULTILINE)
    assert len(servers) >= 2
    assert [server for server in servers if not server.endswith(" max_fails=0")] == []
