"""A process that has loaded one client and makes its calls one after another, since loading some takes seconds."""

import json
import os
import subprocess
import sys
from threading import Timer
from types import TracebackType
from typing import Any, Self

from tests.external.clients.matrix import EXTERNAL, Client, Runtime
from tests.external.clients.programs import chromium, clients_python, go_program, node22, node_packages, program

# Longer than any client's own retries.
TIMEOUT_SECONDS = 60


def command(runtime: Runtime) -> list[str]:
    """Return the command that serves an adapter."""
    match runtime:
        case "suite":
            return [sys.executable, "serve.py"]
        case "clients" | "agents":
            return [clients_python(runtime), "serve.py"]
        case "node":
            node_packages()
            return [program("node"), "serve.mjs"]
        case "node22":
            node_packages()
            return [node22(), "serve.mjs"]
        case "chromium":
            node_packages()
            return [program("node"), "serve_chromium.mjs", chromium()]
        case "go":
            return [go_program()]


class Worker:
    """The process of one client. Its standard error is shown with the test that started it.

    Its pauses are `speed` times as short, which a sandbox's clock that runs as fast does not notice.
    """

    def __init__(self, client: Client, speed: int = 1) -> None:
        environment = {
            "SPEED": str(speed),
            "PATH": os.environ["PATH"],
            # Some look for files in the home directory; neither these nor the user's settings may affect the tests.
            "HOME": os.devnull,
            # LiteLLM would download the current list of models.
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        }
        self._process = subprocess.Popen(
            [*command(client.runtime), client.adapter],
            cwd=EXTERNAL,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        # No data is lost, and some take seconds to exit.
        with self._process:
            self._process.kill()

    def call(self, function: str, **arguments: Any) -> dict[str, Any]:
        """Return the outcome of one call of the adapter."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        limit = Timer(TIMEOUT_SECONDS, self._process.kill)
        limit.start()
        try:
            print(json.dumps({"function": function, "arguments": arguments}), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        finally:
            limit.cancel()
        assert line, f"the client's process ended with {self._process.wait()}"
        outcome = json.loads(line)
        assert isinstance(outcome, dict)
        return outcome
