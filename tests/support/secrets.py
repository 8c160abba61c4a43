"""Secrets, the ways to write them down, and a search of texts for them, without the product's code."""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from urllib.parse import quote_plus, unquote

_JSON_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))')
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
# JSON in JSON in a query.
_LAYERS = 4


def json_escaped(text: str) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in text)


def percent_encoded(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def spellings(secret: str) -> dict[str, str]:
    """Return a secret in every spelling that JSON, URLs and base64 allow, as it may stand in a JSON string's source."""
    inner = json.dumps({"note": f"use {secret}"})
    aligned = {
        f"base64 from byte {shift}": b64encode(f"{'>?>'[:shift]}{secret} and more".encode()).decode()
        for shift in range(3)
    }
    return {
        "plain": json.dumps(secret)[1:-1],
        "escaped": json_escaped(secret),
        "half escaped": json_escaped(secret[:9]) + json.dumps(secret[9:])[1:-1],
        "percent": percent_encoded(secret),
        "percent twice": percent_encoded(percent_encoded(secret)),
        "in a query": quote_plus(f"a b={secret}"),
        "JSON in JSON": json.dumps(inner)[1:-1],
        "JSON in base64": b64encode(inner.encode()).decode(),
        "base64 for URLs": urlsafe_b64encode(f"?>~{secret}~~~".encode()).rstrip(b"=").decode(),
        "base64 with lines": "\\n".join(re.findall(".{1,76}", b64encode(f"{'~' * 50}{secret}".encode()).decode())),
        "base64 with escaped slashes": aligned["base64 from byte 2"].replace("/", "\\/"),
        "basic credentials": "Basic " + b64encode(f"user:{secret}".encode()).decode(),
        **aligned,
    }


def found_in(text: str, needles: Mapping[str, str]) -> set[str]:
    """Return the names of the `needles`, which are plain parts of secrets, that `text` holds in whatever spelling."""
    readings = [*_readings(text), re.sub(r"(?:\\+[nr]|[\r\n])+", "", text)]
    lowered = [reading.lower() for reading in readings]
    spaced = [reading.replace("+", " ") for reading in lowered]
    return {
        name
        for name, needle in needles.items()
        if any(needle.lower() in reading for reading in (spaced if " " in needle else lowered))
        or any(part in reading for part in _in_base64(needle) for reading in readings)
    }


def _readings(text: str) -> Iterable[str]:
    """Yield `text` as it stands, and with layers of escapes and percent-encoding taken off."""
    for _ in range(_LAYERS):
        yield text
        read = unquote(_unescaped(text))
        if read == text:
            return
        text = read
    yield text


def _unescaped(text: str) -> str:
    return _JSON_ESCAPE.sub(
        lambda found: chr(int(found[1], 16)) if found[1] else _LETTERS.get(found[2], found[2]), text
    )


def _in_base64(needle: str) -> list[str]:
    """Return what base64 has for certain of `needle`, wherever it begins, in both alphabets."""
    parts = []
    raw = needle.encode()
    for skipped in range(3):
        # Whole groups of three bytes, which do not depend on what stands beside them.
        whole = raw[skipped : skipped + (len(raw) - skipped) // 3 * 3]
        parts += [b64encode(whole).decode(), urlsafe_b64encode(whole).decode()]
    return parts
