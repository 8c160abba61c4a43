"""Masking of secrets: API keys, webhook secrets, ID and refresh tokens, and the values of fields such as `password`.

They are recognized however they are written: with JSON's escapes, percent-encoded, in capitals, as a field's name, in
JSON inside of JSON, and in JSON that is cut short.
"""

import re
from bisect import bisect_right

from clevora_mock.contract.limits import KEY_PREFIX

# Encoded letters, digits and characters of base64. Quotes stay encoded, since they would end a string elsewhere.
_ENCODED = re.compile(
    r"(?<!\\)\\{1,15}(?:u00(?P<hex>2[bdef]|3[0-9d]|[46][1-9a-f]|[57][0-9a]|5f)|/)|"
    r"%(?:25){0,7}(?P<percent>2[bdef]|3[0-9d]|[46][1-9a-f]|[57][0-9a]|5f)",
    re.IGNORECASE,
)

_FIELD = r"[\w.-]{0,64}(?:password|secret|refresh_?token)"
_SPACE = r"(?:\s|\\{1,15}[nrt]|%(?:25){0,7}(?:20|0[9ad])|\+){0,64}+"
_SECRET = re.compile(
    # A key, even without its last digits; a preview has twelve.
    rf"(?P<key>{KEY_PREFIX}[0-9a-f]{{13,}})"
    r"|(?P<token>whsec_[a-z0-9+/=_-]{4,}|(?-i:[Ee]yJ[\w-]{8,999}+\.[\w-]{8,}+\.[\w-]*|AMf-[\w-]{16,}))"
    # A field in a JSON object.
    rf'|"{_FIELD}"\s*+:\s*+(?:"(?P<text>(?:[^"\\]|\\.)*+)|(?P<other>\[[^\]]*+\]?|{{[^}}]*+}}?|[^\s",\]}}]+))'
    # A field in JSON inside of a string or a query.
    rf'|(?P<quote>(?<!\\)\\{{1,15}}(?:"|u0022)|%(?:25){{0,7}}22){_FIELD}(?P=quote)'
    rf"{_SPACE}(?::|%(?:25){{0,7}}3a){_SPACE}"
    r"(?:(?P=quote)(?P<inner>(?:(?!(?<!\\)(?P=quote)).)*+)|(?P<inner_other>[\w.-]+))"
    # A field of a form or a query.
    rf"|(?:^|[&?]){_FIELD}=(?P<form>[^&\s\"]+)",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
# No secret is longer, so that one which starts before a cut is recognized.
LONGEST_SECRET = 4096
# The groups that hold a secret.
_SECRETS = ("key", "token", "text", "other", "inner", "inner_other", "form")
# Each match contains one of these in lower case; searching for them first is much faster.
_MARKS = (KEY_PREFIX, "whsec_", "eyj", "amf-", "password", "secret", "refresh")


def masked(body: bytes) -> bytes:
    """Mask all secrets in `body`."""
    # One character for each byte.
    return masked_text(body.decode("latin-1")).encode("latin-1")


def masked_text(text: str) -> str:
    """Mask all secrets in `text`: a key becomes its preview, a token its first characters, a field's value ``***``."""
    plain, starts, ends = _decode(text)
    lowered = plain.lower()
    if not any(mark in lowered for mark in _MARKS):
        return text
    parts = []
    done = 0
    for found in _SECRET.finditer(plain):
        name = next(name for name in _SECRETS if found[name] is not None)
        parts += [text[done : _position(found.start(name), starts, ends)], _shown(name, found[name])]
        done = _position(found.end(name), starts, ends)
    return "".join([*parts, text[done:]])


def masked_start(text: str, length: int) -> str:
    """Mask the first `length` characters of `text`, in a time that does not depend on the rest."""
    return masked_text(text[: length + LONGEST_SECRET])[:length]


def is_secret_name(path: str) -> bool:
    """Tell whether a field is masked by its name; `path` may lead to it."""
    return re.search(rf"{_FIELD}\Z", path, re.IGNORECASE) is not None


def preview(raw: str) -> str:
    """Return the first 20 and the last 2 characters of a key (K4)."""
    return f"{raw[:20]}...{raw[-2:]}"


def _shown(name: str, secret: str) -> str:
    if name == "key":
        return preview(secret)
    if name == "token":
        return secret[:6] + "***"
    return '"***"' if name == "other" else "***"


def _decode(text: str) -> tuple[str, list[int], list[int]]:
    """Return `text` decoded, and where each decoded character ends: positions in the decoded text and in `text`."""
    if "\\" not in text and "%" not in text:
        return text, [], []
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = length = 0
    for found in _ENCODED.finditer(text):
        code = found["hex"] or found["percent"]
        parts += [text[done : found.start()], chr(int(code, 16)) if code else "/"]
        length += found.start() - done + 1
        done = found.end()
        starts.append(length)
        ends.append(done)
    return "".join([*parts, text[done:]]), starts, ends


def _position(index: int, starts: list[int], ends: list[int]) -> int:
    """Return the position in the encoded text of a position in the decoded one."""
    before = bisect_right(starts, index)
    return index if not before else ends[before - 1] + index - starts[before - 1]
