"""A JSON value for a JSON Schema, with sensible contents.

A value is chosen by the property's name first (an email is an email), takes the user's words where they fit
("Jason is 25 years old" has a name and an age in it), and is bent to the schema's limits last. Schemas may be
recursive, contradictory or enormous: depth and size are bounded, optional parts are left out when room gets
short, and what cannot be satisfied is answered as well as it can be.
"""

import math
import re
from collections.abc import Sequence

from clevora_mock.core.chance import Draws
from clevora_mock.models.scalars import Scalars
from clevora_mock.models.schema import (
    Schema,
    as_schema,
    distinct,
    fits,
    merged,
    number,
    resolve,
    schemas,
    types,
)
from clevora_mock.models.source import Source, name_parts, sentiment

_ENOUGH = 6
_DEEPEST = 32
_NODES = 1500
_MOST_ITEMS = 1000


def instance(schema: Schema, source: Source, draws: Draws) -> object:
    """A value that `schema` allows, taking up what `source` offers."""
    return Filler(schema, source, draws).fill()


class Filler:
    """Makes one value for one schema."""

    def __init__(self, root: Schema, source: Source, draws: Draws) -> None:
        self._root = root
        self._source = source
        self._draws = draws
        self._scalars = Scalars(root, source, draws)
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
        tried = tried or self._fixed(rules, depth)
        if tried is not None:
            return tried[0]
        kind = self._kind(rules, name, depth)
        made = self._made(kind, rules, name, depth)
        return made if "not" not in rules else self._allowed(made, kind, rules, depth)

    def _allowed(self, made: object, kind: str, rules: Schema, depth: int) -> object:
        """`made`, or another value where ``not`` rules it out."""
        for _ in range(8):
            if fits(made, rules, self._root):
                return made
            made = self._made(kind, rules, "", depth)
        if kind == "integer":
            first = math.ceil(self._scalars.limits(rules, "", whole=True)[0])
            return next((n for n in range(first, first + 100) if fits(n, rules, self._root)), made)
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
        for _ in range(_DEEPEST):
            key = next((key for key in ("anyOf", "oneOf") if schemas(rules.get(key))), "")
            if not key:
                break
            rest = {other: kept for other, kept in rules.items() if other != key}
            order = [resolve(branch, self._root) for branch in self._order(schemas(rules[key]), depth)]
            if key == "oneOf" or "oneOf" in rest or "not" in rest or any("anyOf" in branch for branch in order):
                tried = self._tried(rules, [merged(rest, branch) for branch in order], name, depth)
                if tried is not None:
                    return rules, tried
            rules = resolve(merged(rest, order[0]), self._root)
        return rules, None

    def _tried(self, rules: Schema, branches: Sequence[Schema], name: str, depth: int) -> tuple[object] | None:
        """A value of one of `branches` that `rules` as a whole allow, if a few tries find one."""
        # The user's words may be what does not fit, so later tries do without the name that invites them.
        for hint in (name, "", "", ""):
            for branch in branches[:12]:
                made = self._value(branch, hint, depth + 1)
                if fits(made, rules, self._root):
                    return (made,)
        return None

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
            return self._scalars.number(rules, name, whole=kind == "integer")
        if kind == "boolean":
            return self._scalars.boolean(rules, name)
        return None if kind == "null" else self._scalars.text(rules, name)

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
        if not known and not made and others is not False and _has_room(rules) and not self._short(depth):
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
            return {"note": self._scalars.text({}, "description")}
        return {"topic": self._scalars.text({}, "topic"), "answer": self._scalars.text({}, "answer")}

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
        if not self._source.creating and any(name_parts(key)[-1:] == ["name"] for key in properties):
            people = self._source.left("name", self._source.details.names)
            if people:
                return min(people, 20)
        return 2 + self._draws.below(3) if depth < 4 else 1

    def _added(self, made: list[object], item: object, name: str, tries: int) -> None:
        """One more distinct value where drawing keeps giving the same ones."""
        value = self._value(item, "", len(name_parts(name)))
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


def _has_room(rules: Schema) -> bool:
    """Whether an object may have any property at all."""
    most = number(rules.get("maxProperties"))
    return most is None or most >= 2
