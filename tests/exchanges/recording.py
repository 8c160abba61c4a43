"""The recording as lines of JSON, and comparisons of two recordings."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.exchanges.player import StepResult

RECORDING = Path(__file__).with_name("recording.jsonl")

# Longer values are kept as their hash, length and beginning.
_REQUEST_BYTES = 400
_REQUEST_BEGINNING = 150
_ANSWER_BYTES = 800
_ANSWER_BEGINNING = 300
_CONTEXT_BYTES = 60

Line = dict[str, Any]


def line(played: StepResult) -> Line:
    """Return one step as a line of the recording."""
    said: Line = {
        "name": played.step.name,
        "part": played.part,
        "request": _text(played.sent, _REQUEST_BYTES, _REQUEST_BEGINNING),
        "ending": played.ending,
        "answer": _text(played.received, _ANSWER_BYTES, _ANSWER_BEGINNING),
    }
    if played.step.pieces:
        said["pieces"] = played.pieces
    if played.step.masks:
        said["masks"] = list(played.step.masks)
    return said


def write(lines: Iterable[Line], path: Path = RECORDING) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="ascii")


def read(path: Path = RECORDING) -> dict[str, Line]:
    """Return the recorded lines by the names of their steps."""
    with path.open(encoding="ascii") as file:
        return {line["name"]: line for line in map(json.loads, file)}


def save(played: Iterable[StepResult], folder: Path) -> None:
    """Save each complete response to a separate file; its last line is the ending."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in played:
        file_of(one.step.name, folder).write_bytes(one.received + f"\n[{one.ending}]\n".encode())


def file_of(name: str, folder: Path) -> Path:
    """Return the file of a step's response; a hash distinguishes names that become the same file name."""
    slug = re.sub(r"[^\w.]+", "-", name, flags=re.ASCII).strip("-")[:100]
    return folder / f"{slug}-{sha256(name.encode()).hexdigest()[:6]}.http"


def differences(
    recorded: Mapping[str, Line], played: Iterable[StepResult], before: Path | None = None
) -> Iterator[str]:
    """Return the differences, step by step; `before` has the complete recorded responses."""
    left = dict(recorded)
    for one in played:
        was, now = left.pop(one.step.name, None), line(one)
        if was is None:
            yield f"{one.step.name}\n  is not in the recording"
        elif was != now:
            yield f"{one.step.name} [{one.part}]\n" + "\n".join(_differing(was, now, one, before))
    for name in left:
        yield f"{name}\n  is in the recording alone"


def _differing(was: Line, now: Line, played: StepResult, before: Path | None) -> Iterator[str]:
    for what in ("part", "request", "ending", "pieces", "masks"):
        if was.get(what) != now.get(what):
            yield f"  {what} was {str(was.get(what))[:400]!r}\n  {what} is  {str(now.get(what))[:400]!r}"
    if was["answer"] == now["answer"]:
        return
    old, new = _bytes(was["answer"]), played.received
    kept = None if before is None else file_of(was["name"], before)
    if kept is not None and kept.exists():
        old = kept.read_bytes().rpartition(b"\n[")[0]
    elif isinstance(was["answer"], dict):
        yield f"  answer had {was['answer']['length']} bytes, has {len(new)}"
        new = new[:_ANSWER_BEGINNING]
    at = next((index for index, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    if at == len(old) == len(new):
        yield f"  answer differs behind its first {at} bytes (give the saved answers with --before to see where)"
        return
    start, end = max(0, at - _CONTEXT_BYTES), at + _CONTEXT_BYTES
    yield f"  answer differs at byte {at}\n    was {old[start:end]!r}\n    is  {new[start:end]!r}"


def _text(data: bytes, most: int, beginning_bytes: int) -> str | dict[str, Any]:
    if len(data) <= most:
        return data.decode("latin-1")
    beginning = data[:beginning_bytes].decode("latin-1")
    return {"sha256": sha256(data).hexdigest(), "length": len(data), "beginning": beginning}


def _bytes(text: str | dict[str, Any]) -> bytes:
    return (text["beginning"] if isinstance(text, dict) else text).encode("latin-1")
