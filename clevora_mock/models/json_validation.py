"""jsonschema's validator, bounded: it counts against a budget, runs no pattern that may take long, fetches nothing."""

import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

from clevora_mock.models.json_patterns import SchemaPatterns, quoted
from clevora_mock.models.json_schema import AnySchema, Budget, Schema, SchemaError


class BoundedValidator:
    """A validator for the parts of one schema, `root`, to which their references lead."""

    def __init__(self, root: Schema, budget: Budget, patterns: SchemaPatterns) -> None:
        # An empty registry fetches nothing.
        self._validator = _Validator(root, registry=Registry(), format_checker=_Limits(budget, patterns))

    def is_valid(self, value: object, schema: AnySchema) -> bool:
        """Whether `value` is valid by `schema`; SchemaError for a reference that leads out of the root."""
        try:
            return bool(self._validator.evolve(schema=schema).is_valid(value))
        except Unresolvable as error:
            raise unresolved(error.ref) from None
        except OverflowError:
            # A number too large for a float, under a multipleOf that is one.
            return False


def unresolved(ref: str) -> SchemaError:
    """The error for a reference that leads nowhere, or out of its schema."""
    return SchemaError("references within the schema, such as #/$defs/Name", quoted(ref))


class _Limits(FormatChecker):
    """What a validation may take. jsonschema hands its format checker from part to part, so this stands in for one."""

    def __init__(self, budget: Budget, patterns: SchemaPatterns) -> None:
        super().__init__(())
        self.budget = budget
        self.patterns = patterns

    def search_all(self, patterns: Schema, names: dict[str, object]) -> None:
        """Count the searches that jsonschema is about to make; SchemaError where one could take long."""
        for pattern in patterns:
            for name in names:
                if not self.patterns.can_check(pattern, name):
                    raise SchemaError("patterns that match in a short time", quoted(pattern))
                self.patterns.matches(pattern, name)


def _counted(keyword: str, rule: Any) -> Any:
    """The `rule` for `keyword`, counted against the validator's limits."""

    def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        limits: _Limits = validator.format_checker
        limits.budget.spend(_steps(keyword, value, instance))
        if keyword in ("patternProperties", "additionalProperties") and isinstance(instance, dict):
            limits.search_all(schema.get("patternProperties", {}), instance)
        for error in rule(validator, value, instance, schema) or ():
            # Its message shows the whole instance.
            limits.budget.spend(len(error.message) // 1000)
            yield error

    return counted


def _steps(keyword: str, value: Any, instance: Any) -> int:
    """What the check of a keyword takes."""
    if keyword == "uniqueItems" and isinstance(instance, list):
        simple = all(isinstance(item, str) for item in instance)
        return len(instance) if simple else 1 + len(instance) ** 2 // 4
    if keyword in ("enum", "const") and isinstance(instance, list | dict):
        return 1 + len(json.dumps(value)) // 50
    return 1 + len(value) // 20 if keyword == "enum" else 4 if keyword == "$ref" else 1


def _pattern(validator: Any, value: str, instance: object, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not validator.format_checker.patterns.matches(value, instance):
        yield ValidationError("does not match")


def _items(validator: Any, value: Any, instance: object, schema: Any) -> Any:
    draft = Draft7Validator if isinstance(value, list) else Draft202012Validator
    return draft.VALIDATORS["items"](validator, value, instance, schema)


_RULES = {**Draft202012Validator.VALIDATORS, "pattern": _pattern, "items": _items, "$dynamicRef": lambda *_: ()}
_Validator: Any = extend(Draft202012Validator, {key: _counted(key, rule) for key, rule in _RULES.items()})  # type: ignore[no-untyped-call]
