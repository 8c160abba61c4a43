"""Other mocks of chat APIs, installed by ``make bench-peers`` beside this file, in the versions that are pinned there.

Each gets two answers of the length of the mock's: one for a chat, one for a stream of as many events. Their logs are
off, and so are the default pauses of stubllm's streams.
"""

import json
from pathlib import Path

from benchmarks import requests

AIMOCK = "aimock"
STUBLLM = "stubllm"
KINDS = (AIMOCK, STUBLLM)

_FOLDER = Path(__file__).parent / "external"
_AIMOCK = _FOLDER / "node_modules/@copilotkit/aimock"
_STUBLLM = _FOLDER / ".venv/bin/stubllm"

# Both cut a text of such words into pieces of four characters.
_WORD = "sea "
_FIXTURES = "fixtures-{kind}.json"


def command(kind: str, port: int) -> list[str]:
    fixtures = str(_FOLDER / "build" / _FIXTURES.format(kind=kind))
    if kind == AIMOCK:
        start = ["node", str(_AIMOCK / "dist/cli.js"), "--port", str(port), "--fixtures", fixtures]
        return [*start, "--chunk-size", str(len(_WORD)), "--log-level", "silent"]
    return [str(_STUBLLM), "serve", "--port", str(port), "--fixture-file", fixtures, "--log-level", "warning"]


def prepare(chat: str) -> None:
    """Write the peers' fixtures; `chat` is the mock's answer."""
    missing = [path for path in (_AIMOCK, _STUBLLM) if not path.exists()]
    if missing:
        raise SystemExit(f"not installed: {', '.join(path.name for path in missing)}; make bench-peers does it")
    # Beside the pieces, aimock's stream has a role, an end and a sentinel, stubllm's the sentinel alone.
    _write(AIMOCK, _aimock(chat, _WORD * (requests.STREAM_EVENTS - 3)))
    _write(STUBLLM, _stubllm(chat, _WORD * (requests.STREAM_EVENTS - 1)))


def versions() -> dict[str, str]:
    """Return the pinned versions by name."""
    package = json.loads((_FOLDER / "package.json").read_text())
    requirements = dict(line.split("==") for line in (_FOLDER / "requirements.txt").read_text().split() if "==" in line)
    return {AIMOCK: package["dependencies"]["@copilotkit/aimock"], STUBLLM: requirements[STUBLLM]}


def _aimock(chat: str, stream: str) -> object:
    answers = {requests.QUESTION: chat, requests.STREAM_QUESTION: stream}
    return {
        "fixtures": [
            {"match": {"userMessage": question}, "response": {"content": content}}
            for question, content in answers.items()
        ]
    }


def _stubllm(chat: str, stream: str) -> object:
    answers = {requests.QUESTION: chat, requests.STREAM_QUESTION: stream}
    return {
        "fixtures": [
            {
                "name": question,
                "match": {"messages": [{"role": "user", "content": {"exact": question}}]},
                "response": {"content": content, "stream_chunk_delay_ms": 0},
            }
            for question, content in answers.items()
        ]
    }


def _write(kind: str, fixtures: object) -> None:
    file = _FOLDER / "build" / _FIXTURES.format(kind=kind)
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(fixtures))
