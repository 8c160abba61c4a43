"""The pytest plugin: the fixture `clevora`, a fresh sandbox for each test.

One server serves a whole run, whatever the number of pytest-xdist workers; it is started when the first test asks for
it. Where ``CLEVORA_MOCK_URL`` names a server, as under ``clevora-mock exec``, that one is used. A run that asks for
nothing loads nothing but this file.
"""

import re
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from clevora_mock.testing.clevora import Clevora, Server
    from clevora_mock.testing.process import ServerProcess
    from clevora_mock.testing.starter import Starter

# ruff: noqa: PLC0415 - what only a test with a sandbox needs is loaded for such a test

_OPTIONS = "clevora_options"
_STARTER_PORT = "clevora_starter_port"
_EACH = "clevora_each_worker"
_MARK = "clevora(scenario=None, rules=None, balance=None, clock=None)"

_sandbox: "pytest.StashKey[Clevora]" = pytest.StashKey()
_starter: "pytest.StashKey[Starter]" = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(_OPTIONS, "flags of `clevora-mock serve` for the server that tests use", type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{_MARK}: what the test's sandbox is like from the start")


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say so where the server is another one than the configuration speaks of."""
    if not config.getini(_OPTIONS):
        return None
    from clevora_mock.settings import server_url

    url = server_url()
    return f"clevora-mock: {url} is used, where {_OPTIONS} set nothing" if url else None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """In the controller of a pytest-xdist run: tell each worker whom to ask for the server."""
    config: pytest.Config = node.config
    if _starter not in config.stash:
        from clevora_mock.testing.starter import Starter

        config.stash[_starter] = Starter(lambda: _start(config))
    node.workerinput[_STARTER_PORT] = config.stash[_starter].port
    # With --dist each, every worker runs every test, at the same time.
    node.workerinput[_EACH] = config.getoption("dist", "no") == "each"


def pytest_unconfigure(config: pytest.Config) -> None:
    starter = config.stash.get(_starter, None)
    if starter is not None:
        starter.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach what the mock saw to the report of a test that failed."""
    made = yield
    clevora = item.stash.get(_sandbox, None)
    if clevora is not None and made.failed:
        from clevora_mock.testing.report import report

        made.sections.append(("What clevora-mock saw", report(clevora)))
    return made


@pytest.fixture(scope="session")
def clevora_server(request: pytest.FixtureRequest) -> "Iterator[Server]":
    """The server of the run. Its sandbox `default` is everybody's; `clevora` is a test's own."""
    from clevora_mock.settings import server_url
    from clevora_mock.testing.clevora import Server

    config = request.config
    url = server_url()
    worker: dict[str, Any] = getattr(config, "workerinput", {})
    if url is None and _STARTER_PORT in worker:
        from clevora_mock.testing.starter import ask

        url = ask(worker[_STARTER_PORT])
    if url is not None:
        yield Server(url)
        return
    process = _start(config)
    yield Server(process.url)
    process.stop()


@pytest.fixture
def clevora(request: pytest.FixtureRequest, clevora_server: "Server") -> "Iterator[Clevora]":
    """A sandbox that no other test has seen: `base_url` and `api_key` for a client, and all that can be done to it.

    ``@pytest.mark.clevora(scenario="flaky")`` sets it up.
    """
    sandbox = clevora_server.sandbox(_name(request))
    # Somebody else's server may have seen this very test before.
    sandbox.remove()
    mistake = _set_up(sandbox, request.node)
    if mistake is not None:
        pytest.fail(f"@pytest.mark.clevora: {mistake}", pytrace=False)
    request.node.stash[_sandbox] = sandbox
    yield sandbox
    del request.node.stash[_sandbox]
    sandbox.remove()


@pytest.fixture
def clevora_env(clevora: "Clevora", monkeypatch: pytest.MonkeyPatch) -> "Clevora":
    """The same, told to this process by its environment: ``CLEVORA_BASE_URL``, ``OPENAI_API_KEY`` and so on."""
    for name, value in clevora.environment.items():
        monkeypatch.setenv(name, value)
    return clevora


def _start(config: pytest.Config) -> "ServerProcess":
    from clevora_mock.testing.process import ServerProcess

    return ServerProcess(config.getini(_OPTIONS), config.rootpath)


def _name(request: pytest.FixtureRequest) -> str:
    """The test's sandbox: the same name in every run, since draws depend on it, and another for every test."""
    from hashlib import sha256

    worker: dict[str, Any] = getattr(request.config, "workerinput", {})
    test = request.node.nodeid
    where = f"{worker['workerid']} {test}" if worker.get(_EACH) else test
    readable = re.sub(r"[^a-z0-9]+", "-", test.rpartition("::")[2].lower()).strip("-")[:48].strip("-")
    return f"{readable or 'test'}-{sha256(where.encode()).hexdigest()[:8]}"


def _set_up(sandbox: "Clevora", node: pytest.Item) -> str | None:
    """What the test's marks ask for; the one that is closest to the test wins. A mistake is returned."""
    asked: dict[str, Any] = {}
    for mark in reversed(list(node.iter_markers("clevora"))):
        unknown = sorted(mark.kwargs.keys() - {"scenario", "rules", "balance", "clock"})
        if mark.args or unknown:
            return f"expected {_MARK}, got {', '.join([*map(repr, mark.args), *unknown])}"
        asked |= mark.kwargs
    try:
        if asked.get("scenario") is not None or asked.get("rules") is not None:
            sandbox.use(asked.get("scenario"), rules=asked.get("rules"))
        if asked.get("balance") is not None:
            sandbox.balance = asked["balance"]
        if asked.get("clock") is not None:
            _set_clock(sandbox, asked["clock"])
    except (TypeError, ValueError) as error:
        return str(error)
    return None


def _set_clock(sandbox: "Clevora", asked: str) -> None:
    """``real``, ``frozen``, ``frozen:TIME`` or ``scaled:N``, as for ``--clock``."""
    from clevora_mock.settings import FROZEN_TEXT, read_clock

    setting = read_clock(asked)
    if setting.mode == "frozen":
        sandbox.clock.freeze(asked.partition(":")[2] or FROZEN_TEXT)
    elif setting.mode == "scaled":
        sandbox.clock.scale(setting.speed)
    else:
        sandbox.clock.run()
