"""Values for JSON Schemas: valid, the same for the same seed, and bounded whatever the schema."""

import json
import re
import socket
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Interface, IPv4Network, IPv6Network
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    UUID1,
    UUID4,
    UUID7,
    Base64Bytes,
    BaseModel,
    Field,
    HttpUrl,
    IPvAnyAddress,
    IPvAnyNetwork,
    TypeAdapter,
)

from clevora_mock.core.errors import ApiError
from clevora_mock.core.rng import RandomStream, stable_hash
from clevora_mock.models.chat import ChatModel, Turn
from clevora_mock.models.json_schema import SchemaError
from clevora_mock.models.json_values import values_for
from clevora_mock.models.templates import load
from tests.support.examples import share

MODEL = ChatModel(load(Path(__file__).parents[2].joinpath("fixtures/chat.json").read_bytes()))
CHECKER = jsonschema.Draft202012Validator.FORMAT_CHECKER
Schema = dict[str, Any]


def value(schema: object, seed: int = 1) -> Any:
    return values_for(schema, RandomStream(stable_hash(seed)), 1)[0]


def check(schema: Schema, made: object) -> None:
    jsonschema.Draft202012Validator(schema, format_checker=CHECKER).validate(made)


def properties(required: Any = None, **schemas: Any) -> Schema:
    return {"type": "object", "properties": schemas, "required": required or list(schemas)}


TEXT, WHOLE, REAL, FLAG = ({"type": name} for name in ("string", "integer", "number", "boolean"))
TREE: Schema = {
    "$ref": "#/$defs/Node",
    "$defs": {"Node": properties(name=TEXT, children={"type": "array", "items": {"$ref": "#/$defs/Node"}})},
}
# As zod 4 writes them.
EMAIL = r"^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-\.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z]{2,}$"
UUIDS = r"^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}|0{8})$"
TIMES = r"^\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|02-(?:0[1-9]|1\d|2[0-8]))T(?:[01]\d|2[0-3]):[0-5]\d.*Z$"

