"""Valid, plain and deterministic values for JSON Schemas.

A value is generated part by part from the schema merged with its references, its ``allOf`` and one branch of each
choice. If merging may be inexact, the part is validated with `jsonschema` and, if invalid, generated again. All work
counts against one budget.
"""

import json
import re
from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Any

from clevora_mock.core.rng import RandomStream
from clevora_mock.models.json_patterns import SchemaPatterns
from clevora_mock.models.json_schema import (
    AnySchema,
    Budget,
    BudgetExceededError,
    Schema,
    UnsatisfiableError,
    check,
    merged,
)
from clevora_mock.models.json_validation import BoundedValidator, unresolved

_STEPS, _CHARACTERS = 6_000, 200_000
_TRIES = 16
_DEEPEST, _OPTIONAL_DEPTH = 40, 6
# A reference may be nested in itself once, so that a recursive value shows its structure.
_OPEN_AT_ONCE = 2

# Keywords whose merging may be inexact.
_INEXACT = frozenset({
    "$ref", "allOf", "anyOf", "oneOf", "not", "if", "enum", "const", "pattern", "multipleOf", "uniqueItems", "contains",
    "patternProperties", "propertyNames", "minProperties", "maxProperties", "dependentRequired", "dependentSchemas",
    "unevaluatedItems", "unevaluatedProperties",
})  # fmt: skip
# The type of a schema without ``type``, by its keywords.
_IMPLIED = {
    **dict.fromkeys(("properties", "required", "additionalProperties", "patternProperties", "minProperties"), "object"),
    **dict.fromkeys(("items", "prefixItems", "minItems", "uniqueItems", "contains"), "array"),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), "number"),
}
_NULLS = ("null", {"type": "null"})
_FORMATS = {
    "date-time": "2026-{month:02}-{day:02}T{hour:02}:30:00Z",
    "date": "2026-{month:02}-{day:02}",
    "time": "{hour:02}:30:00Z",
    "duration": "PT{hour}H",
    "email": "user{n}@example.com",
    "idn-email": "user{n}@example.com",
    "hostname": "host{n}.example.com",
    "uri": "https://example.com/{n}",
    "url": "https://example.com/{n}",
    "iri": "https://example.com/{n}",
    "uri-reference": "/{n}",
    "uuid": "{n:08x}-0000-4000-8000-{n:012x}",
    "ipv4": "192.0.2.{n}",
    "ipv6": "2001:db8::{n:x}",
    "json-pointer": "/{n}",
    "regex": "^{n}$",
}
# By the last word of a property's name, if its schema has no constraint.
_FORMAT_OF_NAME = {"email": "email", "url": "uri", "website": "uri", "date": "date", "id": "uuid"}
_RANGE_OF_NAME = {"age": (18, 80), "year": (1990, 2030)}


def value_for(schema: object, rng: RandomStream) -> object:
    """Return a valid value. Raises SchemaError if `schema` is malformed, unsatisfiable or takes too much work."""
    check(schema)
    root = schema if isinstance(schema, dict) else {"allOf": [schema]}
    try:
        return _Generator(root, rng).whole()
    except RecursionError:
        raise BudgetExceededError from None


