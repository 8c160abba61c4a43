"""Common mistakes in signing a webhook, recognized by trying each of them after a signature failed."""

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from functools import partial
from hmac import compare_digest, digest
from itertools import product

# Larger bodies are tried as they are, since their variants take too long.
_MAX_VARIED_BYTES = 16 * 1024
_STYLES: tuple[tuple[tuple[str, str], int | None], ...] = (
    ((",", ":"), None),
    ((", ", ": "), None),
    ((",", ": "), 2),
    ((",", ": "), 4),
)
_ESCAPED_BY_GO = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&"})


def find_mistake(key: bytes, secret: str, signed: tuple[str, str, bytes], signatures: str) -> str | None:
    """Return what is wrong with the signatures, None if it is none of the known mistakes.

    `key` is the decoded `secret`; `signed` has the event's id, the timestamp and the body.
    """
    digests = [found for text in signatures.split() for found in _digests(text)]
    if not digests:
        return "expected v1,<base64 of 32 bytes>, and a space between several"
    contents = [*_contents(*signed)]
    for used, secret_mistake in _keys(key, secret):
        for content, content_mistake in contents:
            wanted = digest(used, content, "sha256")
            for given, encoding_mistake in digests:
                if compare_digest(wanted, given):
                    return "; ".join(filter(None, (encoding_mistake, secret_mistake, content_mistake)))
    return None


def _digests(text: str) -> Iterator[tuple[bytes, str]]:
    """Yield the digests that a signature may stand for, with the mistake in how it is written."""
    version, comma, encoded = text.rpartition(",")
    mistake = "" if version == "v1" else 'it begins without "v1,"'
    if "," in version:
        mistake = "several are separated by a space, not a comma"
    if not comma:
        encoded = re.sub("^(?:v1|sha256)[=:]", "", text)
    if re.fullmatch("[0-9A-Fa-f]{64}", encoded):
        yield bytes.fromhex(encoded), "; ".join(filter(None, (mistake, "it is in hex, not base64")))
    elif re.fullmatch("[A-Za-z0-9+/_-]{43}=?", encoded):
        plain = encoded.rstrip("=").translate(str.maketrans("-_", "+/")) + "="
        wrong = "" if plain == encoded else "it is not standard, padded base64"
        yield b64decode(plain), "; ".join(filter(None, (mistake, wrong)))


def _keys(key: bytes, secret: str) -> Iterator[tuple[bytes, str]]:
    undecoded = "the key is the secret as it is written, not the base64-decoded part after whsec_"
    yield key, ""
    yield secret.encode(), undecoded
    yield secret.partition("_")[2].encode(), undecoded


def _contents(event_id: str, timestamp: str, body: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield what may have been signed, with the mistakes in it."""
    heads = (
        (f"{event_id}.{timestamp}.".encode("latin-1"), ""),
        (b"", "it is over the body alone, not id.timestamp.body"),
        (f"{timestamp}.".encode(), "it is over timestamp.body, not id.timestamp.body"),
    )
    for variant, body_mistake in _variants(body):
        for head, head_mistake in heads:
            yield head + variant, "; ".join(filter(None, (head_mistake, body_mistake)))


def _variants(body: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield the body as it is, with other space around it, and as other writers of JSON write it."""
    yield body, ""
    if len(body) > _MAX_VARIED_BYTES:
        return
    for spaced in (body.strip(), body + b"\n", body + b"\r\n"):
        yield spaced, "it is over a body with other space or line breaks at its end; send the bytes that were signed"
    try:
        texts = [*_rewritten(body)]
    except (ValueError, RecursionError):
        return
    mistake = "it is over the same JSON written differently; sign the bytes that are sent"
    for text in texts:
        yield text.encode("utf-8", "surrogatepass"), mistake


def _rewritten(body: bytes) -> Iterator[str]:
    """Yield JSON as Python, JavaScript, PHP and Go write it. Raises ValueError and RecursionError."""
    document = json.loads(body)
    for (separators, indent), is_ascii, is_sorted in product(_STYLES, (True, False), (False, True)):
        yield json.dumps(document, ensure_ascii=is_ascii, separators=separators, indent=indent, sort_keys=is_sorted)
    write = partial(json.dumps, json.loads(body, parse_float=_shortest), separators=(",", ":"))
    yield write(ensure_ascii=False)
    yield write().replace("/", "\\/")
    yield write(ensure_ascii=False, sort_keys=True).translate(_ESCAPED_BY_GO)


def _shortest(text: str) -> float:
    """Read a number with a fraction as an integer if the fraction is 0."""
    number = float(text)
    return int(number) if number.is_integer() else number
