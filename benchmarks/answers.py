"""Answers of the mock, for bare servers and other mocks to give equivalent ones."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from msgspec import Struct

from benchmarks.bodies import Bodies
from benchmarks.servers import answer, mock, serving

# A multiple of the kinds of prompts.
_SAMPLES = 64


class Answers(Struct, frozen=True):
    """A folder with answers of median length: files ``chat``, ``stream``, ``numbers``, ``base64``.

    `text` is the chat's content, `tokens` the number of pieces of the stream.
    """

    folder: Path
    text: str
    tokens: int


def take(folder: Path, bodies: Bodies) -> Answers:
    """Start the mock and save its answers in `folder`, each the one of median length among many."""
    asked = {
        "chat": bodies.chats(),
        "stream": bodies.chats(stream=True),
        "numbers": bodies.embeddings(base64=False),
        "base64": bodies.embeddings(base64=True),
    }
    with serving(mock(), next(bodies.chats())) as running:
        for name, requests in asked.items():
            (folder / name).write_bytes(_median(running.port, requests))
    chat: Any = json.loads((folder / "chat").read_bytes())
    tokens = (folder / "stream").read_bytes().count(b'"content":"')
    return Answers(folder, chat["choices"][0]["message"]["content"], tokens)


def _median(port: int, requests: Iterator[bytes]) -> bytes:
    found = sorted((answer(port, request) for request in islice(requests, _SAMPLES)), key=len)
    return found[_SAMPLES // 2]
