"""Masking of secrets: API keys, webhook secrets, ID and refresh tokens, and the values of fields such as `password`.

They are recognized however they are written: with JSON's escapes, percent-encoded, in capitals, as a field's name, in
JSON inside of JSON, and in JSON that is cut short.
"""

import re
from bisect import bisect_right

# Encoded letters, digits and characters of base64. Quotes stay encoded, since they would end a string elsewhere.
_ENCODED = re.compile(
    r"(?<!\\)\\{1,15}(?:u00(?P<hex>2[bdef]|3[0-9d]|[46][1-9a-f]|[57][0-9a]|5f)|/)|"
    r"%(?:25){0,7}(?P<percent>2[bdef]|3[0-9d]|[46][1-9a-f]|[57][0-9a]|5f)",
    re.IGNORECASE,
)

# In a field's name; not in `max_tokens`, and not `token` within another word.
_WORD = (
    r"(?:pass(?:word|wd|wort|phrase)|secret|credential|(?:api|private)[_-]?key|authorization|cookie"
    r"|(?:access|refresh|auth|session|bearer|(?<![a-z])id)[_-]?token(?!s)|(?<![\w-])token(?![\w-]))"
)
_FIELD = rf"[\w .\[\]/-]{{0,64}}{_WORD}[\w .\[\]/-]{{0,64}}"
_SPACE = r"(?:\s|\\{1,15}[nrt]|%(?:25){0,7}(?:20|0[9ad])|\+){0,64}+"
# The `_` of a key, also escaped in Markdown, HTML, Python and JavaScript, or a sandbox's `-`.
_DASH = r"(?:[_-]|\\{1,15}(?:_|x5f|u\{0*5f\})|&#0*95;|&#x0*5f;|&lowbar;|%(?:25){0,7}5cu005f)"
# A key, even without its last digits; a preview has twelve.
_KEY = rf"sk{_DASH}live{_DASH}[0-9a-f]{{13,}}"
_SECRET = re.compile(
    rf"(?P<key>{_KEY})"
    r"|(?P<token>whsec_[a-z0-9+/=_-]{4,}|(?-i:[Ee]yJ[\w-]{8,999}+\.[\w-]{8,}+\.[\w-]*|AMf-[\w-]{16,}))"
    # A field in a JSON object.
    rf'|"(?=[^"\\]*?{_WORD})[^"\\]*+"\s*+:\s*+'
    r'(?:"(?P<text>(?:[^"\\]|\\.)*+)|(?P<open>[\[{])|(?P<other>[^\s",\]}]+))'
    # A field in JSON inside of a string or a query.
    rf'|(?P<quote>(?<!\\)\\{{1,15}}(?:"|u0022)|%(?:25){{0,7}}22){_FIELD}(?P=quote)'
    rf"{_SPACE}(?::|%(?:25){{0,7}}3a){_SPACE}"
    r"(?:(?P=quote)(?P<inner>(?:(?!(?<!\\)(?P=quote)).)*+)|(?P<inner_open>[\[{])|(?P<inner_other>[\w.-]+))"
    # A field of a Python dict, of a form, a query or an environment, of a multipart body.
    rf"|'(?=[^'\\]*?{_WORD})[^'\\]*+'\s*+:\s*+'(?P<single>(?:[^'\\]|\\.)*+)"
    rf"|(?<![\w.\[\]-])(?=[\w.\[\]-]*?{_WORD})[\w.\[\]-]++=(?P<form>[^&\s\"]+)"
    rf'|name="(?=[^"\\]*?{_WORD})[^"\\]*+"[\r\n]++(?P<part>[^\r\n]+)',
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
# Within an array or object: strings, which may hold brackets, and brackets.
_NESTED = re.compile(r'(?<!\\)"(?:[^"\\]|\\.)*+"?|(?P<quote>(?<!\\)\\+").*?(?<!\\)(?P=quote)|[\[\]{}]', re.DOTALL)
# No secret is longer, so that one which starts before a cut is recognized.
LONGEST_SECRET = 4096
# The groups that hold a secret.
_SECRETS = ("key", "token", "text", "open", "other", "inner", "inner_open", "inner_other", "single", "form", "part")
# Each match contains one of these in lower case; searching for them first is much faster.
_MARKS = ("whsec_", "eyj", "amf-", "pass", "secret", "credential", "authorization", "cookie")
_KEY_MARKS = ("apikey", "api_key", "api-key", "privatekey", "private_key", "private-key")


def masked(body: bytes) -> bytes:
    """Mask all secrets in `body`."""
    # One character for each byte.
    return masked_text(body.decode("latin-1")).encode("latin-1")


def masked_text(text: str) -> str:
    """Mask all secrets in `text`: a key becomes its preview, a token its first characters, a field's value ``***``."""
    plain, starts, ends = _decode(text)
    lowered = plain.lower()
    if not (
        any(mark in lowered for mark in _MARKS + _KEY_MARKS)
        or lowered.count("token") > lowered.count("tokens")
        or ("live" in lowered and re.search(_KEY, lowered))
    ):
        return text
    parts = []
    done = position = 0
    while found := _SECRET.search(plain, position):
        name = next(name for name in _SECRETS if found[name] is not None)
        start, position = found.span(name)
        if name in ("open", "inner_open"):
            position = _end_of_nested(plain, start)
        parts += [text[done : _position(start, starts, ends)], _shown(name, plain[start:position])]
        done = _position(position, starts, ends)
    return "".join([*parts, text[done:]])


def masked_start(text: str, length: int) -> str:
    """Mask the first `length` characters of `text`, in a time that does not depend on the rest."""
    return masked_text(text[: length + LONGEST_SECRET])[:length]


def is_secret_name(path: str) -> bool:
    """Tell whether a field is masked by its name; `path` may lead to it."""
    return re.search(_WORD, path, re.IGNORECASE | re.ASCII) is not None


def preview(raw: str) -> str:
    """Return the first 20 and the last 2 characters of a key (K4)."""
    return f"{raw[:20]}...{raw[-2:]}"


def _shown(name: str, secret: str) -> str:
    if name == "key":
        return preview(secret)
    if name == "token":
        return secret[:6] + "***"
    return '"***"' if name in ("open", "other") else "***"


def _end_of_nested(text: str, start: int) -> int:
    """Return where the array or object that begins at `start` ends; the end of the text if it is cut short."""
    depth = 0
    for found in _NESTED.finditer(text, start):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if not depth:
            return found.end()
    return len(text)


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
