"""curl, with its exit status."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

from adapters import plain

# The status and the header go to standard error, apart from the body.
WRITTEN = "%{stderr}%{http_code} %header{retry-after}"
COMMAND = ("curl", "--silent", "--no-buffer", "--fail-with-body", "--write-out", WRITTEN)


def versions() -> dict[str, Any]:
    said = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout
    return {"versions": [said.split()[1]]}


def post(url: str, api_key: str, body: dict[str, Any]) -> list[str]:
    headers = plain.headers(api_key) | {"content-type": "application/json"}
    given = [part for name, value in headers.items() for part in ("--header", f"{name}: {value}")]
    return [*COMMAND, *given, "--data", json.dumps(body), url]


def chat(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    command = post(f"{base_url}/chat/completions", api_key, request)
    return plain.answer(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def stream(base_url: str, api_key: str, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    command = post(f"{base_url}/chat/completions", api_key, request | {"stream": True})
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        said = ""
        for line in running.stdout:
            said += line
            yield from plain.pieces(line.strip())
        status = running.stderr.read()
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, command, said, status)


def embed(base_url: str, api_key: str, texts: list[str]) -> dict[str, Any]:
    command = post(f"{base_url}/embeddings", api_key, {"input": texts})
    return plain.vectors(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def described(error: Exception) -> dict[str, Any]:
    if not isinstance(error, subprocess.CalledProcessError):
        return {}
    status, _, wait = error.stderr.partition(" ")
    what = {"names": [f"exit {error.returncode}"], "status": int(status), "retry_after": wait}
    return what if status == "200" else what | {"code": json.loads(error.stdout)["error"]["code"]}
