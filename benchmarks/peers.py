"""Other mocks of chat APIs, installed by ``make bench-peers`` below this folder, in the versions that are pinned there.

Each answers every chat with a text of the length of the mock's, and every stream with as many pieces. Their logs are
off, and so are the default pauses of stubllm's streams.
"""

import json
import subprocess
from pathlib import Path

from benchmarks.answers import Answers
from benchmarks.servers import PORT, Server

NAMES = AIMOCK, STUBLLM, LLMOCK = "aimock", "stubllm", "llmock"

_FOLDER = Path(__file__).parent / "external"
_AIMOCK = _FOLDER / "node_modules/@copilotkit/aimock/dist/cli.js"
_PROGRAMS = {AIMOCK: _AIMOCK, STUBLLM: _FOLDER / ".venv/bin/stubllm", LLMOCK: _FOLDER / ".venv/bin/llmock"}

# A piece of a stream: aimock and stubllm cut a text into pieces of four characters, llmock into words.
_WORD = "sea "


def installed() -> list[str]:
    """Return the names of the peers that are installed."""
    return [name for name in NAMES if _PROGRAMS[name].exists()]


def versions(names: list[str]) -> dict[str, str]:
    """Return the versions that are pinned, by name, and that of Node."""
    package = json.loads((_FOLDER / "package.json").read_text())
    pinned = dict(line.split("==") for line in (_FOLDER / "requirements.txt").read_text().split() if "==" in line)
    found = pinned | {AIMOCK: package["dependencies"]["@copilotkit/aimock"]}
    if AIMOCK in names:
        found["node"] = subprocess.run(["node", "--version"], check=True, capture_output=True, text=True).stdout.strip()
    return {name: found[name] for name in (*names, "node") if name in found}


def server(name: str, answers: Answers, *, stream: bool = False) -> Server:
    """Return a peer that gives the equivalent of the mock's answers, for chats or for streams."""
    text = _WORD * answers.tokens if stream else answers.text
    if name == LLMOCK:
        reply = json.dumps({"behaviors": [{"type": "reply", "text": text, "times": None}]})
        head = f"POST /_llmock/scenario HTTP/1.1\r\ncontent-length: {len(reply.encode())}\r\n\r\n"
        return Server(name, _python(name), (head + reply).encode())
    file = answers.folder / f"{name}-{'streams' if stream else 'chats'}.json"
    # All prompts have a space.
    fixture: dict[str, object] = {"match": {"userMessage": " "}, "response": {"content": text}}
    flags = ("--fixtures", str(file), "--chunk-size", str(len(_WORD)), "--log-level", "silent")
    command: tuple[str, ...] = ("node", str(_AIMOCK), "--port", PORT, *flags)
    if name == STUBLLM:
        match = {"messages": [{"role": "user", "content": {"contains": " "}}]}
        fixture = {"name": "all", "match": match, "response": {"content": text, "stream_chunk_delay_ms": 0}}
        command = (*_python(name), "--fixture-file", str(file))
    file.write_text(json.dumps({"fixtures": [fixture]}))
    return Server(name, command)


def _python(name: str) -> tuple[str, ...]:
    return (str(_PROGRAMS[name]), "serve", "--port", PORT, "--log-level", "warning")
