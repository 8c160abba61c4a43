"""What a structured answer may take up: the user's text, the details in it, and what it is about.

Everything is looked up by plain search first, so that a schema of thousands of properties stays cheap.
"""

import re
from collections.abc import Iterator, Sequence

from clevora_mock.models.details import details
from clevora_mock.models.phrases import Phrases
from clevora_mock.models.regex import Regex

_SPLIT = Regex(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")
_CREATING = Regex(
    r"^\W*(?:please |can you |could you )?(?:write|generate|create|give|list|suggest|invent|make|draft|"
    r"brainstorm|design|plan)\b",
    re.IGNORECASE,
)
_AFTER = Regex(r"s?\b[^\d\n.]{0,14}?[$€£]?(-?\d[\d,]{0,20}(?:\.\d{1,10})?)")
_BEFORE = Regex(r"[$€£]?(-?\d[\d,]{0,20}(?:\.\d{1,10})?)\s+$")
_COUNTED = Regex(r"\b(\d{1,3}|two|three|four|five|six|seven|eight|nine|ten)\s+(?:[\w-]+\s+){0,2}$", re.IGNORECASE)
_LABEL = Regex(r"\s*(?:is:?|=|:)\s*[\"“']?([^\"”'\n,;.]{1,80})")
_TYPE = Regex(r"(?:an? )?(?:str|int|float|bool|list|number|string)", re.IGNORECASE)
_WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_SENTIMENT_WORD = Regex(r"[a-z']{3,20}")
_NEGATIONS = frozenset({"not", "never", "isn't", "wasn't", "don't", "didn't"})
_LOOKED_AT = 4000
_PLACES = 8


def name_parts(name: str) -> list[str]:
    """The words of a property's name: shippingAddress -> shipping, address."""
    return [part.lower() for part in _SPLIT.split(name[:200]) if part]


class Source:
    """One user's text, and what has been taken from it so far."""

    def __init__(self, text: str, subject: str, phrases: Phrases) -> None:
        self.text = text[:20_000]
        self.subject = subject
        self.phrases = phrases
        self.creating = bool(_CREATING.match(self.text[:80]))
        self.details = details(self.text)
        self._looked_at = self.text[:_LOOKED_AT]
        self._low = self._looked_at.lower()
        self._used: dict[str, int] = {}

    def next(self, kind: str, items: Sequence[str]) -> str:
        """The next of `items` that has not been given out; "" once they are used up."""
        at = self._used.get(kind, 0)
        self._used[kind] = at + 1
        return items[at] if at < len(items) else ""

    def left(self, kind: str, items: Sequence[str]) -> int:
        """How many of `items` have not been given out."""
        return max(0, len(items) - self._used.get(kind, 0))

    def beside(self, name: str) -> str:
        """The number that stands next to a property's name in the text: "price 20", "3 tags"."""
        word = (name_parts(name) or [""])[-1]
        for _, end in self._places(word):
            found = _AFTER.match(self._looked_at, end)
            if found:
                return found[1].replace(",", "")
        for start, _ in self._places(word.removesuffix("s")):
            found = _BEFORE.search(self._looked_at[max(0, start - 40) : start])
            if found:
                return found[1].replace(",", "")
        return ""

    def size(self, name: str) -> int:
        """How many of something the text asks for: "five tags" -> 5."""
        for start, _ in self._places(name.replace("_", " ").lower().removesuffix("s")):
            found = _COUNTED.search(self._looked_at[max(0, start - 60) : start])
            if found:
                return int(found[1]) if found[1].isdecimal() else _WORDS[found[1].lower()]
        return 0

    def labeled(self, name: str) -> str:
        """What the text says a property is: "the title is Dune", "city: Rome"."""
        for _, end in self._places(" ".join(name_parts(name))):
            found = _LABEL.match(self._looked_at, end)
            if found and not self.creating and not _TYPE.match(found[1]):
                return found[1].strip()
        return ""

    def _places(self, word: str) -> Iterator[tuple[int, int]]:
        """Where `word` begins a word of the text, the first few times."""
        at = -1
        for _ in range(_PLACES if word else 0):
            at = self._low.find(word, at + 1)
            if at < 0:
                return
            if not at or not self._low[at - 1].isalnum():
                yield at, at + len(word)


def sentiment(text: str, phrases: Phrases) -> str:
    """positive, negative or neutral, by the words in `text`."""
    words = _SENTIMENT_WORD.findall(text[:_LOOKED_AT].lower())
    balance = 0
    for at, word in enumerate(words):
        sign = (word in phrases.positive) - (word in phrases.negative)
        balance += -sign if at and words[at - 1] in _NEGATIONS else sign
    return "positive" if balance > 0 else "negative" if balance < 0 else "neutral"
