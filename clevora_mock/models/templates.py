"""The chat model's sentences, as data, and the user's words as a quotation in them."""

import re
from functools import cached_property

import msgspec
from msgspec import Struct

from clevora_mock.core.rng import RandomStream
from clevora_mock.models import tokens

_QUOTED_CHARACTERS, _QUOTED_TOKENS = 200, 60
# A request for code says so near its beginning; a greeting is short.
_LEAD_WORDS, _GREETING_WORDS = 20, 6
_QUESTION_MARKS = "?\N{FULLWIDTH QUESTION MARK}\N{ARABIC QUESTION MARK}"
_NUMBERS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_NUMBER = {word: number for number, word in enumerate(_NUMBERS.split(), 1)}
_COUNT = re.compile(rf"\b(?:\d{{1,3}}|{'|'.join(_NUMBER)})\b")
# What a request may begin with and still be of its kind.
_POLITE = tuple(
    tuple(phrase.split())
    for phrase in ("please", "can you", "could you", "would you", "will you", "i want you to", "i need you to")
)
_POLITE_FIRST_WORDS = frozenset(phrase[0] for phrase in _POLITE)


class RequestKind(Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of request: the words that it may begin with, and the answers to it."""

    starts: tuple[str, ...]
    answers: tuple[str, ...]


class Templates(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The sentences of the model. ``{quote}`` stands for the user's words, ``{items}`` for the lines of a list."""

    kinds: dict[str, RequestKind]
    code_words: frozenset[str]
    closings: tuple[str, ...]

    @cached_property
    def _kind_of_start(self) -> dict[str, str]:
        return {start: name for name, kind in self.kinds.items() for start in kind.starts}

    def kind_of(self, text: str) -> str:
        """Name the kind of the request `text`, by its first words."""
        lead = text[:400].lower().split()[:_LEAD_WORDS]
        words = [bare for word in lead if (bare := word.strip(".,:;!?¿¡\"'()“”`"))]
        while words and words[0] in _POLITE_FIRST_WORDS:
            phrase = next((phrase for phrase in _POLITE if tuple(words[: len(phrase)]) == phrase), None)
            if phrase is None:
                break
            words = words[len(phrase) :]
        starts = (" ".join(words[:size]) for size in (4, 3, 2, 1))
        kind = next((self._kind_of_start[start] for start in starts if start in self._kind_of_start), "")
        if kind in ("write", "list", "edit") and not self.code_words.isdisjoint(words):
            return "code"
        if kind in ("greeting", "thanks", "farewell") and len(lead) > _GREETING_WORDS:
            kind = ""
        if not text.strip():
            return "empty"
        return kind or ("question" if text.rstrip()[-1] in _QUESTION_MARKS else "statement")

    def answer(self, kind: str, words: str, draws: RandomStream, items: str = "") -> str:
        """Return an answer of `kind` that quotes `words`."""
        answer = draws.choice(self.kinds[kind].answers).format(quote=quotation(words), items=items)
        # Lists and code end with lines of their own.
        return answer + ("\n\n" if "\n" in answer else " ") + draws.choice(self.closings)


def quotation(text: str) -> str:
    """Return `text` on one line, cut at a word where it is long."""
    line = " ".join(text[: 10 * _QUOTED_CHARACTERS].split()).replace("```", "…")
    cut = line if len(line) <= _QUOTED_CHARACTERS else line[: _QUOTED_CHARACTERS + 1].rpartition(" ")[0]
    cut = "".join(tokens.pieces(cut or line[:_QUOTED_CHARACTERS])[:_QUOTED_TOKENS])
    return cut if cut == line and len(text) <= 10 * _QUOTED_CHARACTERS else cut.rstrip(" ,;:-") + "…"


def given_text(text: str) -> str:
    """Return the text that a request such as ``Summarize: …`` is about; all of it where that does not stand apart."""
    for sign in (":", "\n"):
        head, _, rest = text.partition(sign)
        if rest.strip() and len(head) <= _QUOTED_CHARACTERS:
            return rest
    return text


def count_in(text: str, default: int = 3) -> int:
    """Return the number of things that a request names, in digits or in words up to twenty."""
    found = _COUNT.search(text[:400].lower())
    if found is None:
        return default
    return _NUMBER.get(found[0]) or int(found[0])


def load(data: bytes) -> Templates:
    """Read the templates in the bytes of ``chat.json``."""
    return msgspec.json.decode(data, type=Templates)
