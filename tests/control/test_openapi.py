"""The control plane's OpenAPI document, against the answers of its routes."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from tests.control.test_routes import SHAPES, encoded
from tests.support.control import chat, start_scenario
from tests.support.world import World

Schema = dict[str, Any]


@pytest.fixture
def document(world: World) -> Schema:
    return dict(world.http.get("/__mock/openapi.json").json())


def closed(schema: Any) -> Any:
    """Return a schema that refuses fields which it does not name."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(value) for name, value in schema.items()}
    return inner if "properties" not in inner else {"additionalProperties": False} | inner


def answer_problems(document: Schema, method: str, path: str, content: Any) -> list[str]:
    """Return how an answer differs from its operation's schema."""
    operation = document["paths"][path][method.lower()]
    schema = closed(operation["responses"]["200"]["content"]["application/json"]["schema"])
    whole = {"components": closed(document["components"]), "allOf": [schema]}
    return [error.message for error in Draft202012Validator(whole).iter_errors(content)]


def template_of(document: Schema, path: str) -> str:
    """Return the document's path of a request's: ``/__mock/accounts/{uid}``."""
    plain = path.partition("?")[0]
    if plain in document["paths"]:
        return plain
    head = (
        "/__mock/firestore/{path}"
        if "firestore" in plain
        else plain.replace("/demo", "/{uid}").replace("/flaky", "/{name}")
    )
    return head.replace("{checkout}", "{id}")


def test_it_is_valid_and_complete(world: World, document: Schema) -> None:
    validate(document)
    assert document["servers"] == [{"url": world.url}]
    assert {"get", "patch"} <= document["paths"]["/__mock/clock"].keys()
    assert "/__mock/firestore/{path}" in document["paths"]
    assert document["paths"]["/__mock/requests"]["get"]["parameters"][0]["name"] == "endpoint"
    assert "ClockChange" in document["components"]["schemas"]


def test_every_operation_has_an_id_of_its_own_and_an_answer(document: Schema) -> None:
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids)
    assert all(name.isidentifier() for name in ids)
    for operation in operations:
        ((_, content),) = operation["responses"]["200"]["content"].items()
        assert content["schema"], operation["operationId"]


@pytest.mark.parametrize(("request_line", "body"), [(line, body) for line, body, _ in SHAPES])
def test_an_answer_is_as_its_schema_says(world: World, document: Schema, request_line: str, body: Any) -> None:
    start_scenario(world, "rules: [{name: never, when: {message: unheard of}, then: {error: 500}}]")
    chat(world)
    chat(world, temperature=9)
    method, path = request_line.split(" ")
    template = template_of(document, path)
    if "{checkout}" in path or "checkouts" in path:
        path = path.replace("{checkout}", world.open_checkout())
    answer = world.http.request(method, path, content=encoded(body))
    assert answer_problems(document, method, template, answer.json()) == []


@pytest.mark.parametrize("collection", ["usage", "usage/demo/days", "keys", "logs", "transactions"])
def test_a_firestore_document_is_as_its_schema_says(world: World, document: Schema, collection: str) -> None:
    chat(world)
    path = f"/__mock/firestore/clevora_developer_{collection}"
    (name, *_) = world.http.get(path).json()["documents"]
    found = world.http.get(f"{path}/{name}").json()
    assert answer_problems(document, "GET", "/__mock/firestore/{path}", found) == []


def objects(schema: Any) -> list[Schema]:
    """Return every schema of an object in a document."""
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else []
    found = [schema] if isinstance(schema, dict) and schema.get("type") == "object" else []
    return found + [one for value in inner for one in objects(value)]


@pytest.mark.parametrize("path", ["/__mock/openapi.json", "/openapi.json"])
def test_generators_of_types_find_no_empty_object_and_no_default_of_null(world: World, path: str) -> None:
    """As openapi-typescript reads them: ``Record<string, never>``, and a default of null as a required field."""
    document = world.http.get(path).json()
    for schema in objects(document):
        assert {"properties", "additionalProperties"} & schema.keys(), json.dumps(schema)
    assert '"default":null' not in json.dumps(document, separators=(",", ":"))


@pytest.mark.parametrize(
    ("operation", "required"),
    [
        ("PATCH /__mock/accounts/{uid}", True),
        ("PATCH /__mock/clock", True),
        ("POST /__mock/webhooks/sign", True),
        ("PUT /__mock/scenario", True),
        ("POST /__mock/accounts", False),
        ("POST /__mock/reset", False),
        ("POST /__mock/checkouts/{id}/pay", False),
    ],
)
def test_it_says_which_bodies_are_required(world: World, document: Schema, operation: str, required: bool) -> None:
    method, _, path = operation.partition(" ")
    assert document["paths"][path][method.lower()]["requestBody"]["required"] == required
    answer = world.http.request(method, path.replace("{uid}", "demo"))
    assert (answer.status_code == 400) == required


@pytest.mark.parametrize(
    ("path", "name", "invalid"),
    [
        ("/__mock/requests", "limit", "none"),
        ("/__mock/requests", "limit", "10001"),
        ("/__mock/requests", "status", "4xx"),
        ("/__mock/requests", "since", "now"),
        ("/__mock/ledger", "uid", ""),
        ("/__mock/spend", "group", "endpoints"),
    ],
)
def test_it_says_which_parameters_are_not_any_text(
    world: World, document: Schema, path: str, name: str, invalid: str
) -> None:
    """A value that the server refuses, such as a limit of 10001, does not match its schema."""
    (described,) = [one for one in document["paths"][path]["get"]["parameters"] if one["name"] == name]
    value = int(invalid) if invalid.isdigit() else invalid
    checker = Draft202012Validator(described["schema"], format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert not checker.is_valid(value)
    assert world.http.get(path, params={name: invalid}).status_code == 400


def test_a_scenario_has_the_same_schema_as_json_and_as_yaml(document: Schema) -> None:
    content = document["paths"]["/__mock/scenario"]["put"]["requestBody"]["content"]
    assert content["application/yaml"] == content["application/json"]


@pytest.fixture
def emulated(world: World) -> Schema:
    """Provide the document of the emulated API."""
    return world.http.get("/openapi.json").json()["paths"]  # type: ignore[no-any-return]


def test_a_response_lists_the_codes_of_its_status_alone(emulated: Schema) -> None:
    refused = emulated["/v1/chat/completions"]["post"]["responses"]
    assert refused["413"]["description"].endswith(" Codes: payload_too_large.")
    assert refused["402"]["description"].endswith(" Codes: account_not_activated, insufficient_balance.")


def test_only_a_429_says_when_to_come_back(emulated: Schema) -> None:
    refused = emulated["/v1/chat/completions"]["post"]["responses"]
    assert [status for status, response in refused.items() if "retry-after" in response["headers"]] == ["429"]


def test_an_operation_names_the_credential_that_it_takes(emulated: Schema) -> None:
    assert emulated["/v1/chat/completions"]["post"]["security"] == [{"api_key": []}]
    assert emulated["/llms.json"]["get"]["security"] == []


def test_a_query_that_has_bounds_may_be_refused(emulated: Schema) -> None:
    assert "400" in emulated["/api/developer/usage"]["get"]["responses"]
