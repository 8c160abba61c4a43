"""The chat model's templates, the kinds of requests, and quotations of the user's text."""

import re
from functools import cached_property

import msgspec
from msgspec import Struct

from clevora_mock.core.rng import RandomStream
from clevora_mock.text import tokens

_QUOTED_CHARACTERS = 200
# The first words of a request, which tell its kind, and the maximum of a greeting.
_LEAD_WORDS, _GREETING_WORDS = 20, 6
_QUESTION_MARKS = "?\N{FULLWIDTH QUESTION MARK}\N{ARABIC QUESTION MARK}"
_NUMBERS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_NUMBER = {word: number for number, word in enumerate(_NUMBERS.split(), 1)}
# A number in a request, in digits or in words.
COUNT = rf"\b(?:\d{{1,5}}|{'|'.join(_NUMBER)})\b"
_IN_QUOTES = re.compile(r"(?<=\")[^\"]+(?=\")|(?<=“)[^“”]+(?=”)|(?<= ')[^']+(?='(?!\w))")
# Kinds of requests that contain the text to work on.
ABOUT_A_TEXT = frozenset({"summarize", "translate", "classify", "extract", "edit"})
# Ignored at the beginning of a request.
_POLITE = tuple(
    tuple(phrase.split())
    for phrase in (
        "please",
        "can you",
        "could you",
        "would you",
        "will you",
        "help me",
        "i want you to",
        "i need you to",
    )
)
_POLITE_FIRST_WORDS = frozenset(phrase[0] for phrase in _POLITE)


class RequestKind(Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of request: the first words by which it is recognized, and its answers."""

    starts: tuple[str, ...]
    answers: tuple[str, ...]


class Templates(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The model's templates; ``{quote}`` is replaced by the user's text, ``{items}`` by the lines of a list."""

    kinds: dict[str, RequestKind]
    code_words: frozenset[str]
    closings: tuple[str, ...]

    @cached_property
    def _kind_of_start(self) -> dict[str, str]:
        return {start: name for name, kind in self.kinds.items() for start in kind.starts}

    def kind_of(self, text: str) -> str:
        """Return the name of the kind of a request."""
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
        if kind in ABOUT_A_TEXT and given_text(text) == text:
            kind = ""
        if not text.strip():
            return "empty"
        return kind or ("question" if text.rstrip()[-1] in _QUESTION_MARKS else "statement")

    def answer(self, kind: str, words: str, rng: RandomStream, items: str = "") -> str:
        """Return a random answer to a request of `kind` that quotes `words`."""
        answer = rng.choice(self.kinds[kind].answers).format(quote=quotation(words), items=items)
        # Answers with lists and code get a paragraph break.
        return answer + ("\n\n" if "\n" in answer else " ") + rng.choice(self.closings)


def quotation(text: str) -> str:
    """Return `text` on one line, cut between words if it is long."""
    line = " ".join(text[: 10 * _QUOTED_CHARACTERS].split()).replace("```", "…")
    cut = line if len(line) <= _QUOTED_CHARACTERS else line[: _QUOTED_CHARACTERS + 1].rpartition(" ")[0]
    cut = tokens.first_sixty(cut or line[:_QUOTED_CHARACTERS])
    return cut if cut == line and len(text) <= 10 * _QUOTED_CHARACTERS else cut.rstrip(" ,;:-") + "…"


def given_text(text: str) -> str:
    """Return the text after the instruction in ``Summarize: …``, the words in quotes, or the whole request."""
    for sign in (":", "\n"):
        head, _, rest = text.partition(sign)
        if rest.strip() and len(head) <= _QUOTED_CHARACTERS:
            return rest
    quoted = _IN_QUOTES.search(text)
    return quoted[0] if quoted else text


def count_in(text: str, default: int = 3) -> int:
    """Return the number in a request, in digits or in words up to twenty."""
    found = re.search(COUNT, text[:400].lower())
    if found is None:
        return default
    return _NUMBER.get(found[0]) or int(found[0])


def load(data: bytes) -> Templates:
    """Return the templates from the bytes of ``chat.json``."""
    return msgspec.json.decode(data, type=Templates)
