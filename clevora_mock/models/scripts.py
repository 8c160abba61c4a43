"""Scripts for videos and podcasts: a structure for each style, filled until a token budget is nearly used (G2, G3).

The topic may be a noun, a question, an order, or in another language, so no sentence depends on its grammar: it is
quoted as it was given, shortened where it is long, or stands in a title. Nor does any sentence pretend to know the
subject.

A script is never over its budget and never far under it: every piece is counted as it is printed, and no line comes
twice. Which pieces are picked depends on topic, style, length and seed alone; their order is that of the data.
"""

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import msgspec

from clevora_mock.contract.limits import SCRIPT_BUDGETS
from clevora_mock.core.rng import RandomStream, stable_hash
from clevora_mock.models import tokens as counting

BUDGETS = SCRIPT_BUDGETS
_LEAST_UNUSED, _MOST_UNUSED = 4, 16  # percent of the budget

_TOPIC_TOKENS = 10
_TOPIC_CHARACTERS = 60
_SPEAKERS = ("MAYA", "BEN")
_WORDS_PER_MINUTE = 150
_SHOT_SECONDS = {"short": (15, 30), "medium": (45, 60), "long": (120, 180)}  # of all shots together
_CUE = re.compile(r"\[[^\]]*\]|^[A-Z]+:", re.MULTILINE)
_BLANK = re.compile(r"[\x00-\x20\x7f-\xa0]+")


