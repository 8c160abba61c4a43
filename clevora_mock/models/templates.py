"""The chat model's templates, the kinds of requests, and quotations of the user's text."""

import re
from functools import cached_property

import msgspec
from msgspec import Struct

from clevora_mock.core.rng import RandomStream
from clevora_mock.text import tokens

_QUOTED_CHARACTERS = 200
# The first words of a request, which tell its kind; those after a greeting; those with the number of a list.
_LEAD_WORDS, _AFTER_GREETING, _NUMBER_WORDS = 20, 3, 4
# *Thank you letter* and *hello in French* are no greetings.
_NO_GREETING = frozenset({"but", "in", "for", "letter"})
# Questions only with a question mark.
_RARELY_ASK = frozenset({"may", "might", "will", "have", "had", "do", "when", "where"})
_QUESTION_MARKS = frozenset("?\N{FULLWIDTH QUESTION MARK}\N{ARABIC QUESTION MARK}")
_NUMBERS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_NUMBER = {word: number for number, word in enumerate(_NUMBERS.split(), 1)}
# A number in a request, in digits or in words.
COUNT = rf"\b(?:\d{{1,3}}(?:,\d{{3}})+|\d{{1,5}}|{'|'.join(_NUMBER)})\b(?!-)"
_END_OF_INSTRUCTION = re.compile(r":\s|\n")
_FENCE = re.compile(r"```(?:\w+(?=\n))?")
_IN_QUOTES = re.compile(r"(?<=\")[^\"]+(?=\")|(?<=“)[^“”]+(?=”)|(?<= ')[^']+(?='(?!\w))")
# Kinds of requests that contain the text to work on.
ABOUT_A_TEXT = frozenset({"summarize", "translate", "classify", "extract", "edit"})
# Ignored at the beginning of a request.
_PHRASES = "please, can you, could you, would you, will you, help me, i want you to, i need you to"
_POLITE = tuple(tuple(phrase.split()) for phrase in _PHRASES.split(","))
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
        if not text.strip():
            return "empty"
        start = next((start for size in (4, 3, 2, 1) if (start := " ".join(words[:size])) in self._kind_of_start), "")
        kind = self._kind_of_start.get(start, "")
        asks = not _QUESTION_MARKS.isdisjoint(text[:400])
        if kind in ("greeting", "thanks", "farewell"):
            after = words[len(start.split()) :]
            kind = "" if asks or len(after) > _AFTER_GREETING or not _NO_GREETING.isdisjoint(after) else kind
        elif kind in ("write", "list", "edit") and not self.code_words.isdisjoint(words):
            is_list = kind == "list" and any(re.fullmatch(COUNT, word) for word in words[:_NUMBER_WORDS])
            return "list" if is_list else "code"
        elif kind == "question" and not asks and (words[0] in _RARELY_ASK or text.rstrip()[-1] in ".!"):
            kind = "statement"
        elif kind in ABOUT_A_TEXT and given_text(text) == text:
            kind = ""
        return kind or ("question" if text.rstrip()[-1] in _QUESTION_MARKS else "statement")

    def answer(self, kind: str, words: str, rng: RandomStream, items: str = "") -> str:
        """Return a random answer to a request of `kind` that quotes `words`."""
        answer = rng.choice(self.kinds[kind].answers).format(quote=quotation(words), items=items)
        # Answers with lists and code get a paragraph break.
        return answer + ("\n\n" if "\n" in answer else " ") + rng.choice(self.closings)


def quotation(text: str) -> str:
    """Return `text` on one line, cut between words if it is long."""
    line = " ".join(_FENCE.sub(" ", text[: 10 * _QUOTED_CHARACTERS]).split()) or "…"
    cut = line if len(line) <= _QUOTED_CHARACTERS else line[: _QUOTED_CHARACTERS + 1].rpartition(" ")[0]
    cut = tokens.first_sixty(cut or line[:_QUOTED_CHARACTERS])
    return cut if cut == line and len(text) <= 10 * _QUOTED_CHARACTERS else cut.rstrip(" ,;:-") + "…"


def given_text(text: str) -> str:
    """Return the text after the instruction in ``Summarize: …``, the words in quotes, or the whole request."""
    quoted = _IN_QUOTES.search(text)
    for end in _END_OF_INSTRUCTION.finditer(text[: _QUOTED_CHARACTERS + 2]):
        head, rest = text[: end.start()], text[end.end() :]
        is_inside = (quoted and quoted.start() <= end.start() < quoted.end()) or head.count("{") > head.count("}")
        if rest.strip() and not is_inside:
            return rest
    return quoted[0] if quoted and "{" not in text[: quoted.start()] else text


def count_in(text: str, default: int = 3) -> int:
    """Return the number in a request, at least 1, in digits or in words up to twenty."""
    found = re.search(COUNT, text[:400].lower())
    if found is None:
        return default
    return _NUMBER.get(found[0]) or max(1, int(found[0].replace(",", "")))


def load(data: bytes) -> Templates:
    """Return the templates from the bytes of ``chat.json``."""
    return msgspec.json.decode(data, type=Templates)
