"""Scripts for videos and podcasts: a structure for each style, filled until a token budget is nearly used.

A script is never over its budget and never much under it, whatever the topic: the topic is quoted in a short
form of a few tokens, every piece is counted as it is printed, and no piece is used twice. Which pieces are
picked depends on the topic, style, length and seed alone; their order is that of the data, so that they make
sense one after another.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from clevora_mock.contract.limits import SCRIPT_BUDGETS
from clevora_mock.core.chance import Draws, digest
from clevora_mock.models import tokens as counting
from clevora_mock.models import wording
from clevora_mock.models.phrases import ScriptPart, ScriptPhrases, ScriptStyle
from clevora_mock.models.regex import Regex
from clevora_mock.models.slots import sample

BUDGETS = SCRIPT_BUDGETS
_LEAST = 0.7
_SECONDS: Final[Mapping[str, tuple[int, int]]] = {"short": (15, 30), "medium": (45, 60), "long": (120, 180)}
_WORDS_PER_MINUTE = 150
_TOPIC_TOKENS = 10
_TOPIC_LENGTH = 60
_SPEAKERS = ("MAYA", "BEN")
_CUE = Regex(r"\[[^\]]*\]|^[A-Z]+:", re.MULTILINE)
_ERRAND = Regex(
    r"(?:please )?(?:(?:write|create|make|generate|produce|give me|draft|do)\s+(?:me "
    r")?)?(?:(?:an?|the|my)\s+)?(?:[\w-]+ ){0,2}"
    r"(?:script|video|episode|podcast|tiktok|short)\s+(?:about|on|for|explaining)\s+|(?:please "
    r")?(?:explain|describe|talk about|tell me about|discuss)\s+",
    re.IGNORECASE,
)
_PROPER = wording.word_set(
    "Python Java Rust Docker Linux Paris London Rome Tokyo Berlin America Europe Africa Asia "
    "China Japan India France Italy Spain "
    "Germany English French Spanish German Italian Japanese Chinese Korean Indian American "
    "Christmas Halloween Easter Monday Tuesday "
    "Wednesday Thursday Friday Saturday Sunday January February March April May June July August "
    "September October November "
    "December Mars Venus Jupiter Google Apple Amazon"
)
_HOW_TO = Regex(r"how to ([a-z]+)\b(.*)", re.IGNORECASE | re.DOTALL)
_CLAUSE = Regex(r"(?:why|what|when|where|who|how|whether|which)\s+\S", re.IGNORECASE)


class Section(msgspec.Struct, frozen=True, rename="camel"):
    """One part of a script and how long it takes to say."""

    heading: str
    content: str
    duration_seconds: int


class Script(msgspec.Struct, frozen=True, rename="camel"):
    """A whole script."""

    title: str
    hook: str
    sections: list[Section]
    call_to_action: str


def tokens(script: Script) -> int:
    """The tokens of everything in `script` that is read or spoken."""
    count = counting.count
    own = count(script.title) + count(script.hook) + count(script.call_to_action)
    return own + sum(count(section.heading) + count(section.content) for section in script.sections)


class _Topic(NamedTuple):
    """A topic as it is quoted: inside a sentence, at the start of one, in a title."""

    topic: str
    Topic: str
    title: str
    Title: str


def _quoted(topic: str) -> _Topic:
    """`topic`, however long and odd, as a noun phrase of a few tokens."""
    line = " ".join(wording.clean(topic[:2000]).split())
    line = _ERRAND.sub("", line, count=1) or line
    first = wording.sentences(line, 2)
    phrase = wording.trim(first[0]) if first else ""
    # A piece of punctuation after each sentence is the template's; only the topic's words are kept.
    short = _cut(phrase)
    if not short:
        short = "this idea"
    if short != phrase:
        noun = f"“{short}…”"
        start = f"“{wording.upper_first(short)}…”"
        return _Topic(noun, start, start, start)
    noun = _noun(short)
    return _Topic(noun, wording.upper_first(noun), wording.title(noun), wording.title(noun))


def _noun(phrase: str) -> str:
    how = _HOW_TO.fullmatch(phrase)
    if how:
        return wording.gerund(how[1]) + how[2]
    if _CLAUSE.match(phrase):
        return "the question of " + wording.lower_first(phrase)
    first, _, rest = phrase.partition(" ")
    # "Remote work" is how a title is typed; "Tokyo" or "Remote Work" may be names.
    if rest and first.istitle() and rest.islower() and first not in _PROPER:
        return first.lower() + " " + rest
    return wording.lower_first(phrase)


def _cut(phrase: str) -> str:
    """The beginning of `phrase` within a few tokens and characters, cut between words if there are any."""
    pieces = counting.pieces(phrase[:400])
    kept = "".join(pieces[:_TOPIC_TOKENS])[:_TOPIC_LENGTH]
    if len(kept) == len(phrase):
        return phrase
    at = kept.rfind(" ")
    return (kept[:at] if at > len(kept) // 2 else kept).rstrip(" .,;:!?-\u2013—…")


class ScriptModel:
    """Writes scripts from the phrases it is given."""

    def __init__(self, phrases: ScriptPhrases) -> None:
        self._styles = phrases.styles

    def write(self, topic: str, style: str, length: str, *, seed: int) -> Script:
        """A script about `topic`; the same for the same arguments."""
        chosen = self._styles[style]
        draws = Draws(digest(seed, style, length, topic))
        return _Draft(chosen, length, _quoted(topic), draws).script()


class _Unit(NamedTuple):
    """A piece of a section as it is printed, its place in the data, and its size."""

    place: int
    text: str
    size: int


class _Draft:
    """One script in the making: what it has so far, and how much of the budget is left."""

    def __init__(self, style: ScriptStyle, length: str, topic: _Topic, draws: Draws) -> None:
        self._style = style
        self._parts = [part for part in style.parts if length in part.lengths]
        self._length = length
        self._slots = topic._asdict()
        self._draws = draws
        self._budget = BUDGETS[length]
        self._left = self._budget

    def script(self) -> Script:
        title, hook, call = (self._one(pool) for pool in (self._style.titles, self._style.hooks, self._style.calls))
        self._left -= sum(map(counting.count, (title, hook, call)))
        sections = self._beats(self._parts) if self._style.layers else self._sections(self._parts)
        return Script(title=title, hook=hook, sections=sections, call_to_action=call)

    def _one(self, pool: Sequence[str]) -> str:
        return self._draws.choose(pool).format_map(self._slots)

    def _spare(self) -> int:
        """How much of the budget may stay unused: a drawn share, well within what is allowed."""
        return self._budget * (4 + self._draws.below(12)) // 100

    def _sections(self, parts: Sequence[ScriptPart]) -> list[Section]:
        headings = self._headings(parts)
        self._left -= sum(map(counting.count, headings))
        chosen = [[self._unit(-1, self._draws.choose(part.opening))] for part in parts]
        self._left -= sum(units[0].size for units in chosen)
        spare = self._spare()
        pools = [self._pool(part) for part in parts]
        while self._left > spare and any(pools):
            self._round(pools, chosen, spare)
        made = []
        for heading, units in zip(headings, chosen, strict=True):
            content = "\n".join(unit.text for unit in sorted(units))
            made.append(Section(heading=heading, content=content, duration_seconds=_duration(content)))
        return made

    def _headings(self, parts: Sequence[ScriptPart]) -> list[str]:
        """A heading for each section; those with a number count up."""
        made = []
        n = 1
        for part in parts:
            template = self._draws.choose(part.headings)
            made.append(template.format_map({**self._slots, "n": n}))
            n += "{n}" in template
        return made

    def _pool(self, part: ScriptPart) -> list[_Unit]:
        """The units of a section in the order in which they are to be used, the first one last."""
        units = [self._unit(place, text) for place, text in enumerate(part.units)]
        return units[::-1] if part.ordered else self._draws.shuffled(units)

    def _round(self, pools: Sequence[list[_Unit]], chosen: Sequence[list[_Unit]], spare: int) -> None:
        """One more unit for each section, as far as they fit."""
        for part, pool, units in zip(self._parts, pools, chosen, strict=True):
            if not pool:
                continue
            unit = pool.pop()
            if unit.size <= self._left and self._left > spare:
                units.append(unit)
                self._left -= unit.size
            elif part.ordered:
                pool.clear()

    def _unit(self, place: int, template: str) -> _Unit:
        # Cut before the topic is put in, which may hold anything.
        lines = [line.format_map(self._slots) for line in template.split("||")]
        if len(lines) > 1:
            lines = [f"{who}: {wording.upper_first(line)}" for who, line in zip(_SPEAKERS, lines, strict=True)]
        text = "\n".join(lines)
        return _Unit(place, text, counting.count(text))

    # Styles with layers are shot lists: a spoken line in each beat, then directions while the budget lasts.

    def _beats(self, parts: Sequence[ScriptPart]) -> list[Section]:
        low, high = _SECONDS[self._length]
        spans = self._spans(low + self._draws.below(high - low + 1), len(parts))
        headings, start = [], 0
        for part, span in zip(parts, spans, strict=True):
            headings.append(f"{start}\u2013{start + span} s: {self._one(part.headings)}")
            start += span
        lines = [[f"SAY: {self._one(part.units)}"] for part in parts]
        self._left -= sum(map(counting.count, headings)) + sum(counting.count(line[0]) for line in lines)
        self._directed(lines, self._spare())
        return [
            Section(heading=heading, content="\n".join(line), duration_seconds=span)
            for heading, line, span in zip(headings, lines, spans, strict=True)
        ]

    def _directed(self, beats: Sequence[list[str]], spare: int) -> None:
        """Directions for every beat, one layer after another, while they fit."""
        for label, pool in self._style.layers.items():
            for beat, text in zip(beats, sample(self._draws, pool, len(beats)), strict=True):
                line = f"{label}: {text}"
                size = counting.count(line)
                if size <= self._left and self._left > spare:
                    beat.append(line)
                    self._left -= size

    def _spans(self, total: int, count: int) -> list[int]:
        """`total` seconds cut into `count` beats of nearly the same length, the first one the shortest."""
        base, extra = divmod(total, count)
        spans = [base] * count
        for at in sample(self._draws, range(1, count), extra):
            spans[at] += 1
        return spans


def _duration(content: str) -> int:
    """The seconds it takes to say `content`, without its cues."""
    words = len(_CUE.sub(" ", content).split())
    return max(1, round(words * 60 / _WORDS_PER_MINUTE))
