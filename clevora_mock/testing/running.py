"""``with clevora_mock.running() as server:``: a server while a block runs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from typing import TypedDict, Unpack

from clevora_mock.testing.clevora import Server
from clevora_mock.testing.process import ServerProcess


class ServerSettings(TypedDict, total=False):
    """The settings of ``clevora-mock serve``, by the names of its flags; texts as one would write them there."""

    host: str
    port: int
    allowed_host: str
    server_name: str
    idle_timeout: str
    scenario: str | PathLike[str]
    scenarios: str | PathLike[str]
    watch: bool
    latency: str
    tokens_per_second: float
    no_rate_limit: bool
    seed: int
    catalog: str | PathLike[str]
    clock: str
    real_delays: bool
    api_key: str
    balance: float
    firebase_project: str
    webhook_secret: str
    import_: str | PathLike[str]
    export_on_exit: str | PathLike[str]
    max_sandboxes: int
    journal_size: int
    log_format: str
    quiet: bool


@contextmanager
def running(**settings: Unpack[ServerSettings]) -> Iterator[Server]:
    """A server on a free port, in a process of its own, for as long as the block runs.

    ``running(scenario="flaky", clock="frozen")`` is ``clevora-mock serve --scenario flaky --clock frozen``. Variables
    such as ``CLEVORA_MOCK_SEED`` count, too. Raises MockError, with what the server said, when it does not start.
    """
    process = ServerProcess(flags(settings))
    try:
        yield Server(process.url)
    finally:
        process.stop()


def flags(settings: Mapping[str, object]) -> list[str]:
    """Settings as command-line flags; what is None or False is left out."""
    given: list[str] = []
    for name, value in settings.items():
        flag = "--" + name.rstrip("_").replace("_", "-")
        if value is True:
            given.append(flag)
        elif value is not None and value is not False:
            given += [flag, str(value)]
    return given
