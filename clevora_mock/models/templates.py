"""The chat model's templates, the kinds of requests, and quotations of the user's text."""

import re
from collections.abc import Sequence
from functools import cached_property
from itertools import chain, takewhile

import msgspec
from msgspec import Struct

from clevora_mock.core.rng import RandomStream
from clevora_mock.text import tokens

# The characters of a message that are searched, those that tell its kind and its number, and those that are quoted.
_MAX_CHARACTERS, _LEAD_CHARACTERS, _QUOTED_CHARACTERS = 60_000, 1_000, 200
_SOCIAL, _ORDERS = ("greeting", "thanks", "farewell"), ("list", "write", "request")
# Kinds of requests that contain the text to work on.
ABOUT_A_TEXT = frozenset({"summarize", "translate", "classify", "extract", "review", "edit"})
_QUESTION_MARKS = frozenset("?\N{FULLWIDTH QUESTION MARK}\N{ARABIC QUESTION MARK}")
# *2024 films* are not so many.
_DIGITS = re.compile(r"(?!(?:19|20)(?!00)\d\d$)(?:\d{1,3}(?:,\d{3})+|\d{1,5})")
_CLAUSE = re.compile(r"[.:;?!\n](?:\s+|(?<=\n))")
_SINGLE_QUOTES = str.maketrans("“”", "\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}")
_FENCE = re.compile(r"```(?:\w+(?=\n))?")
_IN_QUOTES = re.compile(r"(?<=\")[^\"]+(?=\")|(?<=“)[^“”]+(?=”)|(?<= ')[^']+(?='(?!\w))")
# Code, quotations and documents within a message.
_PASTED = re.compile(
    r"(?s)```.*?(?:```|\Z)|\"\"\".*?(?:\"\"\"|\Z)|(?<![\w\"])\"[^\"\n]{1,2000}\"(?!\w)|“[^“”]*”|"
    r"<(document|text|email|article|context|data|input|message)\b[^<>]{0,80}>.*?(?:</\1>|\Z)"
)