SCHEMAS: list[Schema] = [
    properties(name=TEXT, age=WHOLE, price=REAL, active=FLAG),
    properties(size={"enum": ["S", "M", "L"]}, version={"const": 2}, nothing={"type": "null"}),
    properties(nickname={"anyOf": [TEXT, {"type": "null"}]}, code={"type": ["string", "null"]}),
    properties(day={"type": "string", "format": "date"}, at={"type": "string", "format": "date-time"}),
    properties(mail={"type": "string", "format": "email"}, id={"type": "string", "format": "uuid"}),
    properties(site={"type": "string", "format": "uri"}, ip={"type": "string", "format": "ipv4"}),
    properties(ip={"type": "string", "format": "ipv6"}, time={"type": "string", "format": "time"}),
    properties(host={"type": "string", "format": "hostname"}, re={"type": "string", "format": "regex"}),
    properties(title={"type": "string", "minLength": 200}, tag={"type": "string", "maxLength": 3}),
    properties(word={"type": "string", "minLength": 5, "maxLength": 5}),
    properties(word={"type": "string", "minLength": 5.0, "maxLength": 5}),
    properties(code={"type": "string", "pattern": r"^[A-Z]{3}-\d{4}$"}),
    properties(slug={"type": "string", "pattern": r"^[a-z0-9]+(?:-[a-z0-9]+)*$", "minLength": 12}),
    properties(phone={"type": "string", "pattern": r"^\+?\d{1,3} \(\d{3}\) \d{3}-\d{4}$"}),
    properties(mail={"type": "string", "format": "email", "pattern": EMAIL}),
    properties(id={"type": "string", "format": "uuid", "pattern": UUIDS}),
    properties(at={"type": "string", "format": "date-time", "pattern": TIMES}),
    properties(amount={"type": "string", "pattern": r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$"}),
    properties(word={"type": "string", "pattern": r"(\w)\1"}),
    properties(word={"type": "string", "pattern": "^(a+)+$", "minLength": 30}),
    properties(word={"type": "string", "pattern": "[^a-y]{20}$"}),
    properties(word={"type": "string", "pattern": "^sk-[a-z]*", "minLength": 2000}),
    properties(word={"type": "string", "pattern": "^[A-Z]", "minLength": 2}),
    properties(key={"type": "string", "pattern": "^sk-", "minLength": 10}),
    properties(day={"type": "string", "pattern": r"^(?P<y>\d{4})-\d\d$"}),
    properties(word={"type": "string", "pattern": "(?<=x)((a+)+)+$"}),
    properties(digest={"type": "string", "pattern": "^sha256:[0-9a-f]+$", "minLength": 71, "maxLength": 71}),
    properties(n={"type": "integer", "minimum": 10, "maximum": 10}),
    properties(n={"type": "integer", "exclusiveMinimum": 5, "exclusiveMaximum": 7}),
    properties(n={"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001}),
    properties(n={"type": "integer", "multipleOf": 7, "minimum": 50, "maximum": 60}),
    properties(n={"type": "number", "multipleOf": 0.25, "minimum": -3, "maximum": -2}),
    properties(n={"type": "number", "multipleOf": 0.01}),
    properties(n={"type": "number", "minimum": 1e308}),
    properties(n={"type": "integer", "minimum": 10**18, "multipleOf": 7}),
    properties(n={"type": "integer", "maximum": -5}),
    properties(xs={"type": "array", "items": WHOLE, "minItems": 3, "maxItems": 3}),
    properties(xs={"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": True, "minItems": 3}),
    properties(xs={"type": "array", "items": TEXT, "uniqueItems": True, "minItems": 12}),
    properties(xs={"type": "array", "prefixItems": [WHOLE, TEXT], "items": FLAG, "minItems": 2}),
    properties(xs={"type": "array", "prefixItems": [WHOLE, TEXT], "items": False}),
    properties(xs={"type": "array", "contains": {"const": 5}, "minContains": 2, "items": WHOLE}),
    properties(xs={"type": "array", "contains": WHOLE, "maxContains": 1, "minItems": 3}),
    properties(
        xs={"type": "array", "items": {"anyOf": [{"const": n} for n in range(5)]}, "uniqueItems": True, "minItems": 5}
    ),
    properties(xs={"type": "array", "items": {"enum": list(range(40))}, "uniqueItems": True, "minItems": 40}),
    properties(xs={"type": "array"}, any={}, o={"type": "object"}),
    properties(xs={"type": "array", "items": WHOLE, "minItems": 500}),
    {"type": "object", "additionalProperties": WHOLE, "minProperties": 4},
    {"type": "object", "additionalProperties": WHOLE},
    {"type": "object", "patternProperties": {"^x-": WHOLE}, "additionalProperties": False, "minProperties": 1},
    {"type": "object", "propertyNames": {"pattern": "^[a-z]{3}$"}, "minProperties": 2},
    {"type": "object", "properties": {"a": TEXT, "b": TEXT, "c": TEXT}, "required": ["c"], "maxProperties": 2},
    {**properties(a=TEXT), "additionalProperties": False},
    {**properties(a=TEXT), "unevaluatedProperties": False},
    {"type": "object", "required": ["a", "b"], "additionalProperties": REAL},
    {"type": "object", "properties": {"card": TEXT}, "dependentRequired": {"card": ["address"]}},
    {"properties": {"a": TEXT}, "dependentRequired": {"a": ["b"], "b": ["c"], "c": ["a"]}, "type": "object"},
    {**properties(card=REAL), "dependentSchemas": {"card": properties(address=TEXT)}},
    {"type": "string", "allOf": [{"pattern": "^ab.*"}, {"pattern": ".*yz$"}]},
    {"type": "string", "allOf": [{"pattern": ".*yz$"}, {"pattern": "^ab.*"}]},
    {"type": "string", "format": "email", "pattern": r"@corp\.com$"},
    {"type": "object", "properties": {"never": False, "a": TEXT}, "required": ["a"]},
    {"allOf": [properties(a=TEXT), properties(b=WHOLE), {"properties": {"b": {"minimum": 100}}}]},
    {"allOf": [{"anyOf": [{"const": 1}, {"const": 2}]}, {"anyOf": [{"const": 2}, {"const": 3}]}]},
    {"oneOf": [properties(kind={"const": "cat"}, lives=WHOLE), properties(kind={"const": "dog"}, good=FLAG)]},
    properties(n={"oneOf": [WHOLE, {"type": "number", "minimum": 0}]}),
    properties(n={"type": "integer", "minimum": 1, "maximum": 3, "not": {"enum": [1, 3]}}),
    {"not": TEXT},
    {"enum": list(range(1000)), "minimum": 999},
    {"anyOf": [False, False, TEXT]},
    {
        **properties(kind={"enum": ["card", "cash"]}),
        "if": {"properties": {"kind": {"const": "card"}}},
        "then": properties(number=TEXT),
        "else": properties(change=WHOLE),
    },
    {"type": "array", "items": properties(title=TEXT), "minItems": 2},
    {"type": "string"},
    {"enum": [None]},
    {"enum": [{}, {}]},
    {},
    TREE,
    {"$defs": {"A[int]": WHOLE}, **properties(x={"$ref": "#/$defs/A%5Bint%5D"})},
    {"$defs": {"a/b": WHOLE}, **properties(x={"$ref": "#/$defs/a~1b"})},
    {"definitions": {"P": properties(name=TEXT)}, **properties(p={"allOf": [{"$ref": "#/definitions/P"}]})},
    {"$schema": "http://json-schema.org/draft-07/schema#", **properties(a=TEXT)},
    {"$id": "http://example.com/[", **properties(a={"not": {"$id": "http://[", **WHOLE}})},
    properties(**{"$id": TEXT, "$schema": WHOLE}),
    {"type": "string", "nullable": True, "title": "Name", "description": "A name.", "examples": ["Ann"]},
    properties(**{f"p{number}": TEXT for number in range(500)}),
]


@pytest.mark.slow
def test_a_value_is_valid_for_its_schema() -> None:
    for schema, seed in product(SCHEMAS, range(20)):
        check(schema, value(schema, seed))


def test_a_named_group_of_javascript_is_understood() -> None:
    assert re.fullmatch(r"\d{4}-\d\d", value({"type": "string", "pattern": r"^(?<year>\d{4})-\d\d$"}))


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Row(BaseModel):
    name: str | None
    color: Color
    note: str | None = None


def test_a_list_of_a_hundred_records_is_not_too_large() -> None:
    schema = TypeAdapter(Annotated[list[Row], Field(min_length=100)]).json_schema()
    assert len(value(schema)) == 100


class Formats(BaseModel):
    one: UUID1
    four: UUID4
    seven: UUID7
    data: Base64Bytes
    network: IPv4Network
    interface: IPv4Interface
    six: IPv6Network
    any_address: IPvAnyAddress
    any_network: IPvAnyNetwork
    age: Annotated[float, Field(ge=18)]


def test_pydantic_takes_the_strings_of_its_own_formats() -> None:
    for seed in range(20):
        Formats.model_validate(value(Formats.model_json_schema(), seed))


def test_a_slow_pattern_goes_before_the_format_beside_it() -> None:
    made = value({"type": "string", "format": "email", "pattern": "^(a+)+$"})
    assert set(made) == {"a"}


def test_a_number_that_is_usually_whole_is_written_so() -> None:
    assert re.fullmatch(r"\d+", json.dumps(value(properties(age=REAL))["age"]))


def test_the_bounds_that_zod_gives_every_integer_make_no_large_numbers() -> None:
    exact = {"type": "integer", "minimum": -9007199254740991, "maximum": 9007199254740991}
    schema = properties(
        age=exact, count=exact, most=exact | {"minimum": 9007199254740990}, least=exact | {"maximum": 0}
    )
    for seed in range(20):
        made = value(schema, seed)
        assert 18 <= made["age"] <= 80
        assert 1 <= made["count"] <= 100
        assert made["most"] >= 9007199254740990
        assert -99 <= made["least"] <= 0
        check(schema, made)


def test_a_boolean_schema_gives_a_value() -> None:
    assert isinstance(value(True), str)


def test_a_tuple_of_an_older_draft_is_valid_by_it() -> None:
    schema = {"type": "array", "items": [WHOLE, TEXT], "additionalItems": False, "minItems": 2}
    made = value(schema)
    jsonschema.Draft7Validator(schema).validate(made)
    assert len(made) == 2


def test_names_of_properties_suggest_formats_and_ranges() -> None:
    made = value(properties(work_email=TEXT, homepageUrl=TEXT, birthDate=TEXT, age=WHOLE))
    assert made["work_email"].endswith("@example.com")
    assert made["homepageUrl"].startswith("https://example.com/")
    date.fromisoformat(made["birthDate"])
    assert 18 <= made["age"] <= 80


IDS = [{"type": "string"}, {"type": "string", "format": "uuid"}, WHOLE, {"type": "integer", "minimum": 1}]


@pytest.mark.parametrize("schema", IDS)
def test_ids_in_an_array_differ(schema: Schema) -> None:
    made = value({"type": "array", "items": properties(id=schema, name=TEXT), "minItems": 100})
    assert len({item["id"] for item in made}) == 100


def test_optional_properties_are_there_and_null_is_the_last_choice() -> None:
    made = value({"type": "object", "properties": {"a": TEXT, "b": {"anyOf": [{"type": "null"}, WHOLE]}}})
    assert isinstance(made["a"], str)
    assert isinstance(made["b"], int)


def test_a_recursive_schema_shows_its_shape_once() -> None:
    made = value({**properties(name=TEXT), "properties": {"name": TEXT, "left": {"$ref": "#"}, "right": {"$ref": "#"}}})
    assert made["left"].keys() == made["right"].keys() == {"name"}


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = Field(ge=1, le=9)


class Dog(BaseModel):
    kind: Literal["dog"]
    good: bool


class User(BaseModel):
    id: UUID
    name: str = Field(min_length=2, max_length=30)
    email: str | None = None
    site: HttpUrl
    born: date
    joined: datetime
    color: Color
    price: Decimal
    tags: set[str]
    pair: tuple[int, str]
    counts: dict[str, int]
    zip: str = Field(pattern=r"^\d{5}(-\d{4})?$")
    step: Annotated[int, Field(multiple_of=5)]
    score: float = Field(ge=0, le=1)
    pet: Cat | Dog = Field(discriminator="kind")
    friends: list["User"] = Field(max_length=3)
    boss: "User | None" = None


def test_pydantic_takes_the_value_of_its_own_schema() -> None:
    for seed in range(20):
        User.model_validate_json(json.dumps(value(User.model_json_schema(), seed)))
        TypeAdapter(list[Cat | Dog]).validate_python(value(TypeAdapter(list[Cat | Dog]).json_schema(), seed))


UNMET, TOO_LARGE = "a schema that a value can meet", "a schema of moderate size"
INVALID, REFERENCE, PATTERN = "a valid JSON Schema", "references within the schema", "a regular expression"
SLOW = "patterns that match in a short time"


def chain(length: int, key: str, end: object) -> Schema:
    """Return a schema that leads to `end` in 2**length ways."""
    links = {f"d{at}": {key: [{"$ref": f"#/$defs/d{at + 1}"}] * 2} for at in range(length)}
    return {"$ref": "#/$defs/d0", "$defs": {**links, f"d{length}": end}}


def nested(depth: int) -> Schema:
    schema: Schema = TEXT
    for _ in range(depth):
        schema = {"type": "array", "items": schema, "minItems": 2}
    return schema


WIDE = "".join(f"[{chr(300 + number)}-\uffff]" for number in range(150))
REFUSED: list[tuple[object, str]] = [
    ([], INVALID),
    ("string", INVALID),
    (None, INVALID),
    ({"type": 3}, INVALID),
    ({"type": "String"}, INVALID),
    ({"type": []}, INVALID),
    ({"properties": []}, INVALID),
    ({"properties": {"a": "string"}}, INVALID),
    ({"properties": {"a": {"required": True}}}, INVALID),
    ({"enum": [{}, {}], "required": [{}]}, INVALID),
    ({"multipleOf": 0}, INVALID),
    ({"minLength": -1}, INVALID),
    ({"minLength": 1.5}, INVALID),
    ({"minimum": True}, INVALID),
    ({"anyOf": []}, INVALID),
    ({"items": 5}, INVALID),
    ({"$id": 3}, INVALID),
    ({"$schema": 5}, INVALID),
    ({"$anchor": []}, INVALID),
    ({"$dynamicAnchor": True}, INVALID),
    ({"$dynamicRef": 3}, INVALID),
    ({"type": "string", "pattern": "["}, PATTERN),
    ({"type": "string", "pattern": r"\p{L}"}, PATTERN),
    ({"type": "string", "pattern": "(?i)a"}, PATTERN),
    ({"type": "string", "pattern": "[[a]"}, PATTERN),
    ({"type": "string", "pattern": "a" * 100_000}, PATTERN),
    ({"$ref": "#/nowhere"}, REFERENCE),
    ({"$ref": "#/$defs/a/0", "$defs": {"a": {}}}, REFERENCE),
    ({"$ref": "#anchor"}, REFERENCE),
    ({"$ref": "https://example.com/schema.json"}, REFERENCE),
    ({"oneOf": [TEXT, {"$ref": "https://example.com/schema.json"}]}, REFERENCE),
    ({"$ref": "#/a", "a": {"$id": "http://example.com/x", "$ref": "#/b"}}, REFERENCE),
    ({"$ref": "#"}, UNMET),
    ({"allOf": [{"$ref": "#"}, {"$ref": "#"}, {"$ref": "#"}]}, UNMET),
    ({"$ref": "#", "unevaluatedProperties": False}, UNMET),
    (properties(a={"$ref": "#"}, b={"$ref": "#"}), UNMET),
    (False, UNMET),
    ({"not": {}}, UNMET),
    ({"enum": []}, UNMET),
    ({"type": "string", "minLength": 5, "maxLength": 2}, UNMET),
    ({"type": "integer", "minimum": 5, "maximum": 2}, UNMET),
    ({"type": "number", "multipleOf": 1e-320}, UNMET),
    ({"type": "number", "exclusiveMinimum": 1.7e308, "multipleOf": 1e308}, UNMET),
    ({"type": "array", "items": {"const": 1}, "uniqueItems": True, "minItems": 5}, UNMET),
    ({"type": "object", "required": ["a"], "additionalProperties": False}, UNMET),
    ({"const": "a" * 40, "pattern": "^(a+)+b$"}, UNMET),
    ({"$schema": "http://json-schema.org/draft-07/schema#", "const": "a" * 40, "pattern": "^(a+)+b$"}, UNMET),
    ({"not": {"$ref": "http://["}}, INVALID),
    ({"enum": ["a" * 40 + "!"], "pattern": "^(a|a)*$"}, UNMET),
    (chain(30, "anyOf", False), UNMET),
    (chain(30, "oneOf", TEXT), TOO_LARGE),
    ({"type": "string", "minLength": 10**9}, TOO_LARGE),
    ({"type": "string", "minLength": 1e300}, TOO_LARGE),
    ({"type": "array", "minItems": 10**9}, TOO_LARGE),
    ({"type": "object", "minProperties": 10**9}, TOO_LARGE),
    ({"type": "array", "contains": TEXT, "minContains": 10**9}, TOO_LARGE),
    ({"type": "array", "items": {"$ref": "#"}, "minItems": 3}, UNMET),
    ({"type": "array", "items": {"const": "x" * 50_000}, "minItems": 100}, TOO_LARGE),
    ({"type": "array", "items": properties(a=WHOLE), "uniqueItems": True, "minItems": 300}, TOO_LARGE),
    ({"type": "array", "items": {"enum": list(range(20_000))}, "uniqueItems": True, "minItems": 300}, TOO_LARGE),
    (nested(30), TOO_LARGE),
    (nested(900), TOO_LARGE),
    ({"type": "string", "pattern": "((a{1000}){1000}){1000}"}, TOO_LARGE),
    ({"type": "string", "pattern": "a{1000000}"}, TOO_LARGE),
    ({"type": "string", "pattern": WIDE}, TOO_LARGE),
    ({"items": {"type": "string", "pattern": "(a)" * 300}, "minItems": 400}, TOO_LARGE),
    (properties(**{f"p{number}": TEXT for number in range(5000)}), TOO_LARGE),
    ({"patternProperties": {f"^a{number}": TEXT for number in range(900)}, **properties(a=TEXT, b=TEXT)}, TOO_LARGE),
    ({"anyOf": [{"minProperties": 1, "maxProperties": 0}] * 1000}, TOO_LARGE),
    ({"const": "x" * 300_000}, TOO_LARGE),
    ({"allOf": [TEXT] * 1000, "properties": {f"p{number}": TEXT for number in range(3000)}}, TOO_LARGE),
    ({"const": "\ud800"}, INVALID),
    ({"items": {"properties": {f"p{n}": TEXT for n in range(5000)}}, "minItems": 800}, TOO_LARGE),
    ({"patternProperties": {"^(a+)+$": TEXT}, **properties(**{"a" * 30: TEXT})}, SLOW),
    (
        {
            "unevaluatedProperties": False,
            "allOf": [{"patternProperties": {"^(a+)+$": {}}}],
            "required": ["a" * 40 + "!"],
        },
        SLOW,
    ),
]


def outcome(schema: object) -> str:
    """Return what was expected instead of `schema`, or an empty text if it has a value."""
    try:
        value(schema)
    except SchemaError as error:
        return error.expected
    return ""


def test_a_schema_that_gives_no_value_is_refused() -> None:
    wrong = [(schema, outcome(schema)) for schema, expected in REFUSED if not outcome(schema).startswith(expected)]
    assert wrong == []


def test_a_validation_without_end_is_refused_whatever_is_on_the_stack() -> None:
    """At Python's limit of recursion a library in Rust panics, with an exception that ends the server."""
    endless = {"if": {"type": ["object", "array"]}, "else": {"$ref": "#/$defs/Endless"}}
    schema = {"type": "string", "not": {"$ref": "#/$defs/Endless"}, "$defs": {"Endless": endless}}

    def refused(frames: int) -> bool:
        if frames:
            return refused(frames - 1)
        with pytest.raises(SchemaError):
            value(schema)
        return True

    assert all(refused(frames) for frames in range(20))


def test_a_deep_pattern_is_refused() -> None:
    with pytest.raises(SchemaError):
        value({"type": "string", "pattern": "(" * 450 + ")" * 450})


LARGE: list[Schema] = [
    chain(30, "anyOf", True),
    {"enum": list(range(30_000))},
    {"allOf": [{"enum": [f"v{n}" for n in range(low, low + 12_000)]} for low in (0, 11_000)]},
    {"type": "object", "properties": {f"p{n}": TEXT for n in range(5000)}},
    {"dependentRequired": {f"p{n}": [f"q{m}" for m in range(20)] for n in range(500)}, "properties": {"p1": TEXT}},
    {"type": "array", "items": WHOLE, "minItems": 1000},
    {"type": "string", "minLength": 150_000},
    {"const": [[0] * 100] * 300},
    {"type": "string", "pattern": "[\u0100-\uffff]{5}"},
    {"type": "string", "not": {"pattern": "^(a+)+$"}},
    {
        "$ref": "#/$defs/d0",
        "$defs": {
            f"d{at}": {"type": "object", "properties": {f"x{to}": {"$ref": f"#/$defs/d{to}"} for to in range(12)}}
            for at in range(12)
        },
    },
]


@pytest.mark.parametrize("schema", LARGE, ids=[json.dumps(schema)[:60] for schema in LARGE])
def test_a_large_schema_has_a_value(schema: Schema) -> None:
    assert len(json.dumps(value(schema))) < 400_000


def seconds(work: Callable[[], object]) -> float:
    """Return the least processor time of three calls."""
    taken = []
    for _ in range(3):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return min(taken)


@pytest.mark.slow
def test_no_schema_takes_long() -> None:
    """About twice as long as counting to a million on a quiet machine; the limit leaves room for a busy one."""
    unit = seconds(lambda: sum(number & 1 for number in range(1_000_000)))
    slow = [
        (schema, taken / unit)
        for schema in [*(schema for schema, _ in REFUSED), *LARGE]
        if (taken := seconds(lambda schema=schema: outcome(schema))) > 4 * unit  # type: ignore[misc]
    ]
    assert slow == []


@pytest.mark.slow
def test_no_schema_takes_much_memory() -> None:
    large = []
    for schema in [*(schema for schema, _ in REFUSED), *LARGE]:
        outcome(schema)
        tracemalloc.start()
        outcome(schema)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        if peak > 4 * 2**20:
            large.append((schema, peak))
    assert large == []


@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef"])
def test_no_reference_is_fetched(keyword: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda *arguments: opened.append(arguments))
    with suppress(SchemaError):
        value({"anyOf": [{keyword: "http://127.0.0.1:9/a"}, TEXT]})
    assert opened == []


GOLDEN: list[tuple[Schema, Any]] = [
    (
        properties(name=TEXT, age=WHOLE, email=TEXT, active=FLAG),
        {"name": "sample name 154", "age": 59, "email": "user8@example.com", "active": False},
    ),
    (properties(code={"type": "string", "pattern": r"^[A-Z]{3}-\d{4}$"}), {"code": "QEI-6729"}),
    (properties(word={"type": "string", "pattern": r"^[^a-z]{3}\W$"}), {"word": "H&4 "}),
]


@pytest.mark.parametrize(("schema", "made"), GOLDEN)
def test_values_are_the_same_on_every_machine(schema: Schema, made: Any) -> None:
    assert value(schema, seed=7) == made


def test_seeds_vary_the_value() -> None:
    assert len({json.dumps(value(properties(name=TEXT, n=WHOLE), seed)) for seed in range(20)}) >= 15


# Response formats (C9)


def answer(response_format: dict[str, Any], text: str = "Ann is 31") -> Any:
    return json.loads(MODEL.reply([Turn("user", text)], seed=1, response_format=response_format))


PERSON = properties(name=TEXT, age=WHOLE)


def test_a_json_schema_format_is_kept_to() -> None:
    check(PERSON, answer({"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": PERSON}}))


@pytest.mark.parametrize("kind", ["json_schema", "json_object"])
def test_a_schema_beside_the_type_is_kept_to(kind: str) -> None:
    check(PERSON, answer({"type": kind, "schema": PERSON}))


def test_a_literal_does_not_break_a_schema() -> None:
    check(PERSON, answer({"type": "json_schema", "json_schema": {"schema": PERSON}}, "Reply with exactly: pong"))


BAD_FORMATS: list[tuple[dict[str, Any], str]] = [
    ({"type": "json_schema"}, "response_format.json_schema: required, but missing"),
    ({"type": "json_schema", "json_schema": 5}, "response_format.json_schema: expected an object"),
    (
        {"type": "json_schema", "json_schema": {"name": "a"}},
        "response_format.json_schema.schema: required, but missing",
    ),
    (
        {"type": "json_schema", "json_schema": {"schema": {"type": 3}}},
        "response_format.json_schema.schema: expected a valid JSON Schema, got an error in it: Expected",
    ),
    (
        {"type": "json_schema", "json_schema": {"schema": {"not": {}}}},
        "response_format.json_schema.schema: expected a schema that a value can meet, got one for which none was found",
    ),
    (
        {"type": "json_schema", "json_schema": {"schema": {"type": "string", "minLength": 10**9}}},
        "response_format.json_schema.schema: expected a schema of moderate size, got one that exceeds the",
    ),
    # Its size is looked at first, since to check 4 MiB of keywords would take long.
    (
        {"type": "json_schema", "json_schema": {"schema": {"properties": {"a" * 256 * 1024: {"type": 3}}}}},
        "response_format.json_schema.schema: expected a schema of moderate size, got one that exceeds the",
    ),
    (
        {"type": "json_object", "schema": {"type": "array"}},
        "response_format.schema: expected the schema of an object, got that of another value",
    ),
    ({"type": "json_object", "schema": []}, "response_format.schema: expected a valid JSON Schema"),
]


@pytest.mark.parametrize(("response_format", "message"), BAD_FORMATS)
def test_a_bad_response_format_is_refused(response_format: dict[str, Any], message: str) -> None:
    with pytest.raises(ApiError) as caught:
        answer(response_format)
    assert caught.value.spec.status == 400
    assert caught.value.message.startswith(message)


# Schemas in messages

INSTRUCTOR = """
As a genius expert, your task is to understand the content and provide
the parsed objects in json that match the following json_schema:

{schema}

Make sure to return an instance of the JSON, not the schema itself
"""
LANGCHAIN = """
The output should be formatted as a JSON instance that conforms to the JSON schema below.

As an example, for the schema {{"properties": {{"foo": {{"type": "array", "items": {{"type": "string"}}}}}},
"required": ["foo"]}} the object {{"foo": ["bar", "baz"]}} is a well-formatted instance of the schema.

Here is the output schema:
```
{schema}
```
"""


@pytest.mark.parametrize("role", ["system", "developer", "user"])
def test_a_schema_in_a_message_is_kept_to(role: str) -> None:
    prompts = [INSTRUCTOR, LANGCHAIN, "Answer in JSON by this schema: {schema}"]
    for prompt, indent in product(prompts, [None, 2]):
        text = prompt.format(schema=json.dumps(PERSON, indent=indent))
        asked = [] if role == "user" else [Turn("user", "Extract: Jason is 25 years old")]
        check(PERSON, json.loads(MODEL.reply([Turn(role, text), *asked], seed=1)))


USES = [
    ("What is up?", "Use this JSON schema to answer: {schema}"),
    ("What is up?", "Given the following JSON schema, produce an object: {schema}"),
    ("Answer with an object matching {schema}", ""),
    ("Respond per {schema}", ""),
]


@pytest.mark.parametrize(("text", "system"), USES)
def test_a_schema_that_is_to_be_used_is_kept_to(text: str, system: str) -> None:
    turns = [
        Turn(role, words.replace("{schema}", json.dumps(PERSON)))
        for role, words in [("system", system), ("user", text)]
    ]
    made = json.loads(MODEL.reply(turns, seed=1))
    assert made.keys() == {"name", "age"}


def test_a_schema_in_a_system_message_outranks_a_literal() -> None:
    system = INSTRUCTOR.format(schema=json.dumps(PERSON))
    check(PERSON, json.loads(MODEL.reply([Turn("system", system), Turn("user", "Say hi. Jason is 25.")], seed=1)))


def test_a_described_schema_of_instructor_in_javascript_is_kept_to() -> None:
    schema = {"name": "Person", "description": "", **PERSON}
    system = (
        "Given a user prompt, you will return fully valid JSON based on the following description and schema.\n You"
        " will return no other prose. You will take into account any descriptions or required parameters within the"
        " schema\n and return a valid and fully escaped JSON object that matches the schema and those instructions.\n\n"
        f" description: Person\n json schema: {json.dumps(schema)}"
    )
    turns = [Turn("system", system), Turn("user", "Invent a person who sails.")]
    check(PERSON, json.loads(MODEL.reply(turns, seed=1)))


DOUBLED = json.dumps({"properties": {"a": {"const": {"b": 1}}}, "required": ["a"]}).translate({123: "{{", 125: "}}"})
LLAMA_INDEX = f"""Extract the value.


Here's a JSON schema to follow:
{DOUBLED}

Output a valid JSON object but do not repeat the schema.
"""


def test_a_schema_whose_braces_are_all_doubled_is_kept_to() -> None:
    assert MODEL.reply([Turn("user", LLAMA_INDEX)], seed=1) == '{"a":{"b":1}}'


def test_a_schema_after_one_with_doubled_braces_counts() -> None:
    text = f"Answer in JSON by this schema: {DOUBLED}{json.dumps(PERSON)}"
    check(PERSON, json.loads(MODEL.reply([Turn("user", text)], seed=1)))


@pytest.mark.parametrize("keyword", ["$id", "$schema", "$anchor", "$dynamicAnchor"])
@pytest.mark.parametrize("name", ["", "Name", "http://["])
def test_the_name_of_a_schema_does_not_matter(keyword: str, name: str) -> None:
    assert value({keyword: name, "const": 1}) == 1


def test_a_schema_in_a_message_that_gives_no_value_is_no_error() -> None:
    made = MODEL.reply([Turn("user", 'Answer in JSON by this schema: {"properties": {"a": 5}, "type": 3}')], seed=1)
    assert isinstance(json.loads(made), dict)


# Any schema

NAMES = st.sampled_from(["name", "age", "email", "title", "price", "count", "id", "is_open", "x", "createdAt", "items"])
SMALL = st.integers(0, 6)


@st.composite
def strings(draw: st.DrawFn) -> Schema:
    shape = draw(st.sampled_from(["plain", "sized", "enum", "format", "pattern"]))
    if shape == "sized":
        low = draw(st.integers(0, 40))
        return {"type": "string", "minLength": low, "maxLength": low + draw(st.integers(0, 30))}
    if shape == "enum":
        return {"enum": draw(st.lists(st.text("abc", max_size=3), min_size=1, max_size=4, unique=True))}
    if shape == "format":
        form = draw(st.sampled_from(["date", "date-time", "email", "uri", "uuid", "ipv4"]))
        return {"type": "string", "format": form}
    if shape == "pattern":
        return {"type": "string", "pattern": draw(st.sampled_from([r"^\d{3}$", r"^[a-f]+$", r"^(a|b)-\w{2,5}$"]))}
    return {"type": "string"}


@st.composite
def numbers(draw: st.DrawFn) -> Schema:
    low = draw(st.integers(-1000, 1000))
    schema: Schema = {"type": draw(st.sampled_from(["integer", "number"]))}
    if draw(st.booleans()):
        schema["minimum" if draw(st.booleans()) else "exclusiveMinimum"] = low
    if draw(st.booleans()):
        schema["maximum" if draw(st.booleans()) else "exclusiveMaximum"] = low + draw(st.integers(30, 500))
    if draw(st.booleans()):
        schema["multipleOf"] = draw(st.sampled_from([1, 2, 5, 10]))
    return schema


LEAVES = st.one_of(
    strings(), numbers(), st.just(FLAG), st.just({"type": "null"}), st.just({"type": ["string", "integer"]})
)


@st.composite
def arrays(draw: st.DrawFn, inner: st.SearchStrategy[Schema]) -> Schema:
    low = draw(SMALL)
    schema: Schema = {"type": "array", "items": draw(inner), "minItems": low, "maxItems": low + draw(SMALL)}
    if draw(st.booleans()):
        items = draw(st.sampled_from([TEXT, WHOLE, {"type": "integer", "minimum": 0}]))
        schema |= {"items": items, "uniqueItems": True}
    return schema


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Schema]) -> Schema:
    known = draw(st.dictionaries(NAMES, inner, max_size=5))
    schema: Schema = {
        "type": "object",
        "properties": known,
        "required": [name for name in known if draw(st.booleans())],
    }
    if draw(st.booleans()):
        schema["additionalProperties"] = draw(st.sampled_from([False, TEXT]))
    return schema


@st.composite
def choices(draw: st.DrawFn, inner: st.SearchStrategy[Schema]) -> Schema:
    key = draw(st.sampled_from(["anyOf", "oneOf", "allOf"]))
    if key == "oneOf":
        return {"oneOf": [draw(strings()), draw(numbers()), {"type": "null"}]}
    if key == "allOf":
        return {"allOf": [{"type": "object", "properties": {"left": draw(inner)}}, properties(right=draw(inner))]}
    return {"anyOf": draw(st.lists(inner, min_size=1, max_size=3))}


ANY = st.recursive(
    LEAVES,
    lambda inner: st.one_of(arrays(inner), objects(inner), choices(inner), st.just({"$ref": "#/$defs/Node"})),
    max_leaves=8,
)


@pytest.mark.slow
@share(1)
@given(ANY, st.integers(0, 2**32))
def test_a_value_is_valid_for_any_usual_schema(schema: Schema, seed: int) -> None:
    whole = {**schema, "$defs": TREE["$defs"]}
    made = value(whole, seed)
    check(whole, made)
    assert value(whole, seed) == made


KEYWORDS = [
    *("type", "enum", "const", "properties", "required", "items", "minItems", "maxLength"),
    *("pattern", "$ref", "anyOf", "not", "if", "minimum", "multipleOf", "format"),
]
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(["string", "#", "(a", "object"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.slow
@share(2)
@given(JUNK)
def test_junk_gives_a_value_or_is_refused(schema: Any) -> None:
    try:
        made = value(schema)
    except SchemaError:
        return
    # The validator itself fails on what stands in place of a schema.
    with suppress(AttributeError):
        jsonschema.Draft202012Validator(schema).validate(made)
