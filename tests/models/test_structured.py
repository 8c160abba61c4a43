"""Values for JSON Schemas: valid for any usual schema, and sensible where names and texts give a hint."""

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clevora_mock.core.chance import Draws, digest
from clevora_mock.models.chat import ChatModel, Turn
from clevora_mock.models.pattern import text_like
from clevora_mock.models.phrases import load
from clevora_mock.models.schema import fits
from clevora_mock.models.source import Source
from clevora_mock.models.structured import instance

PHRASES = load(Path(__file__).parents[2].joinpath("fixtures/chat.json").read_bytes())
MODEL = ChatModel(PHRASES)
CHECKER = jsonschema.Draft202012Validator.FORMAT_CHECKER
Schema = dict[str, object]


def value(schema: Schema, text: str = "", seed: int = 1) -> object:
    return instance(schema, Source(text, "", PHRASES), Draws(digest(seed)))


def extracted(schema: Schema, text: str, seed: int = 1) -> object:
    """What the model answers to `text` under a ``json_schema`` response format."""
    form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    return json.loads(MODEL.reply([Turn("user", text)], seed=seed, response_format=form))


def check(schema: Schema, made: object) -> None:
    jsonschema.Draft202012Validator(schema, format_checker=CHECKER).validate(made)


def properties(required: list[str] | None = None, **schemas: object) -> Schema:
    return {"type": "object", "properties": schemas, "required": required or list(schemas)}


