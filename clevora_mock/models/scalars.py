"""Numbers, texts and truth values for a JSON Schema.

The property's name gives the usual range or kind of text, the user's text an actual value if it holds one,
and the schema the limits that either has to keep.
"""

import math
import re

from clevora_mock.core.chance import Draws, digest
from clevora_mock.models.pattern import text_like
from clevora_mock.models.regex import Regex
from clevora_mock.models.schema import Schema, fits, number, types
from clevora_mock.models.slots import Slots
from clevora_mock.models.source import Source, name_parts, sentiment

_AGE = Regex(
    r"\b(\d{1,3})[ -]?(?:years?[ -]old|yo\b|y/o)|"
    r"\b(?:aged?|is|turn(?:s|ed|ing))\s+(?:is |of )?(\d{1,3})\b",
    re.IGNORECASE,
)
_DAY = Regex(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])")
_PLACE = Regex(r"\b(?:in|from|to|at|near)\s+([A-Z][\w'-]+(?: [A-Z][\w'-]+)?)")
_FORMATS = frozenset(
    {"date", "date-time", "time", "email", "uri", "url", "uuid", "hostname", "ipv4", "ipv6", "duration"}
)
_PEOPLE = frozenset({"name", "person", "author", "customer", "user", "character", "fullname"})
_PLACES = frozenset({"city", "location", "country", "place", "town"})
_LONGEST = 100_000
_FILLER = "with a clear goal and a steady pace, one small step leads to the next, and the rest follows, "


