"""The pytest plugin: the fixture `clevora`, a fresh sandbox for each test.

One server serves a whole run, whatever the number of pytest-xdist workers; it starts when the first test needs it.
Where ``CLEVORA_MOCK_URL`` names a server, as under ``clevora-mock exec``, that one is used. A run without tests that
need one imports only this file and the mark.
"""

import re
from argparse import ArgumentTypeError
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from clevora_mock.testing.mark import SIGNATURE, read_mark

if TYPE_CHECKING:
    from clevora_mock.cli.run_record import SandboxRecord
    from clevora_mock.testing.clevora import Clevora, Server
    from clevora_mock.testing.process import ServerProcess
    from clevora_mock.testing.run_record import RunRecords
    from clevora_mock.testing.run_spend import RunSpend
    from clevora_mock.testing.shared_server import SharedServer

# ruff: noqa: PLC0415 - imported for tests with a sandbox only

_OPTIONS = "clevora_options"
_SHARED_SERVER_PORT = "clevora_shared_server_port"
_EACH = "clevora_each_worker"
_RECORDINGS = "clevora_recordings"
_RECORD = "--clevora-record"
_UPSTREAM = "CLEVORA_MOCK_UPSTREAM"
_FAIL_ON = "--clevora-fail-on"
# With one of these, the options say all about recordings.
_RECORDING_FLAGS = ("--replay", "--record", "--diff")

_BASELINE = "--clevora-spend-baseline"
_UPDATE = "--clevora-spend-update"
_TOLERANCE = "--clevora-spend-tolerance"
_REPORT = "--clevora-report"
# The options that need a record of each test, and if that is with its requests and findings.
_RECORDED_FOR = {_BASELINE: False, _REPORT: True}

_sandbox: "pytest.StashKey[Clevora]" = pytest.StashKey()
_server: "pytest.StashKey[Server]" = pytest.StashKey()
# Of the run's server, on its standard error.
_messages: pytest.StashKey[str] = pytest.StashKey()
# The requests to the sandbox `default` before the test.
_default_requests: pytest.StashKey[int] = pytest.StashKey()
_shared_server: "pytest.StashKey[SharedServer]" = pytest.StashKey()
_record: "pytest.StashKey[SandboxRecord]" = pytest.StashKey()
# In the controller, if an option needs records.
run_records: "pytest.StashKey[RunRecords]" = pytest.StashKey()
_run_spend: "pytest.StashKey[RunSpend]" = pytest.StashKey()
# Of a test, in micro-dollars.
_budget: pytest.StashKey[int] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini options with the server's flags and the directory of recordings, and the flags."""
    parser.addini(_OPTIONS, "flags of `clevora-mock serve` for the server that tests use", type="args", default=[])
    parser.addini(_RECORDINGS, "directory of the recordings that tests replay", default="recordings")
    group = parser.getgroup("clevora-mock")
    group.addoption(
        _BASELINE,
        metavar="FILE",
        help="compare what each test spends with this file, which is written if there is none",
    )
    group.addoption(_UPDATE, action="store_true", help="write the baseline anew")
    group.addoption(
        _TOLERANCE, metavar="PERCENT", help="fail the run if a test spends so much more than in the baseline"
    )
    group.addoption(_REPORT, metavar="FILE", help="write a report of the run, one HTML file")
    group.addoption(
        _RECORD,
        nargs="?",
        const="all",
        type=_record_mode,
        metavar="once|new|all",
        help=f"record marked tests from the API that {_UPSTREAM} names, rather than replay them",
    )
    group.addoption(
        _FAIL_ON,
        default="never",
        choices=("error", "warning", "never"),
        help="fail tests whose client's conduct has findings of this severity, or worse",
    )


def _record_mode(text: str) -> str:
    if text not in ("once", "new", "all"):
        # A file or directory of tests is taken for the mode where it comes after the flag.
        expected = f"expected once, new or all, got {text!r}"
        raise ArgumentTypeError(f"{expected}; before a file, write {_RECORD}=all {text}")
    return text


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark that sets up a test's sandbox, and read the option, whose mistakes end the run."""
    config.addinivalue_line("markers", f"{SIGNATURE}: sets up the test's sandbox")
    try:
        config.getini(_OPTIONS)
    except (pytest.UsageError, ValueError) as error:
        raise pytest.UsageError(f"{_OPTIONS}: {error}") from None
    if config.getoption(_RECORD) is not None:
        _require_upstream(config)
    if _needed_records(config) and not hasattr(config, "workerinput"):
        from clevora_mock.testing.run_record import RunRecords

        _refuse_shared_file(config)
        config.stash[run_records] = RunRecords()
        config.pluginmanager.register(config.stash[run_records])
    if any(config.getoption(option) for option in (_BASELINE, _UPDATE, _TOLERANCE)):
        _check_spend(config)
    if config.getoption(_REPORT) is not None and run_records in config.stash:
        _write_report(config)


