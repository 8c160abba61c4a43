"""Scripts for videos and podcasts: a structure for each style, filled up to a token budget (G2, G3).

The topic may be a noun, a question, a command, or in another language, so no sentence depends on its grammar: it is
quoted, shortened if it is long. A script is never over its budget and at most a fifth below it; no line is repeated.
The choice of lines depends on topic, style, length and seed alone; their order is that of the data.
"""

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import msgspec

from clevora_mock.contract.limits import SCRIPT_BUDGETS
from clevora_mock.core.rng import RandomStream, stable_hash
from clevora_mock.text import tokens as counting

_LEAST_UNUSED, _MOST_UNUSED = 4, 16  # percent of the budget

_TOPIC_TOKENS = 10
_TOPIC_CHARACTERS = 60
_SPEAKERS = ("MAYA", "BEN")
_WORDS_PER_MINUTE = 150
_SHOT_SECONDS = {"short": (15, 30), "medium": (45, 60), "long": (120, 180)}  # total of all shots
_CUE = re.compile(r"\[[^\]]*\]|^[A-Z]+:", re.MULTILINE)
_BLANK = re.compile(r"[\x00-\x20\x7f-\xa0]+")


class SectionPhrases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The phrases of a section; ``||`` separates the lines of two hosts.

    `ordered` lines depend on those before them, so that only a prefix of them can be used.
    """

    headings: tuple[str, ...]
    lengths: frozenset[str]
    openings: tuple[str, ...]
    lines: tuple[str, ...] = ()
    ordered: bool = True


class StylePhrases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The phrases of a style; with `layers`, directions by label, its scripts are lists of timed shots."""

    titles: tuple[str, ...]
    hooks: tuple[str, ...]
    calls: tuple[str, ...]
    sections: tuple[SectionPhrases, ...]
    layers: dict[str, tuple[str, ...]] = {}


class Section(msgspec.Struct, frozen=True, rename="camel"):
    """A section of a script."""

    heading: str
    content: str
    duration_seconds: int


class GeneratedScript(msgspec.Struct, frozen=True, rename="camel"):
    """A complete script."""

    title: str
    hook: str
    sections: list[Section]
    call_to_action: str


class _Outline(NamedTuple):
    """An unfinished section: its lines by their places in the data, and those that may be added, the next one last."""

    heading: str
    lines: dict[int, str]
    pool: list[tuple[int, str]]
    ordered: bool


def load_phrases(data: bytes) -> dict[str, StylePhrases]:
    """Return the phrases of each style from the bytes of ``scripts.json``."""
    return msgspec.json.decode(data, type=dict[str, StylePhrases])


def tokens(script: GeneratedScript) -> int:
    """Count the tokens of all texts in `script` (C7)."""
    texts = [script.title, script.hook, script.call_to_action]
    texts += [text for section in script.sections for text in (section.heading, section.content)]
    return sum(map(counting.count, texts))


class ScriptModel:
    """The script model with its phrases by style."""

    def __init__(self, styles: dict[str, StylePhrases]) -> None:
        self._styles = styles

    def write(self, topic: str, style: str, length: str, *, seed: int) -> GeneratedScript:
        """Return a script about `topic`; the same for the same arguments."""
        rng = RandomStream(stable_hash(seed, style, length, topic))
        return _Draft(self._styles[style], length, topic, rng).script()


class _Draft:
    """An unfinished script, and the rest of its token budget."""

    def __init__(self, style: StylePhrases, length: str, topic: str, rng: RandomStream) -> None:
        short = _shortened(topic)
        self._slots: dict[str, object] = {"topic": f"“{short}”", "title": short}
        self._style = style
        self._sections = [section for section in style.sections if length in section.lengths]
        self._rng = rng
        self._length = length
        self._left = SCRIPT_BUDGETS[length]

    def script(self) -> GeneratedScript:
        style = self._style
        title, hook, call = (self._spend(self._line(pool)) for pool in (style.titles, style.hooks, style.calls))
        spans = self._spans() if style.layers else []
        outlines = self._outlines(spans)
        unused = _LEAST_UNUSED + self._rng.randbelow(_MOST_UNUSED - _LEAST_UNUSED)
        spare = SCRIPT_BUDGETS[self._length] * unused // 100
        while self._left > spare and any(outline.pool for outline in outlines):
            for outline in outlines:
                self._add_line(outline, spare)
        contents = ["\n".join(text for _, text in sorted(outline.lines.items())) for outline in outlines]
        seconds = spans or map(_seconds_to_say, contents)
        headings = [outline.heading for outline in outlines]
        return GeneratedScript(title, hook, [*map(Section, headings, contents, seconds)], call)

    def _outlines(self, spans: Sequence[int]) -> list[_Outline]:
        """Return the sections with a heading and a first line each."""
        starts = [0, *accumulate(spans)]
        directions = {label: self._rng.shuffled(pool) for label, pool in self._style.layers.items()}
        outlines = []
        number = 1
        for at, section in enumerate(self._sections):
            template = self._rng.choice(section.headings)
            self._slots["n"] = number
            number += "{n}" in template
            timed = f"{starts[at]}\u2013{starts[at + 1]} s: {template}" if spans else template
            heading, opening = self._spend(self._line([timed])), self._spend(self._line(section.openings))
            directed = [f"{label}: {lines[at]}" for label, lines in directions.items()]
            pool = [*enumerate(self._line([line]) for line in (*section.lines, *directed))]
            pool = pool[::-1] if section.ordered else self._rng.shuffled(pool)
            outlines.append(_Outline(heading, {-1: opening}, pool, section.ordered))
        return outlines

    def _add_line(self, outline: _Outline, spare: int) -> None:
        """Add a line to a section if the budget allows it."""
        if outline.pool:
            place, text = outline.pool.pop()
            if counting.count(text) <= self._left and self._left > spare:
                outline.lines[place] = self._spend(text)
            elif outline.ordered:
                outline.pool.clear()

    def _line(self, pool: Sequence[str]) -> str:
        """Return a random line of `pool`, filled in after it is split, since a topic may contain ``||``."""
        parts = [part.format_map(self._slots) for part in self._rng.choice(pool).split("||")]
        if len(parts) > 1:
            parts = [f"{speaker}: {part}" for speaker, part in zip(_SPEAKERS, parts, strict=True)]
        return "\n".join(parts)

    def _spend(self, text: str) -> str:
        self._left -= counting.count(text)
        return text

    def _spans(self) -> list[int]:
        """Return the seconds of each shot, which differ by at most one."""
        low, high = _SHOT_SECONDS[self._length]
        total, count = low + self._rng.randbelow(high - low + 1), len(self._sections)
        return self._rng.shuffled([total // count + (at < total % count) for at in range(count)])


def _shortened(topic: str) -> str:
    """Return `topic` on one line, cut between words if it is long."""
    line = " ".join(_BLANK.sub(" ", topic[:2000]).split())
    kept = "".join(counting.pieces(line[:400])[:_TOPIC_TOKENS])[:_TOPIC_CHARACTERS]
    if len(kept) == len(line):
        return line or "\u2026"
    end = kept.rfind(" ")
    return kept[: end if end > len(kept) // 2 else len(kept)].rstrip(" .,;:!?-\u2013\u2014") + "\u2026"


def _seconds_to_say(content: str) -> int:
    words = len(_CUE.sub(" ", content).split())
    return max(1, round(words * 60 / _WORDS_PER_MINUTE))