TEXT, WHOLE, REAL, FLAG = ({"type": name} for name in ("string", "integer", "number", "boolean"))
TREE: Schema = {
    "$ref": "#/$defs/Node",
    "$defs": {
        "Node": {
            "type": "object",
            "properties": {"name": TEXT, "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}}},
            "required": ["name", "children"],
        }
    },
}
SCHEMAS: list[Schema] = [
    properties(name=TEXT, age=WHOLE, price=REAL, active=FLAG),
    properties(size={"enum": ["S", "M", "L"]}, version={"const": 2}, nothing={"type": "null"}),
    properties(nickname={"anyOf": [TEXT, {"type": "null"}]}, code={"type": ["string", "null"]}),
    properties(day={"type": "string", "format": "date"}, at={"type": "string", "format": "date-time"}),
    properties(mail={"type": "string", "format": "email"}, id={"type": "string", "format": "uuid"}),
    properties(site={"type": "string", "format": "uri"}, ip={"type": "string", "format": "ipv4"}),
    properties(title={"type": "string", "minLength": 200}, tag={"type": "string", "maxLength": 3}),
    properties(word={"type": "string", "minLength": 5, "maxLength": 5}),
    properties(code={"type": "string", "pattern": r"^[A-Z]{3}-\d{4}$"}),
    properties(slug={"type": "string", "pattern": r"^[a-z0-9]+(?:-[a-z0-9]+)*$", "minLength": 12}),
    properties(phone={"type": "string", "pattern": r"^\+?\d{1,3} \(\d{3}\) \d{3}-\d{4}$"}),
    properties(n={"type": "integer", "minimum": 10, "maximum": 10}),
    properties(n={"type": "integer", "exclusiveMinimum": 5, "exclusiveMaximum": 7}),
    properties(n={"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001}),
    properties(n={"type": "integer", "multipleOf": 7, "minimum": 50, "maximum": 60}),
    properties(n={"type": "number", "multipleOf": 0.25, "minimum": -3, "maximum": -2}),
    properties(xs={"type": "array", "items": WHOLE, "minItems": 3, "maxItems": 3}),
    properties(xs={"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": True, "minItems": 3}),
    properties(xs={"type": "array", "items": TEXT, "uniqueItems": True, "minItems": 12}),
    properties(xs={"type": "array", "prefixItems": [WHOLE, TEXT], "items": FLAG, "minItems": 2}),
    properties(xs={"type": "array"}, any={}, o={"type": "object"}),
    {"type": "object", "additionalProperties": WHOLE, "minProperties": 4},
    {**properties(a=TEXT), "additionalProperties": False},
    {"type": "object", "required": ["a", "b"], "additionalProperties": REAL},
    {"allOf": [properties(a=TEXT), properties(b=WHOLE), {"properties": {"b": {"minimum": 100}}}]},
    {"oneOf": [properties(kind={"const": "cat"}, lives=WHOLE), properties(kind={"const": "dog"}, good=FLAG)]},
    {
        "type": "object",
        "properties": {"n": {"oneOf": [WHOLE, {"type": "number", "minimum": 0}]}},
        "required": ["n"],
    },
    properties(n={"type": "integer", "minimum": 1, "maximum": 3, "not": {"enum": [1, 3]}}),
    {"type": "array", "items": properties(title=TEXT), "minItems": 2},
    {"type": "string"},
    {"enum": [None]},
    TREE,
    {"$defs": {"a/b": WHOLE}, **properties(x={"$ref": "#/$defs/a~1b"})},
    {"definitions": {"P": properties(name=TEXT)}, **properties(p={"allOf": [{"$ref": "#/definitions/P"}]})},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=[json.dumps(schema)[:60] for schema in SCHEMAS])
def test_a_value_is_valid(schema: Schema) -> None:
    for seed in range(30):
        made = value(schema, seed=seed)
        check(schema, made)
        assert fits(made, schema, schema)
        check(schema, extracted(schema, "Ana is 31 years old, pays $12.50 and likes 3 colors.", seed=seed))


EXTRACTIONS: list[tuple[str, Schema, object]] = [
    ("Extract: Jason is 25 years old", properties(name=TEXT, age=WHOLE), {"name": "Jason", "age": 25}),
    ("Extract Jason is 25 years old", properties(name=TEXT, age=WHOLE), {"name": "Jason", "age": 25}),
    ("Maria Lopez, aged 31", properties(full_name=TEXT, age=WHOLE), {"full_name": "Maria Lopez", "age": 31}),
    (
        "John is 8 years old and Mia is 11 years old",
        properties(users={"type": "array", "items": properties(name=TEXT, age=WHOLE)}),
        {"users": [{"name": "John", "age": 8}, {"name": "Mia", "age": 11}]},
    ),
    (
        "Order: quantity 3, price $12.50",
        properties(price=REAL, quantity=WHOLE),
        {"price": 12.5, "quantity": 3},
    ),
    (
        "Write to ana@example.org",
        properties(email={"type": "string", "format": "email"}),
        {"email": "ana@example.org"},
    ),
    (
        "The deadline is 2024-05-01",
        properties(date={"type": "string", "format": "date"}),
        {"date": "2024-05-01"},
    ),
    ("She lives in Lisbon.", properties(city=TEXT), {"city": "Lisbon"}),
    (
        "I hate this terrible phone",
        properties(sentiment={"enum": ["positive", "negative"]}),
        {"sentiment": "negative"},
    ),
    ("The title is: Dune", properties(title=TEXT), {"title": "Dune"}),
    ("A red bike", properties(color={"enum": ["blue", "red"]}), {"color": "red"}),
]


@pytest.mark.parametrize(("text", "schema", "wanted"), EXTRACTIONS)
def test_details_of_the_text_are_taken_up(text: str, schema: Schema, wanted: object) -> None:
    for seed in range(5):
        assert extracted(schema, text, seed) == wanted


def test_a_number_of_items_is_taken_up() -> None:
    schema = properties(tags={"type": "array", "items": TEXT})
    made = extracted(schema, "Give me four tags for a post about tea")
    assert isinstance(made, dict)
    assert len(made["tags"]) == 4


PASTED = properties(name=TEXT, age=WHOLE)


@pytest.mark.parametrize("role", ["system", "user"])
def test_a_schema_pasted_into_a_message_is_kept_to(role: str) -> None:
    asked = f"Provide the object in json that matches this json_schema:\n\n{json.dumps(PASTED, indent=2)}\n"
    turns = [Turn(role, asked), Turn("user", "Extract: Jason is 25 years old, as JSON")]
    assert json.loads(MODEL.reply(turns, seed=1)) == {"name": "Jason", "age": 25}


def test_of_several_pasted_schemas_the_last_one_counts() -> None:
    example = {"properties": {"foo": {"type": "array", "items": TEXT}}, "required": ["foo"]}
    text = f"Format it as JSON. For the schema {json.dumps(example)} … The schema:\n{json.dumps(PASTED)}"
    made = json.loads(MODEL.reply([Turn("system", text), Turn("user", "Jason is 25 years old")], seed=1))
    assert made == {"name": "Jason", "age": 25}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$ref": "#/nowhere"},
        {"type": "string", "minLength": 5, "maxLength": 2},
        {"type": "integer", "minimum": 5, "maximum": 2},
        {"type": "number", "multipleOf": 0},
        {"type": "string", "pattern": "(?<=x)((a+)+)+$"},
        {"type": "string", "pattern": "["},
        {"type": "array", "items": {"const": 1}, "uniqueItems": True, "minItems": 5},
        {"type": "array", "minItems": 10**9},
        {"type": "string", "minLength": 10**9},
        {"type": "object", "minProperties": 10**9},
        {"allOf": [{"$ref": "#"}]},
        {"anyOf": []},
        {"enum": []},
        {"type": 3, "properties": [], "required": "x", "enum": {}, "items": 5},
        {"type": "array", "items": {"$ref": "#"}, "minItems": 3},
        {"type": "object", "properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}}, "required": ["a", "b"]},
    ],
    ids=str,
)
def test_a_schema_that_nothing_fits_still_has_some_answer(schema: Schema) -> None:
    assert len(json.dumps(value(schema))) < 200_000


@pytest.mark.parametrize(
    ("pattern", "known"),
    [
        (r"^a{2,3}$", True),
        (r"[^\d]+", True),
        (r"(cat|dog)s?", True),
        (r"(?P<y>\d{4})", True),
        (r"(?=x)", False),
        (r"\1", False),
    ],
)
def test_simple_patterns_are_known(pattern: str, known: bool) -> None:
    assert (text_like(pattern, Draws(digest(1))) is not None) is known


WORDS = "name age email title tags price city count id is_open summary x createdAt items"
NAMES = st.sampled_from(WORDS.split())
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
        return {
            "type": "string",
            "format": draw(st.sampled_from(["date", "date-time", "email", "uri", "uuid", "ipv4"])),
        }
    if shape == "pattern":
        return {
            "type": "string",
            "pattern": draw(st.sampled_from([r"^\d{3}$", r"^[a-f]+$", r"^(a|b)-\w{2,5}$"])),
        }
    return {"type": "string"}


@st.composite
def numbers(draw: st.DrawFn) -> Schema:
    kind = draw(st.sampled_from(["integer", "number"]))
    low = draw(st.integers(-1000, 1000))
    schema: Schema = {"type": kind}
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
        schema |= {
            "items": draw(st.sampled_from([TEXT, WHOLE, {"type": "integer", "minimum": 0}])),
            "uniqueItems": True,
        }
    return schema


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Schema]) -> Schema:
    known = draw(st.dictionaries(NAMES, inner, max_size=5))
    needed = [name for name in known if draw(st.booleans())]
    schema: Schema = {"type": "object", "properties": known, "required": needed}
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


def nested(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    return st.one_of(arrays(inner), objects(inner), choices(inner), st.just({"$ref": "#/$defs/Node"}))


ANY = st.recursive(LEAVES, nested, max_leaves=8)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    ANY,
    st.integers(0, 2**32),
    st.sampled_from(["", "Ana, 31, pays 12.5 for 3 red tags", "Write five titles"]),
)
def test_a_value_is_valid_for_any_schema(schema: Schema, seed: int, text: str) -> None:
    whole = {**schema, "$defs": TREE["$defs"]}
    made = value(whole, text, seed)
    check(whole, made)
    assert value(whole, text, seed) == made
