"""The JDK's `HttpClient`, in a Java program that makes one request after another; it has no exceptions for statuses."""

import json
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

from adapters import plain


class RefusedError(Exception):
    """A status that the program finds to be no success."""

    def __init__(self, status: int, wait: str, body: str) -> None:
        super().__init__(body)
        self.status, self.wait, self.code = status, wait, json.loads(body)["error"]["code"]


class JavaError(Exception):
    """An exception in the Java program."""


@cache
def program() -> subprocess.Popen[str]:
    command = ["java", "-XX:TieredStopAtLevel=1", "Post.java"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")


def versions() -> dict[str, Any]:
    said = subprocess.run(["java", "--version"], capture_output=True, text=True, check=True).stdout
    return {"versions": [said.split()[1]]}


def post(url: str, api_key: str, body: dict[str, Any]) -> Iterator[str]:
    """Return the lines of the response's body as they arrive."""
    java = program()
    print("length", url, api_key, json.dumps(body), file=java.stdin, flush=True)
    first = java.stdout.readline()
    if first.startswith("!"):
        raise JavaError(first)
    status, _version, wait = first.rstrip("\n").split(" ")
    if status != "200":
        raise RefusedError(int(status), wait, "".join(lines(java)))
    yield from lines(java)


def lines(java: subprocess.Popen[str]) -> Iterator[str]:
    for line in iter(java.stdout.readline, "\n"):
        if line.startswith("!"):
            raise JavaError(line)
        yield line[1:].rstrip("\n")


def chat(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    return plain.answer(json.loads("".join(post(f"{base_url}/chat/completions", api_key, request))))


def stream(base_url: str, api_key: str, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for line in post(f"{base_url}/chat/completions", api_key, request | {"stream": True}):
        yield from plain.pieces(line)


def embed(base_url: str, api_key: str, texts: list[str]) -> dict[str, Any]:
    return plain.vectors(json.loads("".join(post(f"{base_url}/embeddings", api_key, {"input": texts}))))


def described(error: Exception) -> dict[str, Any]:
    if isinstance(error, RefusedError):
        return {"names": ["statusCode()"], "status": error.status, "code": error.code, "retry_after": error.wait}
    return {"names": [str(error).split()[0].removeprefix("!")]} if isinstance(error, JavaError) else {}