class Scalars:
    """Makes single values that a schema allows."""

    def __init__(self, root: Schema, source: Source, draws: Draws) -> None:
        self._root = root
        self._source = source
        self._draws = draws
        self._slots = Slots({"subject": source.subject or "the topic"})

    def number(self, rules: Schema, name: str, *, whole: bool) -> int | float:
        low, high = self.limits(rules, name, whole=whole)
        step = number(rules.get("multipleOf"))
        found = self._found_number(rules, name, whole=whole)
        if found is not None:
            return found
        if step and step > 0 and math.isfinite(step):
            return self._multiple(low, high, step, {**rules, "type": "integer" if whole else "number"})
        if whole:
            first, last = math.ceil(low), math.floor(high)
            return first + self._draws.below(last - first + 1) if last >= first else first
        value = low + (high - low) * self._draws.below(10_001) / 10_000
        rounded = round(value, 2)
        return rounded if fits(rounded, rules, self._root) else value

    def limits(self, rules: Schema, name: str, *, whole: bool) -> tuple[float, float]:
        """The range to draw from: the name's usual one, bent to the schema's."""
        usual = self._source.phrases.ranges
        words = name_parts(name)
        span = next((usual[word] for word in reversed(words) if word in usual), usual[""])
        low, high = number(rules.get("minimum")), number(rules.get("maximum"))
        above, below = number(rules.get("exclusiveMinimum")), number(rules.get("exclusiveMaximum"))
        if above is not None:
            edge = math.floor(above) + 1 if whole else above + _bit(above, below if below is not None else high)
            low = edge if low is None else max(low, edge)
        if below is not None:
            edge = math.ceil(below) - 1 if whole else below - _bit(below, above if above is not None else low)
            high = edge if high is None else min(high, edge)
        if whole and low is not None:
            low = math.ceil(low)
        if whole and high is not None:
            high = math.floor(high)
        wide = max(span[1] - span[0], 1)
        if low is None:
            low = span[0] if high is None or high >= span[0] else high - wide
        if high is None:
            high = span[1] if low <= span[1] else low + wide
        if low <= span[0] <= high:
            low = span[0]
        if low <= span[1] <= high:
            high = span[1]
        return low, max(high, low)

    def _multiple(self, low: float, high: float, step: float, rules: Schema) -> int | float:
        """A multiple of `step`, within the limits if one is."""
        whole = "integer" in types(rules)
        if whole and step != int(step):
            step *= next((k for k in range(1, 1001) if float(step * k).is_integer()), 1)
        first, last = math.ceil(low / step), math.floor(high / step)
        drawn = first + self._draws.below(min(max(last - first, 0), 10_000) + 1)
        # The usual range may hold none although the schema's, being open at one end, does.
        values = [step * times for times in (drawn, first, last, 0)]
        value = next((value for value in values if fits(value, rules, self._root)), values[0])
        return int(value) if whole else value

    def _found_number(self, rules: Schema, name: str, *, whole: bool) -> int | float | None:
        """A number of the user's for this property, if one is there and is allowed."""
        texts = []
        words = name_parts(name)
        if not self._source.text or not words:
            return None
        if words[-1] == "age":
            ages = [found[1] or found[2] for found in _AGE.finditer(self._source.text[:4000])]
            texts.append(self._source.next("age", ages))
        elif self._source.details.numbers:
            texts.append(self._source.beside(name))
            if not self._source.creating and not texts[0]:
                texts.append(self._source.next("number", self._source.details.numbers))
        for text in texts:
            value = _numeric(text, whole=whole)
            if value is not None and fits(value, {**rules, "type": "integer" if whole else "number"}, self._root):
                return value
        return None

    def boolean(self, rules: Schema, name: str) -> bool:
        words = name_parts(name)
        if "positive" in words or "recommended" in words:
            return sentiment(self._source.text[:2000].lower(), self._source.phrases) != "negative"
        value = self._draws.below(3) > 0
        return value if fits(value, rules, self._root) else not value

    def text(self, rules: Schema, name: str) -> str:
        pattern = rules.get("pattern")
        least, most = int(number(rules.get("minLength")) or 0), number(rules.get("maxLength"))
        longest = _LONGEST if most is None else int(most)
        if isinstance(pattern, str):
            return self._patterned(pattern, rules, name, least)
        form = rules.get("format")
        if isinstance(form, str) and form in _FORMATS:
            return self._formatted(form)
        for found in self._found_texts(name):
            if found and least <= len(found) <= longest and fits(found, rules, self._root):
                return found
        return _sized(self._usual(name), min(least, _LONGEST), longest)

    def _patterned(self, pattern: str, rules: Schema, name: str, least: int) -> str:
        for wanted in (0, 0, 0, min(least, 1000)):
            made = text_like(pattern, self._draws, wanted)
            if made is not None and fits(made, {**rules, "pattern": ""}, self._root):
                return made
        made = text_like(pattern, self._draws, min(least, 1000))
        return made if made is not None else self._usual(name)

    def _formatted(self, form: str) -> str:
        draw = self._draws.below
        day = f"2025-{1 + draw(12):02}-{1 + draw(28):02}"
        clock = f"{draw(24):02}:{draw(60):02}:{draw(60):02}"
        found = self._source.details
        if form == "date":
            dates = [date for date in found.dates if _DAY.fullmatch(date)]
            return self._source.next("date", dates) or day
        if form == "email":
            return self._source.next("email", found.emails) or self._draws.choose(self._source.phrases.values["email"])
        if form in {"uri", "url"}:
            return self._source.next("url", found.urls) or self._draws.choose(self._source.phrases.values["url"])
        number_of = [str(1 + draw(254)) for _ in range(4)]
        return {
            "date-time": f"{day}T{clock}Z",
            "time": f"{clock}Z",
            "uuid": _uuid(digest(self._source.text, draw(1 << 30), draw(1 << 30)).hex()),
            "hostname": "example.com",
            "ipv4": ".".join(number_of),
            "ipv6": f"2001:db8::{draw(65535):x}",
            "duration": f"PT{1 + draw(90)}M",
        }[form]

    def _found_texts(self, name: str) -> list[str]:
        """The user's own words that could be this property's value."""
        words = name_parts(name)
        if not words or not self._source.text:
            return []
        found, last = self._source.details, words[-1]
        texts = [self._source.labeled(name)]
        if last in {"email", "mail"}:
            texts.append(self._source.next("email", found.emails))
        elif last in {"url", "link", "website"}:
            texts.append(self._source.next("url", found.urls))
        elif last in {"date", "birthday", "deadline"}:
            texts.append(self._source.next("date", found.dates))
        elif last in _PEOPLE:
            texts.append(self._source.next("name", found.names))
        elif last in _PLACES:
            after = _PLACE.search(self._source.text[:4000])
            texts.append(after[1] if after else "")
        elif last in {"first", "firstname", "last", "lastname", "surname"} and found.names:
            full = found.names[0].split(" ")
            texts.append(full[0] if "first" in name.lower() else full[-1] if len(full) > 1 else "")
        return texts

    def _usual(self, name: str) -> str:
        """A text that a property of this name would have."""
        values, words = self._source.phrases.values, name_parts(name)
        joined = "".join(words)
        keys = [joined, *reversed(words), *(word.removesuffix("s") for word in reversed(words))]
        pool = next((values[key] for key in keys if key in values), None)
        if pool is None:
            said = " ".join(words[:6])[:60]
            pool = ("{subject} " + said, "example " + said) if words else values["text"]
        return self._draws.choose(pool).format_map(self._slots)


def _bit(edge: float, other: float | None) -> float:
    """A step off an excluded edge, small enough for the range."""
    return 0.01 if other is None else min(0.01, abs(other - edge) / 4) or 0.01


def _numeric(text: str, *, whole: bool) -> int | float | None:
    bare = text.replace(",", "")
    try:
        if "." not in bare:
            return int(bare)
        return None if whole else float(bare)
    except ValueError:
        return None


def _sized(text: str, least: int, most: int) -> str:
    if len(text) > most:
        cut = text[:most]
        at = cut.rfind(" ")
        short = cut[:at].rstrip(" ,;:") if at >= max(least, most // 2, 1) else cut
        return short if len(short) >= least else cut
    if len(text) < least:
        more = _FILLER * ((least - len(text)) // len(_FILLER) + 1)
        text = (text + " " + more)[: max(least, len(text))]
        text = text[:-1] + "." if least else text
    return text


def _uuid(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"
