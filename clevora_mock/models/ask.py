"""A request as it is understood, and the words every reader of requests needs.

`Ask` is what a message asks for, `Line` the sentence that asks it. A reader takes a `Line` and gives an
`Ask`, or None if the sentence is not of its kind. Patterns used in one place stand where they are used: `re`
compiles each when it is first needed and keeps it, so that importing costs nothing for requests nobody makes.
"""

import re
from collections.abc import Callable, Sequence

from msgspec import Struct

from clevora_mock.models import wording
from clevora_mock.models.regex import Regex

SUBJECT = 90


class Ask(Struct, frozen=True):
    """One request. `subject` is in the voice of the one who answers; `raw` keeps the user's own words."""

    kind: str
    subject: str = ""
    raw: str = ""
    clause: str = ""
    other: str = ""
    noun: str = ""
    size: int = 0
    text: str = ""


class Line(Struct, frozen=True):
    """A sentence that may ask something: its first word in lower case, the rest, what follows it."""

    word: str
    rest: str
    whole: str
    body: str


Reader = Callable[[Line], Ask | None]
Made = Callable[[Line, re.Match[str]], Ask | None]
Rule = tuple[Regex, Made]


def rules(*pairs: tuple[str, Made]) -> tuple[Rule, ...]:
    """Rules from patterns and what to make of a line that begins with one."""
    return tuple((Regex(pattern, re.IGNORECASE), made) for pattern, made in pairs)


def by_rules(known: Sequence[Rule], line: Line) -> Ask | None:
    """What the first rule says whose pattern begins the rest of `line`, and which has anything to say."""
    for pattern, made in known:
        found = pattern.match(line.rest)
        if found and (ask := made(line, found)):
            return ask
    return None


_POLITE = Regex(
    r"(?:(?:hi|hello|hey)(?: there| everyone| again| all)?\s*[,!.:\u2013—-]+|please|kindly|"
    r"ok(?:ay)?|so|well|now|then|also|and|but|"
    r"(?:can|could|would|will) you (?:please |kindly |maybe |quickly )?(?=[a-z]+ \S|summari|explain)|"
    r"i(?: would|'d|\u2019d)? (?:want|need|like) you to|i(?: would|'d|\u2019d) like (?:you )?to "
    r"(?=know|have|see|get)|"
    r"i want to know|(?:can|could) you (?:please )?help me(?: to)?(?= \w)|(?:please )?help me(?: to)?(?= \w)|"
    r"(?:answer|reply|respond)(?: to)?(?: the following)?(?: question)?"
    r"(?: (?:in|using|briefly|with (?:one|an?|\d+))\b[^:.\n]{0,40})?:|"
    r"q(?:uestion)?:|let'?s|just|quick question|your task is to|you (?:must|should|will)(?= \w+ ))[\s,:]*",
    re.IGNORECASE,
)
# How everything begins that it knows. Most requests begin in another way, and a server's first answer need not wait
# until so large a pattern is compiled.
_POLITE_STARTS = (
    "hi", "hello", "hey", "please", "kindly", "ok", "so", "well", "now", "then", "also", "and", "but", "can", "could",
    "would", "will", "i", "help", "answer", "reply", "respond", "q", "let", "just", "your", "you",
)  # fmt: skip


WORD = Regex(r"[\w'\u2019;/+-]+")


_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "a dozen": 12, "a couple": 2,
    "a couple of": 2, "a few": 3, "a handful of": 5, "several": 5, "some": 5, "a list of": 5, "the": 5,
    "": 5,
}  # fmt: skip


ABOUT = Regex(
    r"\b(?:about|regarding|on the (?:subject|topic) of|on|describing|explaining|concerning|titled|"
    r"called)\s+(.+)",
    re.IGNORECASE,
)


