"""A process whose children export and import files, and are killed within it: ``python -m tests.external.soak.victim``.

Each line of standard input is a task in JSON, and each line of standard output says how its child ended. Children are
forked, so that the start of Python is not what most of them die in.
"""

import os
import resource
import signal
import sys
import time
from pathlib import Path

import msgspec
from msgspec import Struct
from starlette.testclient import TestClient

from clevora_mock import create_app
from clevora_mock.control.export_file import export_sandboxes, import_sandboxes
from clevora_mock.core.sandboxes import Sandboxes
from clevora_mock.settings import DEMO_KEY, Settings

_SANDBOXES = 30


class Task(Struct, frozen=True):
    """Work for a child: ``export`` writes the sandboxes of `variant`, ``import`` reads, and ``both`` does both.

    The child is killed `after` seconds, may write files of `file_bytes`, and runs as `user`.
    """

    work: str
    file: str
    variant: int = 0
    after: float | None = None
    file_bytes: int | None = None
    user: int | None = None


class Ended(Struct, frozen=True):
    """The end of a child: `signal` is 0 if it was not killed, and `error` what it raised."""

    signal: int
    error: str


def sandboxes(requests: int) -> Sandboxes:
    """Return sandboxes with this many requests each."""
    app = create_app(Settings(clock="frozen", no_rate_limit=True))
    headers = {"authorization": f"Bearer {DEMO_KEY}"}
    with TestClient(app) as client:
        for number in range(_SANDBOXES):
            for _ in range(requests):
                client.post(f"/sandbox/s-{number}/v1/search", headers=headers, json={"query": "lamp " * 50})
    found: Sandboxes = app.state.sandboxes
    return found


def perform(task: Task, variants: list[Sandboxes]) -> str:
    """Do the work of a child; return what it raised."""
    if task.file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (task.file_bytes, task.file_bytes))
    if task.user is not None:
        os.seteuid(task.user)
    try:
        if task.work in {"import", "both"}:
            import_sandboxes(create_app(Settings(clock="frozen")).state.sandboxes, Path(task.file))
        if task.work in {"export", "both"}:
            export_sandboxes(variants[task.variant], Path(task.file))
    except OSError as error:
        return type(error).__name__ + f" {error.errno}"
    return ""


def run(task: Task, variants: list[Sandboxes]) -> Ended:
    """Let a child do a task."""
    output, given = os.pipe()
    child = os.fork()
    if not child:
        os.write(given, perform(task, variants).encode())
        os._exit(0)
    os.close(given)
    if task.after is not None:
        time.sleep(task.after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    error = os.read(output, 1000).decode()
    os.close(output)
    return Ended(os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, error)


def main() -> None:
    variants = [sandboxes(2), sandboxes(6)]
    for line in sys.stdin:
        ended = run(msgspec.json.decode(line, type=Task), variants)
        sys.stdout.write(msgspec.json.encode(ended).decode() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