class SectionPhrases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A section: its possible headings and openings, and the lines after it. ``||`` divides what two hosts say."""

    headings: tuple[str, ...]
    lengths: frozenset[str]
    openings: tuple[str, ...]
    lines: tuple[str, ...] = ()
    ordered: bool = True
    """A line needs those before it, so that only a beginning of the lines can be taken."""


class StylePhrases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that scripts of one style can say."""

    titles: tuple[str, ...]
    hooks: tuple[str, ...]
    calls: tuple[str, ...]
    sections: tuple[SectionPhrases, ...]
    layers: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Directions for a shot, by label; a style that has them is a list of timed shots."""


class Section(msgspec.Struct, frozen=True, rename="camel"):
    """One part of a script, and the seconds it takes."""

    heading: str
    content: str
    duration_seconds: int


class GeneratedScript(msgspec.Struct, frozen=True, rename="camel"):
    """A whole script."""

    title: str
    hook: str
    sections: list[Section]
    call_to_action: str


class _Line(NamedTuple):
    """A line as it is printed, its place in the data, and its tokens."""

    place: int
    text: str
    size: int


class _Outline(NamedTuple):
    """A section in the making: its lines so far, and those that may follow, the next one last."""

    heading: str
    lines: list[_Line]
    pool: list[_Line]
    ordered: bool


def load(data: bytes) -> dict[str, StylePhrases]:
    """Return the phrases of each style from the bytes of ``scripts.json``."""
    return msgspec.json.decode(data, type=dict[str, StylePhrases])


def tokens(script: GeneratedScript) -> int:
    """Return the tokens of everything in `script` that is read or spoken (C7)."""
    texts = [script.title, script.hook, script.call_to_action]
    texts += [text for section in script.sections for text in (section.heading, section.content)]
    return sum(map(counting.count, texts))


class ScriptModel:
    """Writes scripts from the phrases it is given."""

    def __init__(self, styles: dict[str, StylePhrases]) -> None:
        self._styles = styles

    def write(self, topic: str, style: str, length: str, *, seed: int) -> GeneratedScript:
        """Return a script about `topic`; the same for the same arguments."""
        return _Draft(
            self._styles[style], length, topic, RandomStream(stable_hash(seed, style, length, topic))
        ).script()


class _Draft:
    """One script in the making: its phrases, its draws, and what is left of its budget."""

    def __init__(self, style: StylePhrases, length: str, topic: str, draws: RandomStream) -> None:
        short = _shortened(topic)
        self._slots: dict[str, object] = {"topic": f"“{short}”", "title": short}
        self._style = style
        self._sections = [section for section in style.sections if length in section.lengths]
        self._draws = draws
        self._length = length
        self._left = BUDGETS[length]

    def script(self) -> GeneratedScript:
        style = self._style
        title, hook, call = (self._spend(self._line(pool)).text for pool in (style.titles, style.hooks, style.calls))
        spans = self._spans() if style.layers else []
        outlines = self._outlines(spans)
        spare = BUDGETS[self._length] * (_LEAST_UNUSED + self._draws.randbelow(_MOST_UNUSED - _LEAST_UNUSED)) // 100
        while self._left > spare and any(outline.pool for outline in outlines):
            self._add_round(outlines, spare)
        contents = ["\n".join(line.text for line in sorted(outline.lines)) for outline in outlines]
        seconds = spans or map(_seconds_to_say, contents)
        headings = [outline.heading for outline in outlines]
        return GeneratedScript(title, hook, [*map(Section, headings, contents, seconds)], call)

    def _outlines(self, spans: Sequence[int]) -> list[_Outline]:
        """Return the sections with what each of them needs: a heading and a first line."""
        starts = [0, *accumulate(spans)]
        directions = {label: self._draws.shuffled(pool) for label, pool in self._style.layers.items()}
        outlines = []
        number = 1
        for at, section in enumerate(self._sections):
            template = self._draws.choice(section.headings)
            self._slots["n"] = number
            number += "{n}" in template
            timed = f"{starts[at]}\u2013{starts[at + 1]} s: {template}" if spans else template
            heading = self._spend(self._line([timed])).text
            opening = self._spend(self._line(section.openings))
            pool = [self._line([line], place) for place, line in enumerate(section.lines)]
            pool += [
                self._line([f"{label}: {lines[at]}"], place) for place, (label, lines) in enumerate(directions.items())
            ]
            pool = pool[::-1] if section.ordered else self._draws.shuffled(pool)
            outlines.append(_Outline(heading, [opening], pool, section.ordered))
        return outlines

    def _add_round(self, outlines: Sequence[_Outline], spare: int) -> None:
        """Add one more line to each section, as far as they fit."""
        for outline in outlines:
            if not outline.pool:
                continue
            line = outline.pool.pop()
            if line.size <= self._left and self._left > spare:
                outline.lines.append(self._spend(line))
            elif outline.ordered:
                outline.pool.clear()

    def _line(self, pool: Sequence[str], place: int = -1) -> _Line:
        """Return one line of `pool`, filled in. It is divided first, for a topic may hold anything."""
        parts = [part.format_map(self._slots) for part in self._draws.choice(pool).split("||")]
        if len(parts) > 1:
            parts = [f"{speaker}: {part}" for speaker, part in zip(_SPEAKERS, parts, strict=True)]
        text = "\n".join(parts)
        return _Line(place, text, counting.count(text))

    def _spend(self, line: _Line) -> _Line:
        self._left -= line.size
        return line

    def _spans(self) -> list[int]:
        """Return the seconds of each shot, which differ by one at most."""
        low, high = _SHOT_SECONDS[self._length]
        total, count = low + self._draws.randbelow(high - low + 1), len(self._sections)
        return self._draws.shuffled([total // count + (at < total % count) for at in range(count)])


def _shortened(topic: str) -> str:
    """Return `topic` in one line, cut between words where it is long."""
    line = " ".join(_BLANK.sub(" ", topic[:2000]).split())
    kept = "".join(counting.pieces(line[:400])[:_TOPIC_TOKENS])[:_TOPIC_CHARACTERS]
    if len(kept) == len(line):
        return line or "\u2026"
    end = kept.rfind(" ")
    return kept[: end if end > len(kept) // 2 else len(kept)].rstrip(" .,;:!?-\u2013\u2014") + "\u2026"


def _seconds_to_say(content: str) -> int:
    words = len(_CUE.sub(" ", content).split())
    return max(1, round(words * 60 / _WORDS_PER_MINUTE))
