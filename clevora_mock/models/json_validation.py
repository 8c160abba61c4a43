"""jsonschema's validator within a budget, without slow regular expressions and without network access."""

import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft7Validator, Draft202012Validator, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

from clevora_mock.core.messages import quoted
from clevora_mock.models.json_patterns import SchemaPatterns
from clevora_mock.models.json_schema import AnySchema, BudgetExceededError, Schema, SchemaError

# Rules within rules. At Python's own limit, a library in Rust would panic.
_DEEPEST = 100
# Keywords that make jsonschema build further validators.
_CHOICES = frozenset({"$ref", "anyOf", "oneOf", "not", "if", "contains", "unevaluatedItems", "unevaluatedProperties"})


class BoundedValidator:
    """A validator for parts of the schema `root`, within which references are resolved."""

    def __init__(self, root: Schema, patterns: SchemaPatterns) -> None:
        self._patterns = patterns
        shown = [part.get("patternProperties") for part in _objects(root)]
        self._name_patterns = {pattern: None for part in shown if isinstance(part, dict) for pattern in part}
        # An empty registry does not fetch references. The format checker is handed down to every part; formats are not
        # checked, so the patterns with their budget take its place.
        self._validator = _Validator(root, registry=Registry(), format_checker=patterns)

    def is_valid(self, value: object, schema: AnySchema) -> bool:
        """Tell whether `value` is valid by `schema`. Raises SchemaError for a reference outside the root."""
        self._patterns.budget.spend(2)
        for pattern in self._name_patterns:
            # jsonschema searches the names of properties itself.
            for name in {name for part in _objects(value) for name in part}:
                if not self._patterns.can_check(pattern, name):
                    raise SchemaError("patterns that match in a short time", quoted(pattern))
                self._patterns.matches(pattern, name)
        try:
            return bool(self._validator.evolve(schema=schema).is_valid(value))
        except Unresolvable as error:
            raise unresolved(error.ref) from None
        except OverflowError:
            # A number too large for a float, with a float multipleOf.
            return False


def unresolved(ref: str) -> SchemaError:
    """Return the error for a reference without a target in the schema."""
    return SchemaError("references within the schema, such as #/$defs/Name", quoted(ref))


def _objects(value: object) -> Iterator[dict[str, Any]]:
    """Yield all objects in a JSON value."""
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            yield part
        left += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()


def _counted(keyword: str, rule: Any) -> Any:
    """Wrap the `rule` of `keyword` to count against the validator's budget, and to limit the depth."""

    def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        budget = validator.format_checker.budget
        budget.spend(_steps(keyword, value, instance))
        budget.depth += 1
        try:
            if budget.depth > _DEEPEST:
                raise BudgetExceededError
            for error in rule(validator, value, instance, schema) or ():
                # The message contains the whole instance, and may contain the schema.
                budget.spend(len(error.message) // 200)
                yield error
        finally:
            budget.depth -= 1

    return counted


def _steps(keyword: str, value: Any, instance: Any) -> int:
    """Return the cost of a keyword's check in steps."""
    if keyword == "uniqueItems" and isinstance(instance, list):
        simple = all(isinstance(item, str) for item in instance)
        return len(instance) if simple else 1 + len(instance) ** 2 // 4
    if keyword in ("enum", "const") and isinstance(instance, list | dict):
        return 1 + len(json.dumps(value)) // 50
    if keyword in _CHOICES:
        return 3
    return 1 + len(value) // 10 if isinstance(value, list | dict) else 1


def _pattern(validator: Any, value: str, instance: object, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not validator.format_checker.matches(value, instance):
        yield ValidationError("does not match")


def _items(validator: Any, value: Any, instance: object, schema: Any) -> Any:
    draft = Draft7Validator if isinstance(value, list) else Draft202012Validator
    return draft.VALIDATORS["items"](validator, value, instance, schema)


def _any_of(validator: Any, options: Any, instance: object, _schema: Any) -> Iterator[ValidationError]:
    # jsonschema's own rule collects the errors of all options.
    if not any(validator.evolve(schema=option).is_valid(instance) for option in options):
        yield ValidationError("no option is valid")


_IGNORED = dict.fromkeys(("format", "$dynamicRef"), lambda *_: ())
_CHANGED = {"pattern": _pattern, "items": _items, "anyOf": _any_of, **_IGNORED}
_RULES = {**Draft202012Validator.VALIDATORS, **_CHANGED}
_Validator: Any = extend(Draft202012Validator, {key: _counted(key, rule) for key, rule in _RULES.items()})  # type: ignore[no-untyped-call]