def _require_upstream(config: pytest.Config) -> None:
    """Refuse to record without an API that answers; a server that runs already has been told of one, or not."""
    from clevora_mock.settings import server_url, upstream_url

    flags = {flag.partition("=")[0] for flag in config.getini(_OPTIONS)}
    if server_url() is None and not (upstream_url() or flags & {"--upstream", *_RECORDING_FLAGS}):
        raise pytest.UsageError(f"{_RECORD}: expected {_UPSTREAM}, the address of the API that answers")


def _refuse_shared_file(config: pytest.Config) -> None:
    """Refuse a file that two options would write."""
    from clevora_mock.output_file import shared_file

    files = {option: config.getoption(option) for option in (_BASELINE, _REPORT)}
    problem = shared_file(files | {"--junit-xml": config.getoption("--junit-xml", None)})
    if problem is not None:
        raise pytest.UsageError(problem)


def _check_spend(config: pytest.Config) -> None:
    """Compare the run's spend with the baseline at its end; a worker only checks the options."""
    from clevora_mock.testing.run_spend import RunSpend

    options = (config.getoption(option) for option in (_BASELINE, _TOLERANCE, _UPDATE))
    try:
        run_spend = RunSpend(*options)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None
    if run_records in config.stash:
        config.stash[_run_spend] = run_spend


def _write_report(config: pytest.Config) -> None:
    """Write the report at the end of the run."""
    from clevora_mock.testing.run_report import RunReport

    try:
        report = RunReport(config.getoption(_REPORT), config.stash[run_records], config.stash.get(_run_spend, None))
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(report)


def _needed_records(config: pytest.Config) -> list[bool]:
    """Return for each given option that needs records if it needs the requests too."""
    return [whole for option, whole in _RECORDED_FOR.items() if config.getoption(option, None) is not None]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Compare what the tests spent with the baseline, before the report is written."""
    config = session.config
    if _run_spend in config.stash:
        config.stash[_run_spend].finish(config.stash[run_records].records(), session.exitstatus)
        if config.stash[_run_spend].problems and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Report the spend, the server's messages, and what has no effect on one that runs already; with ``-q`` too."""
    if _run_spend in config.stash:
        config.stash[_run_spend].write(terminalreporter)
    for line in config.stash.get(_messages, "").splitlines():
        terminalreporter.write_line(line, yellow=True)
    flags = " ".join(config.getini(_OPTIONS))
    mode = config.getoption(_RECORD)
    for what in (flags and f"{_OPTIONS} ({flags})", mode and f"{_RECORD}={mode}"):
        if what:
            _report_ignored(what, terminalreporter)


def _report_ignored(what: str, terminalreporter: Any) -> None:
    """Report what has had no effect if a server ran already."""
    from clevora_mock.settings import server_url

    if url := server_url():
        terminalreporter.write_line(
            f"clevora-mock: {what} had no effect, since CLEVORA_MOCK_URL names a server, {url}; "
            "under exec, flags go before the --",
            yellow=True,
        )


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Pass the shared server's port to each worker, in the controller of a pytest-xdist run."""
    config: pytest.Config = node.config
    if _shared_server not in config.stash:
        from clevora_mock.testing.shared_server import SharedServer

        config.stash[_shared_server] = SharedServer(lambda: _start(config))
    node.workerinput[_SHARED_SERVER_PORT] = config.stash[_shared_server].port
    # With --dist each, every worker runs every test, at the same time.
    node.workerinput[_EACH] = config.getoption("dist", "no") == "each"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the shared server at the end of the run."""
    shared_server = config.stash.get(_shared_server, None)
    if shared_server is not None:
        shared_server.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test that passed its budget, and warn of a mark on one that has taken no sandbox.

    A mark on a class or a module is for those tests that do.
    """
    try:
        yield
        _check_conduct(item)
        if (budget := item.stash.get(_budget, None)) is not None:
            from clevora_mock.testing.run_spend import check_budget

            # The report of a test that fails for it has it already.
            del item.stash[_budget]
            check_budget(item.stash[_sandbox], budget)
    finally:
        if _server not in item.stash and any(mark.name == "clevora" for mark in item.own_markers):
            what = "sets nothing up, since the test does not take the fixture clevora"
            item.warn(pytest.PytestWarning(f"@pytest.mark.clevora {what}"))