_ADVERBIAL = Regex(
    r"[\s,]*\b(?:in (?:exactly |only |just |at most |under |about |around )?(?:\d+|one|two|three|"
    r"four|five|a few|a single|a)"
    r"[- ](?:short |simple |concise |bullet )*(?:words?|sentences?|paragraphs?|lines?|points?|bullets?)|"
    r"in (?:simple|plain|layman'?s?|easy) (?:terms|words|english|language)|in detail|step[- ]by[- "
    r"]step|briefly|"
    r"like i'?m (?:five|5)|to (?:a|an) (?:five|\d+)[- ]year[- ]old|please|thanks|thank you|for me|"
    r"(?:using|with|in|of) (?:no more than|at most|under|fewer than|less than|up to|about|around|"
    r"max(?:imum)?)? ?\d+ "
    r"(?:words?|sentences?|characters?|lines?|paragraphs?)|as (?:a )?(?:bullet(?:ed)?|numbered)? "
    r"?(?:list|bullets|bullet points)|"
    r"(?:in|as|using) (?:valid |strict )?json\b.*|in (?:all caps|uppercase|lowercase)|right now|"
    r"these days|exactly)"
    r"[\s.!?]*$",
    re.IGNORECASE,
)
# One of these is in everything that it finds.
_ADVERBS = (
    "word", "sentence", "paragraph", "line", "point", "bullet", "terms", "english", "language", "detail", "step",
    "briefly", "five", "5", "old", "please", "thank", "for me", "character", "list", "json", "all caps", "uppercase",
    "lowercase", "right now", "these days", "exactly",
)  # fmt: skip


_QUOTED = Regex(r"[\"“«]([^\"”»]{1,4000})[\"”»]|(?<!\w)['\u2018]([^'\u2019\n]{1,400})['\u2019](?!\w)")


AUXILIARIES = wording.word_set(
    "is are was were am do does did can could should would will may might must has have had "
    "isn't aren't wasn't weren't don't doesn't can't couldn't shouldn't wouldn't won't"
)


def listed(phrase: str) -> int:
    """The number that words such as "three" or "12" stand for; 0 if they stand for none."""
    low = phrase.lower().strip()
    return int(low) if low.isdecimal() else _NUMBERS.get(low, 0)


def subject_of(text: str, *, turned: bool = True) -> str:
    """The noun phrase `text` amounts to, short enough to repeat."""
    phrase = wording.trim(text)
    low = phrase.lower()
    for _ in range(3 if any(word in low for word in _ADVERBS) else 0):
        bare = _ADVERBIAL.sub("", phrase)
        if bare == phrase or not bare:
            break
        phrase = wording.trim(bare)
    phrase = wording.shorten(wording.lower_first(phrase), SUBJECT)
    return wording.turn(phrase) if turned else phrase


def quoted(text: str) -> str:
    """What stands in quotes in `text`, if anything does."""
    found = _QUOTED.search(text)
    return (found[1] or found[2]).strip() if found else ""


def in_quotes(line: Line) -> str:
    """The question in quotes: what to say when it cannot be turned into a clause."""
    return "“" + wording.shorten(wording.trim(line.whole), SUBJECT) + "”"


def about(kind: str, phrase: str, clause: str = "") -> Ask:
    """A request of some kind about a noun phrase."""
    subject = subject_of(phrase)
    return Ask(kind, subject, raw=phrase, clause=clause or subject)


def task(phrase: str) -> Ask:
    """How to do something."""
    todo = subject_of(phrase)
    return Ask("howto", todo, raw=phrase, clause=f"how to {todo}")


_MYSELF = Regex(r"\b(?:[Mm]y name is|[Cc]all me|I'm|I\u2019m|I am|[Tt]his is)\s+([A-Z][\w'\u2019-]{1,24})")


def introduced(text: str) -> str:
    """The name somebody gives as theirs, if they do."""
    found = _MYSELF.search(text[:2000])
    return found[1] if found else ""


BACK = frozenset({"it", "that", "this", "them", "those", "these", "they", "the above", "more", "", "the last one"})


def line_of(sentence: str, body: str = "") -> Line:
    """`sentence` without its polite beginning, ready for a reader."""
    text = sentence.strip().lstrip("-*•>#¿¡ ")
    for _ in range(5):
        if not text[:8].lower().startswith(_POLITE_STARTS):
            break
        found = _POLITE.match(text)
        if not found or (found.end() < len(text) and text[found.end() - 1].isalnum()) or found.end() == len(text):
            break
        text = text[found.end() :]
    word = WORD.match(text)
    if not word:
        return Line("", text, text, body)
    return Line(word[0].lower().replace("\u2019", "'"), text[word.end() :].lstrip(" ,:;.!?"), text, body)
