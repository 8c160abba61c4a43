"""The chat model's templates, the kinds of requests, and quotations of the user's text."""

import re
from collections.abc import Sequence
from functools import cached_property
from itertools import takewhile

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
_CLAUSE = re.compile(r"(?<=[.:;?!])\s+|\n+")
_SINGLE_QUOTES = str.maketrans("“”", "\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}")
_FENCE = re.compile(r"```(?:\w+(?=\n))?")
_IN_QUOTES = re.compile(r"(?<=\")[^\"]+(?=\")|(?<=“)[^“”]+(?=”)|(?<= ')[^']+(?='(?!\w))")


class RequestKind(Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of request: the first words by which it is recognized, and its answers."""

    starts: tuple[str, ...]
    answers: tuple[str, ...]


class Templates(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The model's templates, and the English by which it tells requests apart.

    In an answer ``{quote}`` is replaced by the user's text, ``{items}`` by the lines of a list. A phrase is an example,
    then the parts of its regular expression, in which ``%name%`` stands for a fragment.
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
    def _kind_of_start(self) -> dict[str, str]:
        return {start: name for name, kind in self.kinds.items() for start in kind.starts}

    def kind_of(self, text: str) -> str:
        """Return the name of the kind of a request."""
        if not text.strip():
            return "empty"
        kind, words = self._order(self._without_greeting(text))
        lead, end = text[:_LEAD_CHARACTERS], text.rstrip()[-1]
        asks = not _QUESTION_MARKS.isdisjoint(lead)
        is_bare_list = self._number("".join(words[:1])) and not self.words["things"].isdisjoint(words[1:3])
        if kind in _ORDERS or lead.lower().startswith("what are") or is_bare_list:
            kind = self._kind_of_order(kind, words)
        elif kind in ABOUT_A_TEXT and self.given_text(text) == text:
            kind = "request"
        elif kind in _SOCIAL:
            # *Thanks but I need more* and *hello in French* are no greetings.
            said = lead.lower().split()
            kind = "" if asks or len(said) > 7 or not {"but", "in", "letter"}.isdisjoint(said) else kind
        elif kind == "question" and end in ".!" and not asks:
            kind = ""
        return kind or ("question" if end in _QUESTION_MARKS else "statement")

    def count(self, text: str) -> int | None:
        """Return the number of things asked for by the clause that mentions JSON, else the first one or an order."""
        clauses = _CLAUSE.split(text[:_LEAD_CHARACTERS])
        orders = [clause for clause in clauses if self._order(clause)[0] in _ORDERS]
        in_json = [clause for clause in clauses if "json" in clause.lower()]
        counts = (self._count(self._words(clause)) for clause in (*in_json, self._without_greeting(text), *orders))
        return next(filter(None, counts), None)

    def wants_json(self, text: str, *, may_be_subject: bool) -> bool:
        """Tell whether `text` asks for JSON: *as JSON*; the words *JSON array* do not, if it `may_be_subject`."""
        head = text[:_MAX_CHARACTERS] if "json" in text.lower() else ""
        asks = (ask.start() for ask in self.patterns["wants_json"].finditer(head))
        asked = any(not self.search("negated", head[max(0, at - 80) : at]) for at in asks)
        return asked or (not may_be_subject and bool(self.search("names_json", head)))

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
        """Return the kind that the first words of `text` tell, or an empty text, and the words after them."""
        words = self._words(text)
        starts = ((" ".join(words[:size]), words[size:]) for size in (4, 3, 2, 1))
        return next(((self._kind_of_start[it], rest) for it, rest in starts if it in self._kind_of_start), ("", words))

    def _without_greeting(self, text: str) -> str:
        """Return the lead of `text`, without a greeting or thanks that come before a request."""
        lead = text[:_LEAD_CHARACTERS].lstrip()
        greeting = self.patterns["greeting"].match(lead)
        rest = lead[greeting.end() :] if greeting else ""
        kind, _ = self._order(rest) if rest else ("", [])
        return rest if kind and (kind != "question" or "?" in rest) else lead

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
        is_plural = phrase[:1] not in (["a"], ["an"]) and any(map(self.patterns["plural"].fullmatch, phrase))
        if "list" in phrase or self._count(words) or (kind == "list" and is_plural):
            return "list"
        return "request" if kind == "list" else kind

    def _count(self, words: Sequence[str]) -> int | None:
        """Return the number directly before the thing that a clause asks for, at least 1, or None."""
        prepositions = self.words["prepositions"]
        for at, (before, word, after) in enumerate(zip(["", *words], words, [*words[1:], ""], strict=False)):
            is_within = (word == "of" and before.endswith(("s", "list", "array"))) or before == "up"
            if word in prepositions and not is_within and "json" not in words[max(0, at - 2) : at + 4]:
                return None
            number = self._number(word)
            if number is None or not after[:1].isalpha() or after in prepositions or after in self.words["units"]:
                continue
            if before not in ("a", "an") or word == "dozen":
                return max(1, number)
        return None

    def _words(self, text: str) -> list[str]:
        """Return the words of the first clause in lower case, without polite phrases."""
        lead = text[:_LEAD_CHARACTERS].lower().lstrip()
        polite = self.patterns["polite"].match(lead)
        clause = _CLAUSE.split(lead[polite.end() :] if polite else lead, maxsplit=1)[0]
        return [bare for word in clause.split() if (bare := word.strip(".,:;!?¿¡\"'()“”`"))]

    def _number(self, word: str) -> int | None:
        return self.numbers.get(word) or (int(word.replace(",", "")) if _DIGITS.fullmatch(word) else None)

    def given_text(self, text: str) -> str:
        """Return the text after the instruction in ``Summarize: …``, the words in quotes, or the whole request."""
        instruction = self.patterns["instruction"].match(text)
        if instruction:
            return text[instruction.end() :]
        quoted = _IN_QUOTES.search(text)
        return quoted[0] if quoted and "{" not in text[: quoted.start()] else text

    def asked_in(self, text: str) -> str:
        """Return the last line of `text` that begins with ``Question:``, without that word, or else the whole text."""
        found: list[str] = self.patterns["asked"].findall(text) if "uestion:" in text else []
        return found[-1] if found else text


def quotation(text: str) -> str:
    """Return `text` on one line, cut between words if it is long, with single quotation marks for the curly ones."""
    line = " ".join(_FENCE.sub(" ", text[: 10 * _QUOTED_CHARACTERS]).split()) or "…"
    line = line if line.isascii() else line.translate(_SINGLE_QUOTES)
    cut = line if len(line) <= _QUOTED_CHARACTERS else line[: _QUOTED_CHARACTERS + 1].rpartition(" ")[0]
    cut = tokens.first_sixty(cut or line[:_QUOTED_CHARACTERS])
    return cut if cut == line and len(text) <= 10 * _QUOTED_CHARACTERS else cut.rstrip(" ,;:-") + "…"


def load(data: bytes) -> Templates:
    """Return the templates from the bytes of ``chat.json``."""
    return msgspec.json.decode(data, type=Templates)