def _check_conduct(item: pytest.Item) -> None:
    """Fail a test that has passed, for the findings in its sandbox."""
    level = item.config.getoption(_FAIL_ON)
    if level != "never" and _sandbox in item.stash:
        try:
            item.stash[_sandbox].assert_clean(level)
        except AssertionError as error:
            pytest.fail(f"{_FAIL_ON}={level}: {error}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the sandbox's requests to the report of a test that failed, and the run's record of it to the last one."""
    test_report = yield
    clevora = item.stash.get(_sandbox, None)
    record = item.stash.get(_record, None)
    if record is not None and test_report.when == "teardown":
        from clevora_mock.testing.run_record import attach

        attach(test_report, record)
    if clevora is not None and test_report.failed:
        from clevora_mock.testing.report import report

        budget = item.stash.get(_budget, None)
        seen = report(clevora, item.stash[_server], item.stash[_default_requests], budget)
        test_report.sections.append(("What clevora-mock saw", seen))
    return test_report


@pytest.fixture(scope="session")
def clevora_server(request: pytest.FixtureRequest) -> "Iterator[Server]":
    """Provide the run's server. All tests share its sandbox `default`; `clevora` is separate for each test."""
    from clevora_mock.settings import server_url
    from clevora_mock.testing.clevora import Server

    config = request.config
    url = server_url()
    worker: dict[str, Any] = getattr(config, "workerinput", {})
    if url is None and _SHARED_SERVER_PORT in worker:
        from clevora_mock.testing.shared_server import shared_server_url

        url = shared_server_url(worker[_SHARED_SERVER_PORT])
    if url is not None:
        yield Server(url)
        return
    process = _start(config)
    yield Server(process.url)
    # Standard error is captured here, and shown of tests that fail alone.
    config.stash[_messages] = process.end()


@pytest.fixture
def clevora(request: pytest.FixtureRequest, clevora_server: "Server") -> "Iterator[Clevora]":
    """Provide a fresh sandbox: `base_url` and `api_key` for a client, and methods to inspect and change it.

    ``@pytest.mark.clevora(scenario="flaky")`` sets it up.
    """
    sandbox = clevora_server.sandbox(_name(request))
    # This makes it, so that refused requests are journaled too; an external server may hold one of an earlier run.
    sandbox.reset()
    problem = _set_up(sandbox, request)
    if problem is not None:
        pytest.fail(f"@pytest.mark.clevora: {problem}", pytrace=False)
    stash = request.node.stash
    budget = stash.get(_budget, None)
    stash[_sandbox], stash[_server] = sandbox, clevora_server
    stash[_default_requests] = clevora_server.request_count
    yield sandbox
    if needed := _needed_records(request.config):
        from clevora_mock.testing.run_record import read_record

        stash[_record] = read_record(request.node.nodeid, sandbox, budget, with_requests=any(needed))
    del stash[_sandbox]
    sandbox.remove()


@pytest.fixture
def clevora_env(clevora: "Clevora", monkeypatch: pytest.MonkeyPatch) -> "Clevora":
    """Provide the same sandbox, with ``CLEVORA_BASE_URL``, ``OPENAI_API_KEY``, ``NO_PROXY`` and so on set."""
    for name, value in clevora.environment.items():
        monkeypatch.setenv(name, value)
    return clevora


def _start(config: pytest.Config) -> "ServerProcess":
    from clevora_mock.testing.process import ServerProcess

    return ServerProcess([*config.getini(_OPTIONS), *_recording_flags(config)], directory=config.rootpath)


def _recording_flags(config: pytest.Config) -> list[str]:
    """Return the server's flags to replay the recordings of marked tests, or to record them."""
    own = [flag.partition("=")[0] for flag in config.getini(_OPTIONS)]
    if any(flag in own for flag in _RECORDING_FLAGS):
        return []
    directory, mode = config.getini(_RECORDINGS), config.getoption(_RECORD)
    chosen = ["--replay", directory] if mode is None else ["--record", directory, "--record-mode", mode]
    return [*chosen, "--recordings-on-request"]


def _name(request: pytest.FixtureRequest) -> str:
    """Return the name of the test's sandbox: unique, and the same in every run, since draws depend on it."""
    worker: dict[str, Any] = getattr(request.config, "workerinput", {})
    test = request.node.nodeid
    return _name_of(test, f"{worker['workerid']} {test}" if worker.get(_EACH) else test)


def _name_of(test: str, unique: str) -> str:
    from hashlib import sha256

    readable = re.sub(r"[^a-z0-9]+", "-", test.rpartition("::")[2].lower()).strip("-")[:48].strip("-")
    return f"{readable or 'test'}-{sha256(unique.encode()).hexdigest()[:8]}"


def _set_up(sandbox: "Clevora", request: pytest.FixtureRequest) -> str | None:
    """Apply the test's marks; return a problem with them, if any."""
    from clevora_mock.testing.sandbox_setup import set_up

    test = request.node.nodeid
    try:
        mark = read_mark(request.node.iter_markers("clevora"))
        budget = set_up(sandbox, mark, request.config.rootpath, own_recording=_name_of(test, test))
    except (TypeError, ValueError) as error:
        return f"{error}{_how_to_record(str(error), request)}"
    if budget is not None:
        request.node.stash[_budget] = budget
    return None


def _how_to_record(problem: str, request: pytest.FixtureRequest) -> str:
    """Return the end of the message about a test's recording that does not exist; empty for other problems."""
    from clevora_mock.settings import server_url

    if "there is no " not in problem or server_url() is not None:
        return ""
    return f"; record it: pytest {_RECORD}=all -k {getattr(request.node, 'originalname', request.node.name)}"