class RequestKind(Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of request: the first words by which it is recognized, and its answers."""

    starts: tuple[str, ...]
    answers: tuple[str, ...]


class Templates(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The model's templates, and the English by which it tells requests apart.

    In answers ``{quote}`` is the user's text, ``{items}`` a list. A phrase is an example and its regular expression.
    """

    kinds: dict[str, RequestKind]
    words: dict[str, frozenset[str]]
    numbers: dict[str, int]
    fragments: dict[str, tuple[str, ...]]
    phrases: dict[str, tuple[str, ...]]
    closings: tuple[str, ...]

    def __post_init__(self) -> None:
        starts = [start for kind in self.kinds.values() for start in kind.starts]
        if len(starts) > len(set(starts)):
            raise ValueError("expected each start of a kind of request once, got one twice")

    @cached_property
    def patterns(self) -> dict[str, re.Pattern[str]]:
        """The phrases as regular expressions, by name."""
        made = {name: "".join(parts) for name, (_, *parts) in self.phrases.items()}
        for name, parts in self.fragments.items():
            made = {key: pattern.replace(f"%{name}%", "".join(parts)) for key, pattern in made.items()}
        return {name: re.compile(pattern, re.IGNORECASE) for name, pattern in made.items()}

    def search(self, phrase: str, text: str) -> re.Match[str] | None:
        """Find a phrase in the first 60,000 characters of `text`."""
        return self.patterns[phrase].search(text[:_MAX_CHARACTERS])

    @cached_property
    def _starts(self) -> dict[str, list[tuple[list[str], str]]]:
        """The starts of kinds by their first words, the longest first."""
        starts = [(start.split(), name) for name, kind in self.kinds.items() for start in kind.starts]
        starts.sort(key=lambda start: -len(start[0]))
        return {words[0]: [start for start in starts if start[0][0] == words[0]] for words, _ in starts}

    def kind_of(self, text: str) -> str:
        """Return the name of the kind of a request."""
        if not text or text.isspace():
            return "empty"
        lead, end = text[:_LEAD_CHARACTERS].lstrip(), text.rstrip()[-1]
        kind, words = self._order(lead)
        asks = "?" in lead or not (lead.isascii() or _QUESTION_MARKS.isdisjoint(lead))
        is_bare_list = bool(words and self._number(words[0])) and not self.words["things"].isdisjoint(words[1:3])
        if kind in _ORDERS or is_bare_list or lead[:8].lower() == "what are":
            kind = self._kind_of_order(kind, words)
        elif kind in ABOUT_A_TEXT and self.given_text(text) == text:
            kind = "request"
        elif kind in _SOCIAL:
            # *Thanks but I need more* and *good night sleep tips* are no greetings.
            is_said = len(words) <= 1 or not self.words["social"].isdisjoint(words[:1]) or "," in lead
            kind = kind if is_said and len(lead.split()) <= 7 and not asks else ""
        elif kind == "question" and end in ".!" and not asks:
            kind = ""
        return kind or ("question" if end in _QUESTION_MARKS else "statement")

    def count(self, text: str) -> int | None:
        """Return the number of things asked for by the clause that mentions JSON, else the first one or an order."""
        lead = own_words(text[:_LEAD_CHARACTERS]).lstrip()
        clauses = _CLAUSE.split(lead)
        in_json = (self._words(clause) for clause in clauses if "json" in clause.lower())
        orders = (words for kind, words in map(self._order, clauses) if kind in _ORDERS)
        return next(filter(None, map(self._count, chain(in_json, [self._order(lead)[1]], orders))), None)

    def wants_json(self, text: str, *, may_be_subject: bool) -> bool:
        """Tell whether `text` asks for JSON: *as JSON*; the words *JSON array* do not, if it `may_be_subject`."""
        head = self.patterns["about_json"].sub("", text[:_MAX_CHARACTERS]) if "json" in text.lower() else ""
        return bool(self.search("wants_json", head) or (not may_be_subject and self.search("names_json", head)))

    def answer(self, kind: str, words: str, rng: RandomStream, items: str = "") -> str:
        """Return a random answer to a request of `kind` that quotes `words`."""
        template, quote = rng.choice(self.kinds[kind].answers), quotation(words)
        if quote[-1] in ".!?…":
            # A sentence that ends with the quotation needs no second stop.
            template = template.replace("{quote}”.", "{quote}”")
        answer = template.format(quote=quote, items=items)
        # Answers with lists and code get a paragraph break.
        return answer + ("\n\n" if "\n" in answer else " ") + rng.choice(self.closings)

    def _order(self, text: str) -> tuple[str, list[str]]:
        """Return the kind that `text` begins with, past a greeting before a request, and the words after its start."""
        kind, words = self._start(self._words(text))
        greeting = self.patterns["greeting"].match(text) if kind in _SOCIAL else None
        asked, after = self._start(self._words(text[greeting.end() :])) if greeting else ("", [])
        return (asked, after) if asked and (asked != "question" or "?" in text) else (kind, words)

    def _start(self, words: list[str]) -> tuple[str, list[str]]:
        """Return the kind that begins with the first `words`, past polite ones, and the rest of them."""
        starts = self._starts.get(words[0], ()) if words else ()
        kind, size = next(((kind, len(start)) for start, kind in starts if words[: len(start)] == start), ("", 0))
        return self._start(words[size:]) if kind == "polite" else (kind, words[size:])

    def _kind_of_order(self, kind: str, words: Sequence[str]) -> str:
        """Return the kind of an order by the noun and the number in the `words` after its verb."""
        phrase = list(takewhile(lambda word: word not in self.words["prepositions"], words))
        noun, after = phrase[-1] if phrase else "", "".join(words[len(phrase) : len(phrase) + 1])
        is_program = after in ("that", "to", "in") or not self.words["languages"].isdisjoint(phrase)
        is_code = after != "of" and (noun in self.words["code"] or (noun in self.words["programs"] and is_program))
        if is_code and kind in ("write", "request"):
            return "code"
        if kind == "write" and not self.words["lengths"].isdisjoint(phrase):
            return kind
        if "list" in phrase or self._count(words):
            return "list"
        is_one = (
            kind != "list" or phrase[:1] in (["a"], ["an"]) or not any(map(self.patterns["plural"].fullmatch, phrase))
        )
        return "list" if not is_one else "request" if kind == "list" else kind

    def _count(self, words: Sequence[str]) -> int | None:
        """Return the number directly before the thing that a clause asks for, at least 1, or None."""
        prepositions = self.words["prepositions"]
        for at, (before, word, after) in enumerate(zip(["", *words], words, [*words[1:], ""], strict=False)):
            is_within = (word == "of" and before.endswith(("s", "list", "array"))) or before == "up"
            if word in prepositions and not is_within and "json" not in words[max(0, at - 2) : at + 4]:
                return None
            number = self._number(word)
            is_one = number is None or (before in ("a", "an") and word != "dozen")
            if not is_one and after[:1].isalpha() and after not in prepositions | self.words["units"]:
                return number or 1
        return None

    def _words(self, text: str) -> list[str]:
        """Return the words of the first clause in lower case."""
        clause = _CLAUSE.split(text[:_LEAD_CHARACTERS].lower().lstrip(), maxsplit=1)[0]
        return [bare for word in clause.split() if (bare := word.strip(".,:;!?¿¡\"'()“”`"))]

    def _number(self, word: str) -> int | None:
        if word[0].isdigit():
            return int(word.replace(",", "")) if _DIGITS.fullmatch(word) else None
        parts = [self.numbers.get(part, 0) for part in word.split("-")] if "-" in word else ()
        return sum(parts) if parts and all(parts) else self.numbers.get(word)

    def orders(self, text: str, kind: str) -> str:
        """Return `text` with grave accents for what it quotes and, after ``Summarize: ``, for all but its end."""
        own, brought = own_words(text.rstrip()), self.patterns["brought"]
        return brought.sub(lambda given: "`" * len(given[0]), own, count=1) if kind in ABOUT_A_TEXT else own

    def given_text(self, text: str) -> str:
        """Return the text after the instruction in ``Summarize: …``, the words in quotes, or the whole request."""
        instruction = self.patterns["instruction"].match(text)
        if instruction:
            return text[instruction.end() :]
        quoted = _IN_QUOTES.search(text)
        return quoted[0] if quoted and "{" not in text[: quoted.start()] else text


def own_words(text: str) -> str:
    """Return `text` with grave accents for quotations, code and documents, which are not obeyed."""
    has_pasted = '"' in text or "`" in text or "<" in text or "“" in text
    return _PASTED.sub(lambda pasted: "`" * len(pasted[0]), text) if has_pasted else text


def quotation(text: str) -> str:
    """Return `text` on one line, cut between words if it is long, with single quotation marks for the curly ones."""
    line = " ".join(_FENCE.sub(" ", text.lstrip()[: 10 * _QUOTED_CHARACTERS]).split()) or "…"
    line = line if line.isascii() else line.translate(_SINGLE_QUOTES)
    cut = line if len(line) <= _QUOTED_CHARACTERS else line[: _QUOTED_CHARACTERS + 1].rpartition(" ")[0]
    cut = tokens.first_sixty(cut or line[:_QUOTED_CHARACTERS])
    return cut if cut == line and len(text) <= 10 * _QUOTED_CHARACTERS else cut.rstrip(" ,;:-") + "…"


def load(data: bytes) -> Templates:
    """Return the templates from the bytes of ``chat.json``."""
    return msgspec.json.decode(data, type=Templates)
