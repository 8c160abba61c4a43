"""Tokens of text (contract C7).

A token is a run of at most twelve word characters, or one other visible character, with the white space before it. A
stream sends one token per frame. No real tokenizer is used, so that billing, ``max_tokens`` and usage can be checked by
hand.
"""

import re

# Characters of a text that takes long.
_LONG = 1 << 16

_SIXTY = re.compile(r"(?:\s*(?:\w{1,12}|\S)){0,60}")


class Tokenizer:
    """The counting of tokens: characters of a word to a token, and what a prompt has beside its messages' texts."""

    __slots__ = ("_per_message", "_per_prompt", "_piece", "_token")

    def __init__(self, word_characters: int = 12, per_message: int = 3, per_prompt: int = 3) -> None:
        # \S comes second, so that it matches no word character; it is twice as fast as [^\w\s].
        self._token = re.compile(rf"\w{{1,{word_characters}}}|\S")
        self._piece = re.compile(rf"\s*(?:\w{{1,{word_characters}}}|\S)")
        self._per_message = per_message
        self._per_prompt = per_prompt

    def count(self, text: str) -> int:
        """Count the tokens of `text`; white space alone has none."""
        if len(text) <= _LONG:
            return len(self._token.findall(text))
        # Slower, and leaves the interpreter to other threads between two tokens.
        return sum(1 for _ in self._token.finditer(text))

    def pieces(self, text: str) -> list[str]:
        """Split `text` into its tokens with the white space before them; joined, they are `text` again.

        Trailing white space belongs to the last token. Text of white space only is one piece, of no tokens.
        """
        # Trailing white space is removed first; the expression would take quadratic time on it.
        visible = text.rstrip()
        cut = self._piece.findall(visible)
        if not cut:
            return [text] if text else []
        cut[-1] += text[len(visible) :]
        return cut

    def prompt(self, contents: list[str]) -> int:
        """Count the tokens of a prompt by its messages' contents; ``Hello!`` alone has the documented 8."""
        return self._per_prompt + sum(self._per_message + self.count(content) for content in contents)


# The contract's own counting.
TOKENIZER = Tokenizer()
count, pieces, prompt = TOKENIZER.count, TOKENIZER.pieces, TOKENIZER.prompt


def first_sixty(text: str) -> str:
    """Return the first sixty tokens of `text`, with the white space before each."""
    return _SIXTY.match(text)[0]  # type: ignore[index]  # it matches an empty text as well
