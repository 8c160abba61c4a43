"""Valid, plain and deterministic values for JSON Schemas.

A value is generated part by part from the schema merged with its references, its ``allOf`` and one branch of each
choice. Where merging may be inexact, the part is validated and, if invalid, generated again, within one budget.
"""

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import count
from math import ceil, floor
from typing import Any
from urllib.parse import unquote

from clevora_mock.core.rng import RandomStream
from clevora_mock.models.json_patterns import UNSUPPORTED, SchemaPatterns
from clevora_mock.models.json_schema import (
    AnySchema,
    Budget,
    BudgetExceededError,
    Schema,
    UnsatisfiableError,
    check,
    merged,
    normalized,
)
from clevora_mock.models.json_validation import BoundedValidator, unresolved

_STEPS, _CHARACTERS_PER_STEP = 6_500, 40
_CHARACTERS = _STEPS * _CHARACTERS_PER_STEP
# Optional parts are added to objects and arrays that are not deep, while fewer steps than these are spent.
_OPTIONAL_STEPS, _OPTIONAL_DEPTH = 1_000, 6
_TRIES, _DEEPEST = 16, 40
# A reference may be nested in itself once, so that a recursive value shows its structure.
_OPEN_AT_ONCE = 2
# Keywords whose merging may be inexact.
_INEXACT = frozenset({
    "$ref", "allOf", "anyOf", "oneOf", "not", "if", "enum", "const", "pattern", "multipleOf", "uniqueItems", "contains",
    "patternProperties", "propertyNames", "minProperties", "maxProperties", "dependentRequired", "dependentSchemas",
    "unevaluatedItems", "unevaluatedProperties",
})  # fmt: skip
_ENDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
# Zod gives this as the bound, either way, of every integer.
_LARGEST_EXACT = 2**53 - 1
# The type of a schema without ``type``, by its keywords.
_IMPLIED = {
    **dict.fromkeys(("properties", "required", "additionalProperties", "patternProperties", "minProperties"), "object"),
    **dict.fromkeys(("items", "prefixItems", "minItems", "uniqueItems", "contains"), "array"),
    **dict.fromkeys((*_ENDS, "multipleOf"), "number"),
}
_TYPES = ("string", "integer", "boolean", "object", "array", "null")
_NULLS = ("null", {"type": "null"})
_FORMATS = {
    "date-time": "2026-{month:02}-{day:02}T{hour:02}:30:00Z",
    "date": "2026-{month:02}-{day:02}",
    "time": "{hour:02}:30:00Z",
    "duration": "PT{hour}H",
    **dict.fromkeys(("hostname", "idn-hostname"), "host{n}.example.com"),
    **{f"uuid{version}": f"{{n:08x}}-0000-{version or 4}000-8000-{{n:012x}}" for version in ("", *range(1, 9))},
    **dict.fromkeys(("ipv4", "ipvanyaddress"), "192.0.2.{n}"),
    "ipv6": "2001:db8::{n:x}",
    "ipv6network": "2001:db8:{n:x}::/48",
    "ipv6interface": "2001:db8::{n:x}/64",
    **dict.fromkeys(("ipv4network", "ipvanynetwork"), "192.0.{n}.0/24"),
    **dict.fromkeys(("ipv4interface", "ipvanyinterface"), "192.0.2.{n}/24"),
    "base64": "c2FtcGxl",
    "regex": "^{n}$",
    **dict.fromkeys(("email", "idn-email"), "user{n}@example.com"),
    **dict.fromkeys(("uri", "url", "iri"), "https://example.com/{n}"),
    **dict.fromkeys(("uri-reference", "iri-reference", "uri-template", "json-pointer"), "/{n}"),
    "relative-json-pointer": "{n}",
}
# By the last word of a property's name, if its schema has no constraint.
_FORMAT_OF_NAME = {"email": "email", "url": "uri", "website": "uri", "date": "date", "id": "uuid"}
_RANGE_OF_NAME = {"age": (18, 80), "year": (1990, 2030), "id": (1, 1_000_000)}


