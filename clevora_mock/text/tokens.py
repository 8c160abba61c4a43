"""Tokens of text (contract C7).

A token is a run of at most twelve word characters, or one other visible character, with the white space before it. A
stream sends one token per frame. No real tokenizer is used, so that billing, ``max_tokens`` and usage can be checked by
hand.
"""

import re

# \S comes second, so that it matches no word character; it is twice as fast as [^\w\s].
_TOKEN = re.compile(r"\w{1,12}|\S")
_PIECE = re.compile(r"\s*(?:\w{1,12}|\S)")

_SIXTY = re.compile(r"(?:\s*(?:\w{1,12}|\S)){0,60}")

# Characters of a text that takes long.
_LONG = 1 << 16

_PER_MESSAGE = 3
_PER_PROMPT = 3


def count(text: str) -> int:
    """Count the tokens of `text`; white space alone has none."""
    if len(text) <= _LONG:
        return len(_TOKEN.findall(text))
    # Slower, and leaves the interpreter to other threads between two tokens.
    return sum(1 for _ in _TOKEN.finditer(text))


def pieces(text: str) -> list[str]:
    """Split `text` into its tokens with the white space before them; joined, they are `text` again.

    Trailing white space belongs to the last token. Text of white space only is one piece, of no tokens.
    """
    # Trailing white space is removed first; the expression would take quadratic time on it.
    visible = text.rstrip()
    cut = _PIECE.findall(visible)
    if not cut:
        return [text] if text else []
    cut[-1] += text[len(visible) :]
    return cut


def first_sixty(text: str) -> str:
    """Return the first sixty tokens of `text`, with the white space before each."""
    return _SIXTY.match(text)[0]  # type: ignore[index]  # it matches an empty text as well


def prompt(contents: list[str]) -> int:
    """Count the tokens of a prompt by its messages' contents; ``Hello!`` alone has the documented 8."""
    return _PER_PROMPT + sum(_PER_MESSAGE + count(content) for content in contents)