class _Generator:
    """A generator of values for one schema, with a budget."""

    def __init__(self, root: Schema, rng: RandomStream) -> None:
        self._root = root
        self._rng = rng
        self._budget = Budget(_STEPS, _CHARACTERS)
        self._patterns = SchemaPatterns(rng, self._budget)
        self._validator = BoundedValidator(root, self._budget, self._patterns)
        self._open = ["#"]
        self._depth = 0

    def whole(self) -> object:
        for _ in range(_TRIES):
            value = self._value(self._root, "value")
            if self._validator.is_valid(value, self._root):
                return value
        raise UnsatisfiableError

    def _value(self, schema: AnySchema, name: str) -> object:
        """Return a value for a part of the schema; `name` is the property that it is in."""
        self._budget.spend()
        before = len(self._open)
        if self._depth >= _DEEPEST:
            raise BudgetExceededError
        self._depth += 1
        try:
            for attempt in range(_TRIES):
                del self._open[before:]
                try:
                    flat, inexact = self._flatten(schema, attempt)
                    value = self._value_by_type(flat, name, attempt)
                except (UnsatisfiableError, OverflowError):
                    continue
                if not inexact or self._validator.is_valid(value, schema):
                    return value
            raise UnsatisfiableError
        finally:
            del self._open[before:]
            self._depth -= 1

    def _flatten(self, schema: AnySchema, attempt: int) -> tuple[Schema, bool]:
        """Merge `schema` with its references and choices; also tell whether that may be inexact."""
        self._budget.spend()
        if not isinstance(schema, dict):
            if schema:
                return {}, False
            raise UnsatisfiableError
        parts: list[AnySchema] = list(schema.get("allOf", []))
        if "$ref" in schema:
            parts.append(self._target(schema["$ref"]))
        parts += [self._pick(schema[key], attempt) for key in ("anyOf", "oneOf") if key in schema]
        if "if" in schema:
            met = {"allOf": [schema["if"], schema.get("then", True)]}
            parts.append(self._pick([met, schema.get("else", True)], attempt))
        flat = schema
        for part in parts:
            flat = merged(flat, self._flatten(part, attempt)[0])
        return flat, not _INEXACT.isdisjoint(schema)

    def _target(self, ref: str) -> AnySchema:
        """Resolve a reference such as ``#/$defs/Pet``."""
        if self._open.count(ref) >= _OPEN_AT_ONCE:
            raise UnsatisfiableError
        self._open.append(ref)
        start, *steps = ref.split("/")
        here: Any = self._root if start == "#" else None
        try:
            for step in steps:
                key = step.replace("%24", "$").replace("~1", "/").replace("~0", "~")
                here = here[int(key)] if isinstance(here, list) else here[key]
        except (KeyError, IndexError, ValueError, TypeError):
            here = None
        if not isinstance(here, dict | bool):
            raise unresolved(ref)
        self._budget.spend(check(here) // 1000)
        return here

    def _pick(self, options: Sequence[Any], attempt: int) -> Any:
        """Return the option for an attempt, in order but null last, and a random one after all of them."""
        if attempt >= len(options):
            return self._rng.choice(options)
        self._budget.spend(len(options) // 10)
        return sorted(options, key=lambda option: option in _NULLS)[attempt]

    def _value_by_type(self, flat: Schema, name: str, attempt: int) -> object:
        self._budget.spend(0, 8)
        if "const" in flat or "enum" in flat:
            value = flat["const"] if "const" in flat else self._rng.choice(flat["enum"] or [None])
            self._budget.spend(0, len(json.dumps(value)))
            return value
        types = flat.get("type", [next((_IMPLIED[key] for key in flat if key in _IMPLIED), "string")])
        if not types:
            raise UnsatisfiableError
        match self._pick([types] if isinstance(types, str) else types, attempt):
            case "null":
                return None
            case "boolean":
                return self._rng.randbelow(2) == 1
            case "string":
                return self._string(flat, name, attempt)
            case "array":
                return self._array(flat, name)
            case "object":
                return self._object(flat, attempt)
            case number:
                return self._number(flat, name, whole=number == "integer")

    def _number(self, flat: Schema, name: str, *, whole: bool) -> float:
        known = _RANGE_OF_NAME.get(_last_word(name))
        step = Fraction(str(flat.get("multipleOf", 1 if whole or known else 0.01)))
        if whole:
            # The integer multiples of p/q are those of p.
            step = Fraction(step.numerator)
        usual = [Fraction(bound) for bound in known or (1, 100)]
        span = max(usual[1] - usual[0], 10 * step)
        lows = [Fraction(str(flat[key])) for key in ("minimum", "exclusiveMinimum") if key in flat]
        highs = [Fraction(str(flat[key])) for key in ("maximum", "exclusiveMaximum") if key in flat]
        low = max(lows or [min([usual[0], *(high - span for high in highs)])])
        high = min(highs or [max(usual[1], low + span)])
        if not whole and "multipleOf" not in flat and high - low < span / 10:
            step = (high - low) / 8 or Fraction(1)
        first, last = ceil(low / step), floor(high / step)
        first += "exclusiveMinimum" in flat and first * step <= Fraction(str(flat["exclusiveMinimum"]))
        last -= "exclusiveMaximum" in flat and last * step >= Fraction(str(flat["exclusiveMaximum"]))
        if first > last:
            raise UnsatisfiableError
        value = (first + self._rng.randbelow(last - first + 1)) * step
        return int(value) if whole else float(value)

    def _string(self, flat: Schema, name: str, attempt: int) -> str:
        least, most = int(flat.get("minLength", 0)), int(flat.get("maxLength", _CHARACTERS))
        if least > _CHARACTERS:
            raise BudgetExceededError
        text = self._formatted(flat.get("format", ""))
        if "pattern" in flat:
            if not text or attempt >= _TRIES // 2:
                text = self._patterns.make(flat["pattern"], attempt)
            elif self._patterns.can_check(flat["pattern"], text):
                if not self._patterns.matches(flat["pattern"], text):
                    raise UnsatisfiableError
            else:
                self._patterns.trust(flat["pattern"], text)
        elif not text:
            text = self._formatted(_FORMAT_OF_NAME.get(_last_word(name), ""))
            if not text or not least <= len(text) <= most:
                text = f"sample {name} {self._rng.randbelow(1000)}"
                text = (text + " and more of it" * max(0, (least - len(text) + 14) // 15))[:most]
        self._budget.spend(0, len(text))
        if not least <= len(text) <= most:
            raise UnsatisfiableError
        return text

    def _formatted(self, form: str) -> str:
        """Return a string of a format, empty for an unknown one."""
        month, day, hour, n = (1 + self._rng.randbelow(bound) for bound in (12, 28, 22, 253))
        return _FORMATS.get(form, "").format(month=month, day=day, hour=hour, n=n)

    def _array(self, flat: Schema, name: str) -> list[object]:
        rest: Any = flat.get("items", True)
        lead, rest = (rest, flat.get("additionalItems", True)) if isinstance(rest, list) else ([], rest)
        lead = flat.get("prefixItems", lead)
        needed = max(int(flat.get("minItems", 0)), len(lead))
        if "contains" in flat:
            needed = max(needed, len(lead) + int(flat.get("minContains", 1)))
            rest = {"allOf": [rest, flat["contains"]]}
        count = needed if needed or not self._may_add else 1 + self._rng.randbelow(3)
        self._budget.spend(count)
        made: list[object] = []
        seen: set[str] | None = set() if flat.get("uniqueItems") else None
        for index in range(min(count, int(flat.get("maxItems", count)))):
            try:
                made.append(self._item(lead[index] if index < len(lead) else rest, name, seen))
            except UnsatisfiableError:
                if index < needed:
                    raise
                break
        return made

    def _item(self, schema: AnySchema, name: str, seen: set[str] | None) -> object:
        """Return a value for `schema` that is not in `seen`, and add it there; None allows duplicates."""
        for _ in range(_TRIES):
            value = self._value(schema, name)
            if seen is None:
                return value
            key = json.dumps(value, sort_keys=True)
            if key not in seen:
                seen.add(key)
                return value
        raise UnsatisfiableError

    def _object(self, flat: Schema, attempt: int) -> dict[str, object]:
        known, required = flat.get("properties", {}), dict.fromkeys(flat.get("required", []))
        # Later attempts omit optional properties.
        optional = attempt < _TRIES // 2 and self._may_add
        most = int(flat.get("maxProperties", len(known) + len(required)))
        room = most - len(required) if optional else 0
        made: dict[str, object] = {}
        for name in known | required:
            if name in required or room > 0:
                self._put(made, name, flat, needed=name in required)
                room -= name not in required
        for name in [name for key in [*made] for name in flat.get("dependentRequired", {}).get(key, [])]:
            self._put(made, name, flat)
        self._fill(made, flat, most)
        return made

    def _put(self, made: dict[str, object], name: str, flat: Schema, *, needed: bool = True) -> None:
        """Set a property of `made`, unless no value is found and it is not `needed`."""
        patterns = flat.get("patternProperties", {})
        parts = [part for pattern, part in patterns.items() if self._patterns.matches(pattern, name)]
        parts += [flat["properties"][name]] if name in flat.get("properties", {}) else []
        schema = {"allOf": parts} if len(parts) > 1 else [*parts, flat.get("additionalProperties", True)][0]
        self._budget.spend(0, len(name))
        try:
            if name not in made:
                made[name] = self._value(schema, name)
        except UnsatisfiableError:
            if needed:
                raise

    def _fill(self, made: dict[str, object], flat: Schema, most: int) -> None:
        """Add properties with generated names: the required number, or one to an otherwise empty map."""
        rest, patterns = flat.get("additionalProperties", True), flat.get("patternProperties", {})
        is_map = isinstance(rest, dict) or patterns
        least = int(flat.get("minProperties", bool(is_map and not made and self._may_add and most)))
        self._budget.spend(least)
        for number in range(2 * least):
            if len(made) >= least:
                return
            name = f"key{number + 1}"
            if patterns and not isinstance(rest, dict):
                name = self._patterns.make(self._rng.choice([*patterns]), number)
            elif "propertyNames" in flat:
                name = str(self._value({"allOf": [{"type": "string"}, flat["propertyNames"]]}, "key"))
            self._put(made, name, flat)

    @property
    def _may_add(self) -> bool:
        """True if optional parts may be added."""
        return self._budget.is_ample and self._depth <= _OPTIONAL_DEPTH


def _last_word(name: str) -> str:
    """Return the last word of ``snake_case`` or ``camelCase`` in lower case."""
    return re.split(r"[_\W]|(?<=[a-z])(?=[A-Z])", name[-100:])[-1].lower()