def values_for(schema: object, rng: RandomStream, most: int) -> list[object]:
    """Return `most` valid values, or fewer where more would take too much work. Raises SchemaError for none."""
    check(schema)
    made: list[object] = []
    with suppress(RecursionError, BudgetExceededError):
        root = normalized(schema if isinstance(schema, dict) else {"allOf": [schema]})
        generator = _Generator(root, rng)
        while len(made) < most:
            made.append(generator.value(root, "value"))
    if not made:
        raise BudgetExceededError
    return made


class _Generator:
    """A generator of values for one schema, with a budget."""

    def __init__(self, root: Schema, rng: RandomStream) -> None:
        self._root = root
        self._rng = rng
        self._budget = Budget(_STEPS)
        self._patterns = SchemaPatterns(rng, self._budget)
        self._validator = BoundedValidator(root, self._patterns)
        self._open = ["#"]
        self._targets: dict[str, AnySchema] = {}
        self._depth = 0
        # So that ids within a value differ.
        self._ids = count()

    def value(self, schema: AnySchema, name: str, start: int = 0) -> object:
        """Return a value for a part of the schema; `name` is the property that it is in, `start` the first attempt."""
        self._budget.spend()
        before = len(self._open)
        is_inexact = not self._depth or (isinstance(schema, dict) and not _INEXACT.isdisjoint(schema))
        if self._depth >= _DEEPEST:
            raise BudgetExceededError
        self._depth += 1
        try:
            for attempt in range(start, start + _TRIES):
                del self._open[before:]
                with suppress(UnsatisfiableError, OverflowError):
                    value = self._value_by_type(self._flat(schema, attempt), name, attempt)
                    if not is_inexact or self._validator.is_valid(value, schema):
                        return value
            raise UnsatisfiableError
        finally:
            del self._open[before:]
            self._depth -= 1

    def _flat(self, schema: AnySchema, attempt: int) -> Schema:
        """Merge `schema` with its references and one option of each of its choices."""
        self._budget.spend()
        if schema is False:
            raise UnsatisfiableError
        flat: Schema = {} if schema is True else schema
        parts: list[AnySchema] = list(flat.get("allOf", []))
        if "$ref" in flat:
            parts.append(self._target(flat["$ref"]))
        parts += [self._pick(flat[key], attempt) for key in ("anyOf", "oneOf") if key in flat]
        if "if" in flat:
            parts.append(self._pick([{"allOf": [flat["if"], flat.get("then", True)]}, flat.get("else", True)], attempt))
        known = flat.get("properties", {})
        parts += [part for name, part in flat.get("dependentSchemas", {}).items() if name in known]
        for part in parts:
            self._budget.spend(sum(len(value) for value in flat.values() if isinstance(value, list | dict)) // 10)
            flat = merged(flat, self._flat(part, attempt))
        return flat

    def _target(self, ref: str) -> AnySchema:
        """Return the schema of a reference such as ``#/$defs/Pet``, unless it is nested in itself too often."""
        if self._open.count(ref) >= _OPEN_AT_ONCE:
            raise UnsatisfiableError
        self._open.append(ref)
        if ref not in self._targets:
            self._targets[ref] = self._resolved(ref)
        return self._targets[ref]

    def _resolved(self, ref: str) -> AnySchema:
        start, *steps = ref.split("/")
        here: Any = self._root if start == "#" else None
        try:
            for step in steps:
                key = unquote(step).replace("~1", "/").replace("~0", "~")
                here = here[int(key)] if isinstance(here, list) else here[key]
        except (KeyError, IndexError, ValueError, TypeError):
            here = None
        if not isinstance(here, dict | bool):
            raise unresolved(ref)
        self._budget.spend(check(here) // 500)
        return here

    def _pick(self, options: Sequence[Any], attempt: int) -> Any:
        """Return the option for an attempt, in order but null last, and a random one after all of them."""
        if attempt >= len(options):
            return self._rng.choice(options)
        self._budget.spend(len(options) // 10)
        return sorted(options, key=lambda option: option in _NULLS)[attempt]

    def _value_by_type(self, flat: Schema, name: str, attempt: int) -> object:
        if "const" in flat or "enum" in flat:
            value = flat["const"] if "const" in flat else self._one_of(flat, attempt)
            self._budget.spend(len(json.dumps(value)) // _CHARACTERS_PER_STEP)
            return value
        types = flat.get("type", [_IMPLIED[key] for key in flat if key in _IMPLIED][:1] or _TYPES)
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

    def _one_of(self, flat: Schema, attempt: int) -> object:
        """Return a value of ``enum``, after the first attempt one that is valid by the other keywords."""
        values = flat["enum"] or [None]
        first = self._rng.randbelow(len(values))
        rest = {key: flat[key] for key in flat if attempt and key != "enum"}
        for value in values[first:] + values[:first]:
            if self._validator.is_valid(value, rest):
                return value
        raise UnsatisfiableError

    def _number(self, flat: Schema, name: str, *, whole: bool) -> float:
        known = _RANGE_OF_NAME.get(_last_word(name))
        step = Fraction(str(flat.get("multipleOf", 1 if whole or known else 0.01)))
        if whole:
            # The integer multiples of p/q are those of p.
            step = Fraction(step.numerator)
        ends = {key: Fraction(str(flat[key])) for key in _ENDS if key in flat}
        lows = [ends[key] for key in ("minimum", "exclusiveMinimum") if key in ends]
        highs = [ends[key] for key in ("maximum", "exclusiveMaximum") if key in ends]
        usual = [Fraction(end) for end in known or (1, 100)]
        span = max(usual[1] - usual[0], 10 * step)
        usual_low = min([usual[0], *(high - span for high in highs)])
        low = max([end for end in lows if end != -_LARGEST_EXACT] or [usual_low, *lows])
        high = min([end for end in highs if end != _LARGEST_EXACT] or [max(usual[1], low + span), *highs])
        if not whole and "multipleOf" not in flat and high - low < 8 * step:
            step = (high - low) / 8 or Fraction(1)
        first, last = ceil(low / step), floor(high / step)
        first += first * step == ends.get("exclusiveMinimum")
        last -= last * step == ends.get("exclusiveMaximum")
        if first > last:
            raise UnsatisfiableError
        choices = last - first + 1
        chosen = next(self._ids) % choices if _last_word(name) == "id" else self._rng.randbelow(choices)
        value = (first + chosen) * step
        return int(value) if whole or (known and value.denominator == 1) else float(value)

    def _string(self, flat: Schema, name: str, attempt: int) -> str:
        least, most = int(flat.get("minLength", 0)), int(flat.get("maxLength", _CHARACTERS))
        if least > _CHARACTERS:
            raise BudgetExceededError
        text = self._formatted(flat.get("format", ""))
        if text and "pattern" in flat and attempt < _TRIES // 2:
            self._patterns.checked(flat["pattern"], text, is_trusted=bool(UNSUPPORTED.search(flat["pattern"])))
        elif "pattern" in flat:
            start = "" if flat["pattern"].startswith("^") or attempt % 4 > 1 else text.partition("@")[0]
            text = start + self._patterns.make(flat["pattern"], attempt, length=least)
        elif not text:
            text = self._formatted(_FORMAT_OF_NAME.get(_last_word(name), ""))
            if not text or not least <= len(text) <= most:
                text = f"sample {name} {self._rng.randbelow(1000)}"
                text = (text + " and more of it" * max(0, (least - len(text) + 14) // 15))[:most]
        self._budget.spend(len(text) // _CHARACTERS_PER_STEP)
        if not least <= len(text) <= most:
            raise UnsatisfiableError
        return text

    def _formatted(self, form: str) -> str:
        """Return a string of a format, empty for an unknown one."""
        month, day, hour, n = (1 + self._rng.randbelow(bound) for bound in (12, 28, 22, 253))
        if form.startswith("uuid"):
            n = 1 + next(self._ids)
        return _FORMATS.get(form, "").format(month=month, day=day, hour=hour, n=n)

    def _array(self, flat: Schema, name: str) -> list[object]:
        rest: Any = flat.get("items", True)
        lead, rest = (rest, flat.get("additionalItems", True)) if isinstance(rest, list) else ([], rest)
        lead = flat.get("prefixItems", lead)
        if "contains" in flat:
            self._budget.spend(int(flat.get("minContains", 1)))
            lead = lead + [{"allOf": [rest, flat["contains"]]}] * int(flat.get("minContains", 1))
        needed = max(int(flat.get("minItems", 0)), len(lead))
        size = needed if needed or not self._may_add else 1 + self._rng.randbelow(3)
        self._budget.spend(size)
        made: list[object] = []
        seen: set[str] = set()
        for index in range(min(size, int(flat.get("maxItems", size)))):
            try:
                made.append(self._item(lead[index] if index < len(lead) else rest, name, seen, flat))
            except UnsatisfiableError:
                if index < needed:
                    raise
        return made

    def _item(self, schema: AnySchema, name: str, seen: set[str], flat: Schema) -> object:
        """Return an item of an array, not one of `seen` if the array has ``uniqueItems``."""
        for attempt in range(_TRIES + 8 * len(seen)):
            value = self.value(schema, name, attempt)
            if not flat.get("uniqueItems"):
                return value
            key = json.dumps(value, sort_keys=True)
            if key not in seen:
                seen.add(key)
                return value
        raise UnsatisfiableError

    def _object(self, flat: Schema, attempt: int) -> dict[str, object]:
        known, required = flat.get("properties", {}), dict.fromkeys(flat.get("required", []))
        most = int(flat.get("maxProperties", _STEPS))
        # Later attempts omit optional properties.
        room = max(0, most - len(required)) if attempt < _TRIES // 2 else 0
        optional = dict.fromkeys([name for name in known if name not in required][:room])
        names = [name for name in known | required if name in required or name in optional]
        needed = flat.get("dependentRequired", {})
        for name in names if needed else ():
            self._budget.spend(len(needed.get(name, ())) * (1 + len(names) // 500))
            names += [other for other in needed.get(name, ()) if other not in names]
        self._budget.spend((len(known) + len(required)) // 10)
        made: dict[str, object] = {}
        for name in names:
            if name in optional and not self._may_add:
                continue
            try:
                self._put(made, name, flat)
            except UnsatisfiableError:
                if name not in optional:
                    raise
        rest, patterns = flat.get("additionalProperties", True), flat.get("patternProperties", {})
        is_map = isinstance(rest, dict) or patterns
        least = int(flat.get("minProperties", bool(is_map and not made and most and self._may_add)))
        self._budget.spend(least)
        for number in range(2 * least):
            if len(made) < least:
                self._put(made, self._new_name(flat, number), flat)
        return made

    def _put(self, made: dict[str, object], name: str, flat: Schema) -> None:
        """Set a property of `made` by all schemas for its name."""
        self._budget.spend(len(name) // _CHARACTERS_PER_STEP)
        patterns = flat.get("patternProperties", {})
        parts = [part for pattern, part in patterns.items() if self._patterns.matches(pattern, name)]
        parts += [flat["properties"][name]] if name in flat.get("properties", {}) else []
        parts = parts or [flat.get("additionalProperties", True)]
        made[name] = self.value({"allOf": parts} if len(parts) > 1 else parts[0], name)

    def _new_name(self, flat: Schema, number: int) -> str:
        """Return a name for a property that the schema does not name."""
        if flat.get("patternProperties") and not isinstance(flat.get("additionalProperties"), dict):
            return self._patterns.make(self._rng.choice([*flat["patternProperties"]]), number)
        if "propertyNames" in flat:
            return str(self.value({"allOf": [{"type": "string"}, flat["propertyNames"]]}, "key"))
        return f"key{number + 1}"

    @property
    def _may_add(self) -> bool:
        """True while optional parts may be added."""
        return self._budget.steps > _STEPS - _OPTIONAL_STEPS and self._depth <= _OPTIONAL_DEPTH


def _last_word(name: str) -> str:
    """Return the last word of ``snake_case`` or ``camelCase`` in lower case."""
    return re.split(r"[_\W]|(?<=[a-z])(?=[A-Z])", name[-100:])[-1].lower()
