"""Masking of secrets: API keys, webhook secrets, ID and refresh tokens, and the values of fields such as `password`.

They are recognized however they are written: with JSON's escapes, percent-encoded, in base64, in several layers of
these, in capitals, as a field's name, in JSON inside of JSON, and in JSON that is cut short.
"""

import re
from array import array
from base64 import b64decode
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from clevora_mock.core.long_texts import find_all, parts_of, replace_all, search

# Encoded letters, digits and characters of base64. Quotes stay encoded, since they would end a string elsewhere.
_ENCODED = re.compile(
    r"(?<!\\)\\{1,15}(?:u00(?P<hex>2[bdef]|3[0-9d]|[46][1-9a-f]|[57][0-9a]|5f)|/)|"
    r"%(?:25){0,7}(?P<percent>2[bdef]|3[0-9d]|[46][1-9a-f]|[57][0-9a]|5f)",
    re.IGNORECASE,
)

_NAMES_OF_TOKENS = r"(?:access|refresh|auth|session|bearer|(?<![a-z])id)[_-]?token(?!s)|(?<![\w-])token(?![\w-])"
# In a field's name; not in `max_tokens`, not `token` within another word, and not `pwd` by chance in base64.
_NAME_WORD = (
    r"(?:pass(?:word|wd|wort|phrase)|(?<![a-z])pwd(?![a-z]|[\w+/]{64})|secret|credential|(?:api|private)[_-]?key"
    r"|authorization|cookie|(?<![\w-])bearer(?![\w-])"
    rf"|{_NAMES_OF_TOKENS})"
)
_FIELD = rf"[\w .\[\]/-]{{0,64}}{_NAME_WORD}[\w .\[\]/-]{{0,64}}"
_SPACE = r"(?:\s|\\{1,15}[nrt]|%(?:25){0,7}(?:20|0[9ad])|\+){0,64}+"
# The `_` of a key, also escaped in Markdown, HTML, Python and JavaScript, or a sandbox's `-`.
_DASH = r"(?:[_-]|\\{1,15}(?:_|x5f|u\{0*5f\})|&#0*95;|&#x0*5f;|&lowbar;|%(?:25){0,7}5cu005f)"
# A key, even without its last digits; a preview has twelve.
_KEY = rf"sk{_DASH}live{_DASH}[0-9a-f]{{13,}}"
# A key of OpenAI, which a client may send that was meant for it.
_OPENAI_KEY = r"(?<![a-z0-9])sk-(?=[\w-]{0,40}[0-9])[\w-]{20,}"
_SECRET = re.compile(
    rf"(?P<key>{_KEY})"
    rf"|(?P<token>{_OPENAI_KEY}"
    r"|whsec_[a-z0-9+/=_-]{4,}|(?-i:[Ee]yJ[\w-]{8,999}+\.(?:[\w-]{8,}+\.[\w-]*|eyJ[\w-]{8,}+)|AMf-[\w-]{16,}))"
    # A field in a JSON object.
    rf'|"(?=[^"\\]*+"\s*+:)(?=[^"\\]*?{_NAME_WORD})[^"\\]*+"\s*+:\s*+'
    r'(?:"(?P<text>[^"\\]*+(?:\\.[^"\\]*+)*+)|(?P<open>[\[{])|(?P<other>[^\s",\]}]+))'
    # A field in JSON inside of a string or a query.
    rf'|(?P<quote>(?<!\\)\\{{1,15}}(?:"|u0022)|%(?:25){{0,7}}22){_FIELD}(?P=quote)'
    rf"{_SPACE}(?::|%(?:25){{0,7}}3a){_SPACE}"
    r"(?:(?P=quote)(?P<inner>(?:[^\\%]++|(?!(?<!\\)(?P=quote)).)*+)|(?P<inner_open>[\[{])|(?P<inner_other>[\w.-]+))"
    # A field of a Python dict, of a form, a query or an environment, of a multipart body.
    rf"|'(?=[^'\\]*?{_NAME_WORD})[^'\\]*+'\s*+:\s*+'(?P<single>[^'\\]*+(?:\\.[^'\\]*+)*+)"
    rf"|(?<![\w.\[\]-])(?=[\w.\[\]-]++=)(?=[\w.\[\]-]*?{_NAME_WORD})[\w.\[\]-]++="
    # In double quotes, escaped in JSON, where the next plain quote ends the string; in single quotes.
    r'(?:(?P<mark>\\{0,15}")(?P<quoted>(?:[^\\"\r\n]++|(?!(?P=mark)|(?<!\\)")[^\r\n])++)'
    r"|'(?P<raw>[^'\"&\\\r\n]++)(?=')"
    r'|(?P<form>(?:[^&\s"\\]++|\\++(?!"))++))'
    rf'|name="(?=[^"\\]*?{_NAME_WORD})[^"\\]*+"[\r\n]++(?P<part>[^\r\n]+)',
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
# Within an array or object: strings, which may hold brackets, and brackets.
_NESTED = re.compile(
    r'(?<!\\)"[^"\\]*+(?:\\.[^"\\]*+)*+"?|(?P<quote>(?<!\\)\\{1,15}").*?(?<!\\)(?P=quote)|[\[\]{}]', re.DOTALL
)
# A word, or a value in JSON or in a query, without the backslash of a quote that ends it; and any encoded character.
# Possessive, and not from within backslashes, so that no run of them is searched twice.
_VALUE = re.compile(r"(?<!\\)(?:\\*+[^\s\"&=\\]++)++")
_HEX = re.compile(r"(?:\\{1,15}u00|%)([2-7][0-9a-f])|\\{1,15}(?=/)", re.IGNORECASE)
# Base64, in lines or not; a reply joins lines by a space. A shorter text holds no secret; few words are as long.
_BREAK = r"(?:[\r\n]|\\{1,15}[rn]|%(?:25){0,7}0[adAD]|(?<=[\w+/-]{60})[ ])"
_BREAKS = re.compile(_BREAK, re.ASCII)
_BASE64 = re.compile(rf"(?<![\w+/-])[\w+/-]{{24,}}+(?:{_BREAK}++[\w+/-]{{4,}}+)*+={{0,2}}", re.ASCII)
# Translates bytes: a character of base64 becomes a digit, any other a space.
_DIGITS = bytes(ord("0" if re.fullmatch(r"[\w+/-]", chr(code), re.ASCII) else " ") for code in range(256))
_ENOUGH_DIGITS = b"0" * 24
# Of base64 within base64, and of percent-encoding or escapes.
_MAX_LAYERS = 2
_MAX_ESCAPES = 4
# No secret is longer, so that one which starts before a cut is recognized.
LONGEST_SECRET = 4096
# The groups that hold a secret.
_SECRETS = (
    "key",
    "token",
    "text",
    "open",
    "other",
    "inner",
    "inner_open",
    "inner_other",
    "single",
    "quoted",
    "raw",
    "form",
    "part",
)
# Each match contains one of these in lower case, or `token`; searching for them first is much faster.
_MARKS = (
    "whsec_",
    "amf-",
    "password",
    "passwd",
    "passwort",
    "passphrase",
    "bearer",
    "secret",
    "credential",
    "authorization",
    "cookie",
    *(f"{kind}{dash}key" for kind in ("api", "private") for dash in ("", "_", "-")),
)
_TOKENS = re.compile(_NAMES_OF_TOKENS, re.ASCII)
# Or one of these, and there what follows it; alone, they are in any long base64 by chance.
_MARKS_IN_CONTEXT = {
    "live": re.compile(_KEY),
    "eyj": re.compile(r"eyj[\w-]{8,999}+\.", re.ASCII),
    "sk-": re.compile(r"sk-(?<![a-z0-9]sk-)[\w-]{20}", re.ASCII),
    "pwd": re.compile(r"pwd(?<![a-z]pwd)(?![a-z]|[\w+/]{64})", re.ASCII),
}


def masked(body: bytes) -> bytes:
    """Mask all secrets in `body`."""
    # One character for each byte.
    return masked_text(body.decode("latin-1")).encode("latin-1")


def masked_text(text: str) -> str:
    """Mask all secrets in `text`: a key becomes its preview, a token its first characters, a field's value ``***``."""
    return _masked(text, _MAX_LAYERS)


def masked_all(texts: Sequence[str]) -> Sequence[str]:
    """Mask all secrets in each of `texts`; much faster than one by one where nothing looks like a secret."""
    joined = "\n".join(texts)
    is_suspicious = "%" in joined or "\\" in joined or _may_have_secret(joined) or _may_have_base64(joined)
    return [masked_text(text) for text in texts] if is_suspicious else texts


def masked_start(text: str, length: int) -> str:
    """Mask the first `length` characters of `text`, in a time that does not depend on the rest."""
    return masked_text(text[: length + LONGEST_SECRET])[:length]


def is_secret_name(path: str) -> bool:
    """Tell whether a field is masked by its name; `path` may lead to it."""
    return re.search(_NAME_WORD, path, re.IGNORECASE | re.ASCII) is not None


def preview(raw: str) -> str:
    """Return the first 20 and the last 2 characters of a key (K4)."""
    return f"{raw[:20]}...{raw[-2:]}"


class _Span(NamedTuple):
    """A secret in a decoded text, and what is shown instead."""

    start: int
    end: int
    shown: str


def _masked(text: str, layers: int) -> str:
    """Mask all secrets in `text`, also in `layers` of base64."""
    text = _masked_secrets(text, layers)
    if not (("%" in text or "\\u00" in text) and search(_HEX, text)):
        return text
    # A text that is encoded more than once is masked as a whole.
    return replace_all(_VALUE, text, lambda found: "***" if _is_secret_encoded(found[0], layers) else found[0])


def _is_secret_encoded(word: str, layers: int) -> bool:
    for _ in range(_MAX_ESCAPES):
        read = replace_all(_HEX, word, lambda found: chr(int(found[1], 16)) if found[1] else "")
        if read == word:
            return False
        # Ignore matches that are masks already.
        if any(read[span.start : span.end] != span.shown for span in _find_spans(read, layers)):
            return True
        word = read
    return False


def _masked_secrets(text: str, layers: int) -> str:
    plain, starts, ends = _decode(text)
    parts: list[str] = []
    done = 0
    for span in sorted(_find_spans(plain, layers)):
        start, end = _position(span.start, starts, ends), _position(span.end, starts, ends)
        # One that begins within another is a part of it.
        if start >= done:
            parts += [text[done:start], span.shown]
        done = max(done, end)
    return "".join([*parts, text[done:]]) if parts else text


def _find_spans(plain: str, layers: int) -> list[_Span]:
    return [*_find_secrets(plain), *(_find_in_base64(plain, layers) if layers else ())]


def _find_secrets(plain: str) -> list[_Span]:
    if not _may_have_secret(plain):
        return []
    spans = []
    position = 0
    while found := search(_SECRET, plain, position):
        name = next(name for name in _SECRETS if found[name] is not None)
        start, position = found.span(name)
        if name in ("open", "inner_open"):
            position = _end_of_nested(plain, start)
        spans.append(_Span(start, position, _shown(name, plain[start:position])))
    return spans


def _may_have_secret(plain: str) -> bool:
    return any(map(_has_mark, parts_of(plain)))


def _has_mark(part: str) -> bool:
    lowered = part.lower()
    return (
        any(map(lowered.__contains__, _MARKS))
        or (lowered.count("token") > lowered.count("tokens") and _TOKENS.search(lowered) is not None)
        or any(mark in lowered and context.search(lowered) for mark, context in _MARKS_IN_CONTEXT.items())
    )


def _find_in_base64(plain: str, layers: int) -> list[_Span]:
    if not _may_have_base64(plain):
        return []
    return [
        _Span(found.start(), found.end(), found[0][:6] + "***")
        for found in find_all(_BASE64, plain)
        if any(_has_secret(read, layers) for read in _read_base64(found[0]))
    ]


def _may_have_base64(plain: str) -> bool:
    # Much faster than to search for the expression.
    return any(_ENOUGH_DIGITS in part.encode("latin-1", "replace").translate(_DIGITS) for part in parts_of(plain))


def _read_base64(run: str) -> Iterator[bytes]:
    """Yield what `run` encodes, if that begins with its first character, or up to three later."""
    # Few have breaks, and the search for them takes longer than all else.
    joined = replace_all(_BREAKS, run, lambda _: "") if any(map(run.__contains__, "\r\n\\% ")) else run
    digits = joined.rstrip("=").replace("-", "+").replace("_", "/")
    for skipped in range(4):
        # A single digit at the end encodes nothing.
        part = digits[skipped : len(digits) - ((len(digits) - skipped) % 4 == 1)]
        yield b64decode(part + "=" * (-len(part) % 4))


def _has_secret(read: bytes, layers: int) -> bool:
    """Tell whether what base64 encodes has a secret, also an encoded one if it is a text, as few wrong readings are."""
    text = read.decode("latin-1")
    if _may_have_secret(text) and _masked(text, 0) != text:
        return True
    try:
        text = read.decode()
    except UnicodeDecodeError:
        return False
    return _masked(text, layers - 1) != text


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


def _decode(text: str) -> "tuple[str, array[int], array[int]]":
    """Return `text` decoded, and where each decoded character ends: positions in the decoded text and in `text`."""
    # Lists take five times the memory.
    starts, ends = array("q"), array("q")
    if "\\" not in text and "%" not in text:
        return text, starts, ends
    parts: list[str] = []
    done = length = 0
    for found in find_all(_ENCODED, text):
        code = found["hex"] or found["percent"]
        parts += [text[done : found.start()], chr(int(code, 16)) if code else "/"]
        length += found.start() - done + 1
        done = found.end()
        starts.append(length)
        ends.append(done)
    return "".join([*parts, text[done:]]), starts, ends


def _position(index: int, starts: "array[int]", ends: "array[int]") -> int:
    """Return the position in the encoded text of a position in the decoded one."""
    before = bisect_right(starts, index)
    return index if not before else ends[before - 1] + index - starts[before - 1]
