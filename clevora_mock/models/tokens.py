"""How text is counted and cut (contract C7).

A token is a run of word characters, at most twelve long, or one other visible character; a longer run is
several tokens. White space belongs to the token that follows it, so a token and the piece of text that a
stream sends for it are the same thing, and the pieces joined are the text. No real tokenizer is needed for
that, and a client's arithmetic (billing, ``max_tokens``, usage) can be checked by eye.
"""

import re

_TOKEN = re.compile(r"\w{1,12}|[^\w\s]")
_PIECE = re.compile(r"\s*(?:\w{1,12}|[^\w\s])")

_PER_MESSAGE = 3
_PER_PROMPT = 3


def count(text: str) -> int:
    """The number of tokens in `text`; white space alone is none."""
    return len(_TOKEN.findall(text))


def pieces(text: str) -> list[str]:
    """`text` cut into its tokens, each with the white space before it; joined, they are `text` again.

    White space at the end goes with the last token. Text of white space only is one piece of no tokens.
    """
    # Without the white space at the end, every run of it is followed by a token; else each of its characters would be
    # tried as the start of a piece that never comes.
    visible = text.rstrip()
    cut = _PIECE.findall(visible)
    if not cut:
        return [text] if text else []
    cut[-1] += text[len(visible) :]
    return cut


def prompt(contents: list[str]) -> int:
    """The tokens of a prompt whose messages hold `contents`: `Hello!` alone is the documented 8."""
    return _PER_PROMPT + sum(_PER_MESSAGE + count(content) for content in contents)
