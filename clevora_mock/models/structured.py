"""A JSON value for a JSON Schema, with sensible contents.

A value is chosen by the property's name first (an email is an email), takes the user's words where they fit
("Jason is 25 years old" has a name and an age in it), and is bent to the schema's limits last. Schemas may be
recursive, contradictory or enormous: depth and size are bounded, optional parts are left out when room gets
short, and what cannot be satisfied is answered as well as it can be.
"""

import math
import re
from collections.abc import Mapping, Sequence

from clevora_mock.core.chance import Draws, digest
from clevora_mock.models.details import Details, details
from clevora_mock.models.pattern import text_like
from clevora_mock.models.phrases import Phrases
from clevora_mock.models.regex import Regex
from clevora_mock.models.schema import (
    Schema,
    as_schema,
    distinct,
    fits,
    merged,
    number,
    of_type,
    resolve,
    types,
)
from clevora_mock.models.slots import Slots

_SPLIT = Regex(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")
_AGE = Regex(
    r"\b(\d{1,3})[ -]?(?:years?[ -]old|yo\b|y/o)|\b(?:aged?|is|turn(?:s|ed|ing))\s+(?:is |of )?(\d{1,3})\b",
    re.IGNORECASE,
)
_CREATING = Regex(
    r"^\W*(?:please |can you |could you )?(?:write|generate|create|give|list|suggest|invent|make|"
    r"draft|brainstorm|design|plan)\b",
    re.IGNORECASE,
)
_FORMATS = frozenset(
    {"date", "date-time", "time", "email", "uri", "url", "uuid", "hostname", "ipv4", "ipv6", "duration"}
)
_ENOUGH = 6
_DEEPEST = 32
_NODES = 1500
_MOST_ITEMS = 1000
_WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_FILLER = "with a clear goal and a steady pace, one small step leads to the next, and the rest follows "
"in its own time, "


def _parts(name: str) -> list[str]:
    """The words of a property's name: shippingAddress -> shipping, address."""
    return [part.lower() for part in _SPLIT.split(name) if part]


class Source:
    """What a reply may take up: the user's text, the details found in it, and what they are about."""

    def __init__(self, text: str, subject: str, phrases: Phrases) -> None:
        self.text = text[:20_000]
        self.subject = subject
        self.phrases = phrases
        self.creating = bool(_CREATING.match(self.text[:80]))
        found = details(self.text)
        self.details = Details((), found.numbers, (), (), ()) if self.creating else found
        self._used: dict[str, int] = {}

    def next(self, kind: str, items: Sequence[str]) -> str:
        """The next of `items` that has not been given out; "" once they are used up."""
        at = self._used.get(kind, 0)
        self._used[kind] = at + 1
        return items[at] if at < len(items) else ""

    def left(self, kind: str, items: Sequence[str]) -> int:
        return max(0, len(items) - self._used.get(kind, 0))

    def beside(self, name: str) -> str:
        """The number that stands next to a property's name in the text: "price 20", "3 tags"."""
        words = _parts(name)
        if not words or len(words[-1]) > 30:
            return ""
        word = re.escape(words[-1])
        found = re.search(
            rf"\b{word}s?\b[^\d\n.]{{0,14}}?[$€£]?(-?\d[\d,]*(?:\.\d+)?)", self.text[:4000], re.IGNORECASE
        )
        found = found or re.search(
            rf"[$€£]?(-?\d[\d,]*(?:\.\d+)?)\s+{word.removesuffix('s')}s?\b", self.text[:4000], re.IGNORECASE
        )
        return found[1].replace(",", "") if found else ""

    def size(self, name: str) -> int:
        """How many of something the text asks for: "five tags" -> 5."""
        word = re.escape(name.replace("_", " ").removesuffix("s"))[:60]
        if not word:
            return 0
        found = re.search(
            rf"\b(\d{{1,3}}|{'|'.join(_WORDS)})\s+(?:[\w-]+\s+){{0,2}}{word}s?\b",
            self.text[:2000],
            re.IGNORECASE,
        )
        if not found:
            return 0
        return int(found[1]) if found[1].isdecimal() else _WORDS[found[1].lower()]


class Filler:
    """Makes one value for one schema."""

    def __init__(self, root: Schema, source: Source, draws: Draws) -> None:
        self._root = root
        self._source = source
        self._draws = draws
        self._slots = Slots({"subject": source.subject or "the topic"})
        self._nodes = 0

    def fill(self) -> object:
        return self._value(self._root, "", 0)

    def _value(self, schema: object, name: str, depth: int) -> object:
        """A value for `schema`, the value of a property called `name`."""
        self._nodes += 1
        rules = resolve(as_schema(schema), self._root)
        if depth > _DEEPEST or self._nodes > 4 * _NODES:
            return None
        fixed = self._fixed(rules, depth)
        if fixed is not None:
            return fixed[0]
        rules, tried = self._chosen(rules, name, depth)
        if tried is not None:
            return tried[0]
        kind = self._kind(rules, name, depth)
        made = self._made(kind, rules, name, depth)
        if "not" in rules and kind in {"string", "integer", "number"}:
            for _ in range(8):
                if fits(made, rules, self._root):
                    break
                made = self._made(kind, rules, "", depth)
        return made

    def _short(self, depth: int) -> bool:
        """Whether room is short, so that only what is required gets in."""
        return depth > _ENOUGH or self._nodes > _NODES

    def _fixed(self, rules: Schema, depth: int) -> tuple[object] | None:
        """What the schema spells out: a constant, an option, a default, an example."""
        if "const" in rules:
            return (rules["const"],)
        options = rules.get("enum")
        if isinstance(options, list) and options:
            rest = {key: value for key, value in rules.items() if key not in {"const", "enum"}}
            fitting = [option for option in options if fits(option, rest, self._root, depth)] or options
            return (self._option(fitting),)
        given: list[object] = []
        examples = rules.get("examples")
        if "default" in rules and rules["default"] is not None and not self._source.creating:
            given.append(rules["default"])
        if isinstance(examples, list) and not self._source.text:
            given.extend(examples[:5])
        for value in given:
            if self._draws.below(4) == 0 and fits(value, rules, self._root, depth):
                return (value,)
        return None

    def _option(self, options: Sequence[object]) -> object:
        """The option that the user's text mentions or its mood suggests; otherwise any."""
        text = self._source.text[:2000].lower()
        for option in options:
            if isinstance(option, str) and len(option) > 2 and re.search(rf"\b{re.escape(option.lower())}\b", text):
                return option
        named = {option.lower(): option for option in options if isinstance(option, str)}
        mood = sentiment(text, self._source.phrases)
        return named[mood] if mood in named else self._draws.choose(options)

    def _chosen(self, rules: Schema, name: str, depth: int) -> tuple[Schema, tuple[object] | None]:
        """`rules` with a branch of anyOf and oneOf merged in, or a value that was tried against them."""
        for key in ("anyOf", "oneOf"):
            branches = rules.get(key)
            if not isinstance(branches, list) or not branches:
                continue
            rest = {other: value for other, value in rules.items() if other != key}
            order = self._order([as_schema(branch) for branch in branches], depth)
            if key == "oneOf" or "not" in rules:
                for branch in [*order, *order[:2]]:
                    made = self._value(merged(rest, resolve(branch, self._root)), name, depth + 1)
                    if fits(made, rules, self._root):
                        return rules, (made,)
            rules = resolve(merged(rest, resolve(order[0], self._root)), self._root)
        return rules, None

    def _order(self, branches: list[Schema], depth: int) -> list[Schema]:
        """Branches in the order to try: null last, unless room is short, when the simplest come first."""
        order = self._draws.shuffled(branches[:50])

        def cost(branch: Schema) -> int:
            if self._short(depth):
                return len(str(branch.get("$ref", ""))) + 50 * bool(
                    {"properties", "items", "anyOf", "oneOf", "allOf"} & branch.keys()
                )
            return int(types(branch) == ["null"])

        return sorted(order, key=cost)

    def _kind(self, rules: Schema, name: str, depth: int) -> str:
        named = types(rules)
        if named:
            likely = [kind for kind in named if kind != "null"]
            if not likely or (self._short(depth) and "null" in named):
                return "null"
            return self._draws.choose(likely)
        hints = (
            ("object", {"properties", "required", "additionalProperties", "minProperties"}),
            ("array", {"items", "prefixItems", "minItems", "maxItems", "uniqueItems"}),
            ("number", {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}),
        )
        for kind, keys in hints:
            if keys & rules.keys():
                return kind
        return (
            "object"
            if depth == 0 and not name and not {"minLength", "maxLength", "pattern", "format"} & rules.keys()
            else "string"
        )

    def _made(self, kind: str, rules: Schema, name: str, depth: int) -> object:
        if kind == "object":
            return self._object(rules, depth)
        if kind == "array":
            return self._array(rules, name, depth)
        if kind in {"integer", "number"}:
            return self._number(rules, name, whole=kind == "integer")
        if kind == "boolean":
            return self._boolean(rules, name)
        return None if kind == "null" else self._text(rules, name)

    # Objects and arrays

    def _object(self, rules: Schema, depth: int) -> dict[str, object]:
        known = as_schema(rules.get("properties"))
        required = rules.get("required")
        needed = [item for item in required if isinstance(item, str)] if isinstance(required, list) else []
        most = number(rules.get("maxProperties"))
        room = len(known) + len(needed) if most is None else int(most)
        wanted = dict.fromkeys(needed)
        for name in known:
            if len(wanted) < room and not self._short(depth) and known[name] is not False and self._included(name):
                wanted[name] = None
        names = [name for name in known if name in wanted] + [name for name in wanted if name not in known]
        others = rules.get("additionalProperties", True)
        made = {name: self._value(known.get(name, others), name, depth + 1) for name in names}
        self._padded(made, rules, others, depth)
        if not known and not made and others is not False and room_for(rules) and not self._short(depth):
            made = self._free(others, depth)
        return made

    def _included(self, name: str) -> bool:
        """Whether an optional property is given: nearly always, so that clients see it."""
        return bool(name) and self._draws.below(8) > 0

    def _padded(self, made: dict[str, object], rules: Schema, others: object, depth: int) -> None:
        """Properties of any name, up to ``minProperties``."""
        least = number(rules.get("minProperties")) or 0
        known = as_schema(rules.get("properties"))
        for name in known:
            if len(made) < least and name not in made and known[name] is not False:
                made[name] = self._value(known[name], name, depth + 1)
        extra = 1
        while len(made) < min(least, _MOST_ITEMS) and others is not False:
            made.setdefault(f"field_{extra}", self._value(others, f"field_{extra}", depth + 1))
            extra += 1

    def _free(self, others: object, depth: int) -> dict[str, object]:
        """An object without named properties: entries if they have a schema, a short note otherwise."""
        if isinstance(others, dict) and others:
            return {key: self._value(others, key, depth + 1) for key in ("first", "second")}
        if depth:
            return {"note": self._text({}, "description")}
        return {"topic": self._text({}, "topic"), "answer": self._text({}, "answer")}

    def _array(self, rules: Schema, name: str, depth: int) -> list[object]:
        lead = rules.get("prefixItems")
        made: list[object] = [self._value(rule, name, depth + 1) for rule in lead] if isinstance(lead, list) else []
        item = rules.get("items", True)
        low, high = number(rules.get("minItems")) or 0, number(rules.get("maxItems"))
        size = self._size(item, name, depth)
        least = min(int(low), _MOST_ITEMS)
        size = max(least, size if high is None else min(size, int(high)))
        if item is False:
            return made
        tries = 0
        unique = rules.get("uniqueItems") is True
        while len(made) < size and tries < 20 + 6 * size:
            tries += 1
            value = self._value(item, name, depth + 1)
            wanted = unique or (isinstance(value, str) and tries < 3 * size)
            if not wanted or distinct([*made, value]):
                made.append(value)
            elif unique and tries > 3 * size:
                self._added(made, item, name, tries)
        return made

    def _size(self, item: object, name: str, depth: int) -> int:
        if self._short(depth):
            return 0
        asked = min(self._source.size(name), 100) if name else 0
        if asked:
            return asked
        rules = resolve(as_schema(item), self._root)
        properties = as_schema(rules.get("properties"))
        if not self._source.creating and any(_parts(key)[-1:] == ["name"] for key in properties):
            people = self._source.left("name", self._source.details.names)
            if people:
                return min(people, 20)
        return 2 + self._draws.below(3) if depth < 4 else 1

    def _added(self, made: list[object], item: object, name: str, tries: int) -> None:
        """One more distinct value where drawing keeps giving the same ones."""
        value = self._value(item, "", len(_parts(name)))
        varied: list[object] = []
        if isinstance(value, str):
            varied = [
                f"{value} {tries}",
                f"{value[: -len(str(tries))]}{tries}" if len(value) > len(str(tries)) else str(tries),
                chr(97 + tries % 26),
            ]
        elif isinstance(value, int | float) and not isinstance(value, bool):
            step = number(as_schema(item).get("multipleOf")) or 1
            low = number(as_schema(item).get("minimum"))
            start = value if low is None else math.ceil(low / step) * step
            varied = [value + step * tries, start + step * len(made), value - step * tries]
        else:
            varied = [True, False, None]
        for other in varied:
            if fits(other, item, self._root) and distinct([*made, other]):
                made.append(other)
                return

    # Numbers and booleans

    def _number(self, rules: Schema, name: str, *, whole: bool) -> int | float:
        low, high = self._limits(rules, name, whole=whole)
        step = number(rules.get("multipleOf"))
        found = self._found_number(rules, name, whole=whole)
        if found is not None:
            return found
        if step and step > 0 and math.isfinite(step):
            return self._multiple(low, high, step, whole=whole)
        if whole:
            first, last = math.ceil(low), math.floor(high)
            return first + self._draws.below(last - first + 1) if last >= first else first
        value = low + (high - low) * self._draws.below(10_001) / 10_000
        rounded = round(value, 2)
        return rounded if fits(rounded, rules, self._root) else value

    def _limits(self, rules: Schema, name: str, *, whole: bool) -> tuple[float, float]:
        """The range to draw from: the name's usual one, bent to the schema's."""
        usual = self._source.phrases.ranges
        words = _parts(name)
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

    def _multiple(self, low: float, high: float, step: float, *, whole: bool) -> int | float:
        if whole and step != int(step):
            step = step * next((k for k in range(1, 1001) if float(step * k).is_integer()), 1)
        first, last = math.ceil(low / step), math.floor(high / step)
        last = max(last, first)
        times = first + self._draws.below(min(last - first, 10_000) + 1)
        for k in (times, first, last, 0):
            value = step * k
            if low <= value <= high and float(value / step).is_integer():
                return int(value) if whole else value
        return int(step * times) if whole else step * times

    def _found_number(self, rules: Schema, name: str, *, whole: bool) -> int | float | None:
        """A number of the user's for this property, if one is there and is allowed."""
        texts = []
        words = _parts(name)
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

    def _boolean(self, rules: Schema, name: str) -> bool:
        words = _parts(name)
        if "positive" in words or "recommended" in words:
            return sentiment(self._source.text[:2000].lower(), self._source.phrases) != "negative"
        value = self._draws.below(3) > 0
        return value if fits(value, rules, self._root) else not value

    # Text

    def _text(self, rules: Schema, name: str) -> str:
        pattern = rules.get("pattern")
        least, most = int(number(rules.get("minLength")) or 0), number(rules.get("maxLength"))
        longest = 100_000 if most is None else int(most)
        if isinstance(pattern, str):
            return self._patterned(pattern, rules, name, least)
        form = rules.get("format")
        if isinstance(form, str) and form in _FORMATS:
            return self._formatted(form)
        for found in self._found_texts(name):
            if found and least <= len(found) <= longest and fits(found, rules, self._root):
                return found
        return _sized(self._usual(name), min(least, 100_000), longest)

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
            dates = [
                date for date in found.dates if re.fullmatch(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])", date)
            ]
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
        words = _parts(name)
        if not words or not self._source.text:
            return []
        found, last = self._source.details, words[-1]
        labeled = re.search(
            rf"\b{re.escape(' '.join(words))[:60]}\s*(?:is|=|:)\s*[\"“']?([^\"”'\n,;.]{{1,80}})",
            self._source.text[:4000],
            re.IGNORECASE,
        )
        texts = (
            [labeled[1].strip()]
            if labeled
            and not self._source.creating
            and not re.match(r"(?:an? )?(?:str|int|float|bool|list|number|string)", labeled[1], re.IGNORECASE)
            else []
        )
        if last in {"email", "mail"}:
            texts.append(self._source.next("email", found.emails))
        elif last in {"url", "link", "website"}:
            texts.append(self._source.next("url", found.urls))
        elif last in {"date", "birthday", "deadline"}:
            texts.append(self._source.next("date", found.dates))
        elif last in {"name", "person", "author", "customer", "user", "character", "fullname"}:
            texts.append(self._source.next("name", found.names))
        elif last in {"city", "location", "country", "place", "town"}:
            after = re.search(r"\b(?:in|from|to|at|near)\s+([A-Z][\w'-]+(?: [A-Z][\w'-]+)?)", self._source.text[:4000])
            texts.append(after[1] if after else "")
        elif last in {"first", "firstname", "last", "lastname", "surname"} and found.names:
            full = found.names[0].split(" ")
            texts.append(full[0] if "first" in name.lower() else full[-1] if len(full) > 1 else "")
        return texts

    def _usual(self, name: str) -> str:
        """A text that a property of this name would have."""
        values, words = self._source.phrases.values, _parts(name)
        joined = "".join(words)
        keys = [joined, *reversed(words), *(word.removesuffix("s") for word in reversed(words))]
        pool = next((values[key] for key in keys if key in values), None)
        if pool is None:
            pool = (
                ("{subject} " + " ".join(words[:6])[:60], "example " + " ".join(words[:6])[:60])
                if words
                else values["text"]
            )

        return self._draws.choose(pool).format_map(self._slots)


