"""Responses of the mock in files, which the bare servers send."""

import http.client
import json
from itertools import islice
from pathlib import Path
from typing import Any

from msgspec import Struct

from benchmarks import requests
from benchmarks.servers import MOCK, serving


class Samples(Struct, frozen=True):
    """A folder of response bodies, by name."""

    folder: Path

    def serve(self, path: str, name: str) -> str:
        """Return the argument for a bare server to answer `path` with a sample."""
        return f"{path}={self.folder / name}"

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def chat_text(self) -> str:
        """Return the content of the sampled chat."""
        answer: Any = json.loads(self.read("chat"))
        text: str = answer["choices"][0]["message"]["content"]
        return text


def take(folder: Path) -> Samples:
    """Start the mock and save its response to each request that a bare server answers."""
    text = next(requests.new_words())
    batch = list(islice(requests.new_words(), requests.BATCH))
    asked = {
        "chat": requests.chat(),
        "stream": requests.stream(),
        "long-stream": requests.stream(tokens=None),
        "numbers": requests.embeddings(text),
        "base64": requests.embeddings(text, base64=True),
        "batch": requests.embeddings(batch, base64=True),
        "search": requests.search("quantum computing"),
    }
    with serving(MOCK) as server:
        for name, request in asked.items():
            (folder / name).write_bytes(body(server.port, request))
    samples = Samples(folder)
    found = samples.read("stream").count(b"data: ")
    if found != requests.STREAM_EVENTS:
        raise RuntimeError(f"a stream of {found} events instead of {requests.STREAM_EVENTS}")
    return samples


def body(port: int, request: bytes) -> bytes:
    """Return the body of the response to `request`."""
    head, _, content = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request(method, path, content or None, dict(line.split(": ", 1) for line in lines))
        answer = connection.getresponse()
        found = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status} {found[:300]!r}")
    return found