def room_for(rules: Schema) -> bool:
    """Whether an object may have any property at all."""
    most = number(rules.get("maxProperties"))
    return most is None or most >= 2


def sentiment(text: str, phrases: Phrases) -> str:
    """positive, negative or neutral, by the words in `text`."""
    words = re.findall(r"[a-z']{3,20}", text[:4000].lower())
    balance = 0
    for at, word in enumerate(words):
        sign = (word in phrases.positive) - (word in phrases.negative)
        turned = at > 0 and words[at - 1] in {"not", "never", "isn't", "wasn't", "don't", "didn't"}
        balance += -sign if turned else sign
    return "positive" if balance > 0 else "negative" if balance < 0 else "neutral"


def instance(schema: Schema, source: Source, draws: Draws) -> object:
    """A value that `schema` allows, taking up what `source` offers."""
    return Filler(schema, source, draws).fill()


def inferred(example: object, depth: int = 0) -> dict[str, object]:
    """The schema that an example follows: its keys and the kinds of its values."""
    if isinstance(example, Mapping) and depth < 12:
        properties = {str(key): inferred(value, depth + 1) for key, value in example.items()}
        return {"type": "object", "properties": properties, "required": list(properties)}
    if isinstance(example, list) and depth < 12:
        return {
            "type": "array",
            "items": inferred(example[0], depth + 1) if example else {"type": "string"},
            "minItems": 1,
        }
    if isinstance(example, str):
        return {"type": named_type(example)}
    return {"type": next((kind for kind in ("boolean", "integer", "number") if of_type(example, kind)), "string")}


def named_type(word: str) -> str:
    """The type that a word such as "int" or "<number>" names; a string otherwise."""
    bare = word.lower().strip(" <>()[]{}")
    if re.match(r"(?:int|integer|whole number|count)\b", bare):
        return "integer"
    if re.match(r"(?:float|number|decimal|double|numeric)\b", bare):
        return "number"
    if re.match(r"(?:bool|boolean|true|false|yes/no)\b", bare):
        return "boolean"
    return "array" if re.match(r"(?:list|array)\b", bare) else "string"


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
