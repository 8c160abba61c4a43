"""Consistency of routes, OpenAPI, the document for agents, the fidelity list and the documentation with the tables."""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from clevora_mock.contract.clauses import CLAUSES
from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME, ENDPOINTS, MODELS, Endpoint
from clevora_mock.contract.errors import ERRORS, STATUSES
from clevora_mock.contract.limits import (
    ACTIVATION_THRESHOLD,
    MAX_BODY_BYTES,
    REQUESTS_PER_MINUTE,
    TIER,
    TOKENS_PER_DAY,
    TOPUP_MAXIMUM,
    TOPUP_MINIMUM,
)
from tests.api.rows.row import ERRORS as EXPECTED_ERRORS
from tests.support import tables
from tests.support.product_tables import OPERATIONS
from tests.support.request_bodies import VALID_BODIES
from tests.support.situations import StoredValues, set_up, signed_headers
from tests.support.streams import chunks, stream

if TYPE_CHECKING:
    from tests.support.world import World

ROUTES = {(endpoint.method, path): endpoint for endpoint in ENDPOINTS for path in endpoint.paths}

each_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)


# --- the tables against the published documentation ---------------------------------------------------------------


@pytest.mark.clause("B1")
def test_the_rates_are_the_documented_ones() -> None:
    rates = {endpoint.name: endpoint.rate for endpoint in ENDPOINTS if endpoint.rate is not None}
    assert rates == {"chat.completions": 500, "embeddings": 100, "search": 200, "scripts.generate": 1000}


@pytest.mark.clause("L1", "B2", "B7", "W5", "C2")
def test_the_limits_are_the_documented_ones() -> None:
    assert (REQUESTS_PER_MINUTE, TOKENS_PER_DAY, TIER) == (60, 1_000_000, "preview")
    assert ACTIVATION_THRESHOLD == TOPUP_MINIMUM == 15 * 1_000_000
    assert TOPUP_MAXIMUM == 10_000 * 1_000_000
    assert MAX_BODY_BYTES == 4_194_304
    assert [model.id for model in MODELS] == [
        "clevora-1.0-turbo",
        "clevora-embed-1",
        "clevora-search-1",
        "clevora-script-1",
    ]


@pytest.mark.clause("W1")
def test_the_errors_are_those_of_the_rows() -> None:
    assert {error.code: (error.status, error.type) for error in ERRORS} == EXPECTED_ERRORS


@pytest.mark.clause("W1")
def test_every_error_has_a_message_and_a_cause() -> None:
    assert len(ERRORS) == len(EXPECTED_ERRORS)
    for error in ERRORS:
        assert (error.code, bool(error.message), bool(error.cause)) == (error.code, True, True)


@pytest.mark.clause("W1")
def test_every_status_of_an_error_has_a_title() -> None:
    assert {error.status for error in ERRORS} <= STATUSES.keys()
    assert [status for status in STATUSES if not STATUSES[status].title] == []


# --- routes -----------------------------------------------------------------------------------------------------------


@pytest.mark.clause("W3", "U1", "W7")
def test_the_operations_are_the_paths_of_the_endpoints() -> None:
    rows = {(row.method, path): row.endpoint for row in OPERATIONS.values() for path in row.paths}
    assert rows == ROUTES


# --- OpenAPI ----------------------------------------------------------------------------------------------------------


def openapi(world: "World") -> Any:
    return world.http.get("/openapi.json").json()


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def properties(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the fields of all schemas in a document."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "properties" and isinstance(inner, dict):
                for field, schema in inner.items():
                    yield f"{place}.{field}", schema
            yield from properties(inner, f"{place}/{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from properties(inner, f"{place}/{index}")


def test_openapi_is_valid(world: "World") -> None:
    OpenAPIV31SpecValidator(openapi(world)).validate()


def test_openapi_has_every_endpoint_under_every_path(world: "World") -> None:
    found = operations(openapi(world))
    assert found.keys() == ROUTES.keys()
    assert len({operation["operationId"] for operation in found.values()}) == len(found)


@pytest.mark.clause("B1")
def test_openapi_has_the_prices(world: "World") -> None:
    found = operations(openapi(world))
    prices = {key: operation.get("x-clevora-price-per-1k-tokens") for key, operation in found.items()}
    assert prices == {key: None if e.rate is None else e.rate / 1000 for key, e in ROUTES.items()}


def test_openapi_tells_the_basis_of_each_operation(world: "World") -> None:
    """An alias of a documented path is inferred."""
    found = operations(openapi(world))
    assert {operation["x-clevora-basis"] for operation in found.values()} == {"documented", "inferred"}
    for key, endpoint in ROUTES.items():
        if key[1] == endpoint.path:
            assert found[key]["x-clevora-basis"] == endpoint.basis


def test_openapi_tells_the_basis_of_each_field(world: "World") -> None:
    document = openapi(world)
    without = [
        place
        for place, schema in properties(document)
        if schema.get("x-clevora-basis") not in ("documented", "inferred")
    ]
    assert without == []
    parameters = [p for operation in operations(document).values() for p in operation.get("parameters", [])]
    assert len(parameters) == sum(len(OPERATIONS[endpoint.name].parameters) for endpoint in ROUTES.values())
    assert {parameter["x-clevora-basis"] for parameter in parameters} <= {"documented", "inferred"}


@each_endpoint
def test_openapi_lists_every_error_status(world: "World", endpoint: Endpoint) -> None:
    operation = operations(openapi(world))[endpoint.method, endpoint.path]
    responses = operation["responses"]
    wanted = {"200", "500"}
    wanted |= {"401"} if endpoint.credential != "none" else set()
    wanted |= {"402", "403", "404", "429"} if endpoint.rate is not None else set()
    wanted |= {"400", "413"} if OPERATIONS[endpoint.name].request else set()
    assert wanted <= responses.keys()
    for status, response in responses.items():
        codes = [code for code, (number, _) in EXPECTED_ERRORS.items() if str(number) == status]
        assert all(code in response["description"] for code in codes)


def test_openapi_is_the_same_from_the_command_line(world: "World", capsys: pytest.CaptureFixture[str]) -> None:
    from clevora_mock.cli.main import main  # noqa: PLC0415

    main(["openapi"], standalone_mode=False)
    told = json.loads(capsys.readouterr().out)
    served = openapi(world)
    assert told.pop("servers") != served.pop("servers")
    assert told == served


def test_openapi_has_the_requested_address_as_its_server(world: "World") -> None:
    assert openapi(world)["servers"] == [{"url": world.url}]


def check_schema(document: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    """Check that `value` matches `schema` of `document`."""
    jsonschema.Draft202012Validator({"components": document["components"], **schema}).validate(value)


def ask(world: "World", endpoint: Endpoint, path: str, body: Any) -> httpx.Response:
    """Send a request with the credential that the endpoint requires."""
    content = b"" if body is None else json.dumps(body).encode()
    headers = {"api_key": world.headers, "id_token": world.signed_in(), "none": {}}.get(
        endpoint.credential
    ) or signed_headers(world, content)
    return world.http.request(endpoint.method, path, headers=headers, content=content)


@pytest.mark.clause("C5", "E2", "H2", "G3", "K3", "K4", "K5", "B7", "B11", "U3")
@each_endpoint
def test_responses_match_their_openapi_schemas(world: "World", endpoint: Endpoint) -> None:
    memory: StoredValues = {}
    set_up(world, memory, "second key")
    set_up(world, memory, "example")
    document = openapi(world)
    body = VALID_BODIES.get(endpoint.name, [None])[0]
    answer = ask(world, endpoint, endpoint.path.replace("{id}", memory["second_key_id"]), body)
    assert answer.status_code == 200
    schema = operations(document)[endpoint.method, endpoint.path]["responses"]["200"]["content"]["application/json"]
    check_schema(document, schema["schema"], answer.json())
    shape = OPERATIONS[endpoint.name].response
    if shape is not None:
        data = answer.json()["data"] if endpoint.enveloped else answer.json()
        assert data.keys() == document["components"]["schemas"][shape.__name__]["properties"].keys()


@pytest.mark.clause("S2", "S3")
def test_stream_chunks_match_their_openapi_schema(world: "World") -> None:
    document = openapi(world)
    content = operations(document)["POST", "/v1/chat/completions"]["responses"]["200"]["content"]
    for chunk in chunks(stream(world, {"messages": [{"role": "user", "content": "Hello!"}]}).body):
        check_schema(document, content["text/event-stream"]["schema"], chunk)


@pytest.mark.clause("W1", "B12")
@each_endpoint
def test_errors_match_their_openapi_schema(world: "World", endpoint: Endpoint) -> None:
    document = openapi(world)
    responses = operations(document)[endpoint.method, endpoint.path]["responses"]
    refused = world.http.request(endpoint.method, endpoint.path.replace("{id}", "key_none"), content=b"{}")
    if endpoint.credential == "none":
        assert refused.status_code == 200
    else:
        check_schema(
            document, responses[str(refused.status_code)]["content"]["application/json"]["schema"], refused.json()
        )


# --- the document for agents ------------------------------------------------------------------------------------------


def llms(world: "World") -> Any:
    return world.http.get("/docs/llms").json()


@pytest.mark.clause("W7")
def test_the_llms_document_has_every_model(world: "World") -> None:
    told = {model["id"]: (model["bestFor"], tuple(model["endpoints"])) for model in llms(world)["models"]}
    assert told == {model.id: (model.best_for, model.endpoints) for model in MODELS}


@pytest.mark.clause("W7")
def test_the_llms_document_has_every_endpoint(world: "World") -> None:
    told = {endpoint["name"]: endpoint for endpoint in llms(world)["endpoints"]}
    assert told.keys() == ENDPOINT_BY_NAME.keys()
    for name, endpoint in ENDPOINT_BY_NAME.items():
        assert (told[name]["method"], (told[name]["path"], *told[name]["aliases"])) == (endpoint.method, endpoint.paths)
        assert (told[name]["request"] is None) == (OPERATIONS[name].request is None)
        assert [parameter["name"] for parameter in told[name]["parameters"]] == [
            parameter.name for parameter in OPERATIONS[name].parameters
        ]


def resolve(document: Any, reference: str) -> Any:
    """Return what a ``#/...`` reference of `document` points to."""
    assert reference.startswith("#/")
    for name in reference[2:].split("/"):
        document = document[name]
    return document


def references(value: Any) -> Iterator[str]:
    """Yield all ``$ref`` in a document."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


@pytest.mark.clause("W7")
def test_every_reference_in_the_llms_document_resolves(world: "World") -> None:
    document = llms(world)
    found = set(references(document))
    assert "#/components/schemas/ErrorResponse" in found
    for reference in found:
        jsonschema.Draft202012Validator.check_schema(resolve(document, reference))


@pytest.mark.clause("W7", "W1", "B12", "S2")
@each_endpoint
def test_answers_match_the_llms_document(world: "World", endpoint: Endpoint) -> None:
    memory: StoredValues = {}
    set_up(world, memory, "second key")
    set_up(world, memory, "example")
    document = llms(world)
    told = {told["name"]: told for told in document["endpoints"]}[endpoint.name]
    body = VALID_BODIES.get(endpoint.name, [None])[0]
    path = endpoint.path.replace("{id}", memory["second_key_id"])
    if told["request"] is not None:
        check_schema(document, told["request"], body)
    if "body" in told["example"]:
        check_schema(document, told["request"], told["example"]["body"])
    answer = ask(world, endpoint, path, body)
    assert answer.status_code == 200
    check_schema(document, told["response"], answer.json())
    with pytest.raises(jsonschema.ValidationError):
        check_schema(document, told["response"], [])
    if told["errors"] != [405, 500]:
        refused = world.http.request(told["method"], path, content=b"{}")
        assert refused.status_code in told["errors"]
        check_schema(document, told["errorResponse"], refused.json())
        check_schema(document, document["errorBody"], refused.json())
    if told["stream"] is not None:
        for chunk in chunks(stream(world, VALID_BODIES[endpoint.name][0]).body):
            check_schema(document, told["stream"]["event"], chunk)


@pytest.mark.clause("W7")
@pytest.mark.parametrize(
    ("name", "parameter", "schema"),
    [
        ("developer.usage", "range", {"type": "integer", "minimum": 1, "maximum": 90, "default": 30}),
        ("developer.transactions", "limit", {"type": "integer", "minimum": 1, "maximum": 500, "default": 50}),
        ("keys.revoke", "id", {"type": "string"}),
        ("dodo.webhook", "webhook-id", {"type": "string"}),
        ("dodo.webhook", "webhook-timestamp", {"type": "string"}),
        ("dodo.webhook", "webhook-signature", {"type": "string"}),
    ],
)
def test_the_llms_document_has_the_bounds_of_parameters(
    world: "World", name: str, parameter: str, schema: dict[str, Any]
) -> None:
    (endpoint,) = (endpoint for endpoint in llms(world)["endpoints"] if endpoint["name"] == name)
    told = {told["name"]: told for told in endpoint["parameters"]}[parameter]
    assert told["schema"] == schema
    assert told["required"] == (told["in"] != "query")


@pytest.mark.clause("W7", "C1", "C2", "C3", "E3", "H1", "G1", "G2", "K3", "B7")
@pytest.mark.parametrize(
    ("schema", "field", "parts"),
    [
        ("ChatRequest", "model", {"default": "clevora-1.0-turbo", "enum": ["clevora-1.0-turbo"]}),
        ("ChatRequest", "stream", {"default": False}),
        ("ChatRequest", "temperature", {"default": 1, "minimum": 0, "maximum": 2}),
        ("ChatRequest", "max_tokens", {"minimum": 1}),
        ("ChatRequest", "messages", {"minItems": 1}),
        ("Message", "content", {"minItems": 1}),
        ("EmbeddingsRequest", "model", {"default": "clevora-embed-1", "enum": ["clevora-embed-1"]}),
        ("EmbeddingsRequest", "encoding_format", {"default": "float"}),
        ("SearchRequest", "limit", {"default": 5, "minimum": 1, "maximum": 50}),
        ("SearchRequest", "model", {"default": "clevora-search-1", "enum": ["clevora-search-1"]}),
        ("ScriptRequest", "style", {"default": "youtube"}),
        ("ScriptRequest", "length", {"default": "medium"}),
        ("ScriptRequest", "model", {"default": "clevora-script-1", "enum": ["clevora-script-1", "clevora-1.0-turbo"]}),
        ("KeyRequest", "name", {"default": "Untitled key", "maxLength": 64}),
        ("TopupRequest", "amount", {"minimum": 15, "maximum": 10_000}),
    ],
)
def test_the_llms_document_has_the_bounds_and_defaults_of_fields(
    world: "World", schema: str, field: str, parts: dict[str, Any]
) -> None:
    told = llms(world)["components"]["schemas"][schema]["properties"][field]
    alternatives = {name: value for one in told.get("anyOf", []) for name, value in one.items()}
    assert {name: (alternatives | told)[name] for name in parts} == parts


@pytest.mark.clause("W7", "C1")
def test_a_message_without_content_does_not_match_the_llms_document(world: "World") -> None:
    document = llms(world)
    assert document["components"]["schemas"]["Message"]["required"] == ["role", "content"]
    assert "x-clevora-required" not in json.dumps(document)


@pytest.mark.clause("W7", "W3")
@each_endpoint
def test_the_refusal_of_another_method_matches_the_llms_document(world: "World", endpoint: Endpoint) -> None:
    document = llms(world)
    told = {told["name"]: told for told in document["endpoints"]}[endpoint.name]
    refused = world.http.patch(endpoint.path.replace("{id}", "key_1"))
    assert refused.status_code == 405
    assert 405 in told["errors"]
    check_schema(document, told["errorResponse"], refused.json())


@pytest.mark.clause("W7")
def test_the_llms_document_has_this_servers_addresses(world: "World") -> None:
    document = llms(world)
    assert document["baseUrl"] == world.url
    assert document["openaiBaseUrl"] == world.base_url
    assert document["productionBaseUrl"] == "https://developers.getclevora.xyz"
    for endpoint in document["endpoints"]:
        assert endpoint["url"] == document["baseUrl"] + endpoint["path"]
        assert endpoint["example"]["url"].startswith(world.url)
        assert "/v1/v1/" not in endpoint["url"]
    assert json.dumps(document).count("getclevora.xyz") == 2  # and the address for catalogs


@pytest.mark.clause("W7", "B2", "B3")
def test_the_llms_document_has_both_gates_and_the_catalogs_note(world: "World") -> None:
    document = llms(world)
    assert list(document["pricing"]["gates"]) == ["account_not_activated", "insufficient_balance"]
    assert "not for production" in document["catalog"]


@pytest.mark.parametrize("path", ["/docs/llms", "/openapi.json"])
def test_descriptions_of_schemas_have_no_clause_ids(world: "World", path: str) -> None:
    text = world.http.get(path).text
    ids = "|".join(clause.id for clause in CLAUSES)
    assert re.findall(rf"\b(?:{ids})\b", text) == []


@pytest.mark.clause("W7")
def test_the_llms_document_has_every_error(world: "World") -> None:
    told = {error["code"]: (error["status"], error["type"]) for error in llms(world)["errors"]}
    assert told == EXPECTED_ERRORS
    assert all(error["cause"] for error in llms(world)["errors"])


@pytest.mark.clause("W7", "B1", "B2", "B7")
def test_the_llms_document_has_the_prices(world: "World") -> None:
    pricing = llms(world)["pricing"]
    printed = {"chat.completions": 0.5, "embeddings": 0.1, "search": 0.2, "scripts.generate": 1.0}
    assert pricing["per1kTokens"] == printed
    assert pricing["activationThreshold"] == 15
    assert pricing["topup"] == {"minimum": 15, "maximum": 10_000, "checkoutHours": 24}


@pytest.mark.clause("W7", "L1")
def test_the_llms_document_has_the_limits(world: "World") -> None:
    assert (
        llms(world)["limits"].items()
        >= {
            "tier": "preview",
            "requestsPerMinute": 60,
            "tokensPerDay": 1_000_000,
        }.items()
    )


@pytest.mark.clause("W7")
def test_the_llms_document_has_the_changelog_and_advice(world: "World") -> None:
    document = llms(world)
    assert [entry["version"] for entry in document["changelog"]] == ["v3-early-access", "v2", "v1"]
    rules = " ".join(document["rulesOfThumb"])
    for word in ("Authorization", "max_tokens", "[DONE]", "Retry-After", "402", "x-request-id"):
        assert word in rules


@pytest.mark.clause("W7")
def test_the_llms_document_holds_no_secret(world: "World") -> None:
    text = world.http.get("/llms.txt").text
    assert not re.search(r"sk_live_[0-9a-f]{8}|whsec_", text)


# --- fidelity ---------------------------------------------------------------------------------------------------------


def test_fidelity_lists_each_clause_with_its_basis(world: "World") -> None:
    told = world.http.get("/__mock/fidelity").json()["clauses"]
    assert [clause["id"] for clause in told] == [clause.id for clause in CLAUSES]
    for clause in told:
        assert clause["basis"] == [name for name in ("documented", "inferred") if clause[name]]
        assert clause["basis"]


# --- the documentation ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", tables.TABLES)
def test_the_documentation_has_the_generated_table(name: str) -> None:
    """``python -m tests.support.tables`` regenerates the tables."""
    printed = tables.all_tables()
    assert name in printed, f"no document has <!-- table: {name} -->"
    assert printed[name] == tables.render(name)


def test_every_table_in_the_documentation_is_generated() -> None:
    assert tables.all_tables().keys() <= tables.TABLES.keys()


def test_tables_are_rewritten_in_place() -> None:
    text = "before\n<!-- table: models -->\nold\n<!-- end -->\nafter\n"
    once = tables.regenerate(text)
    assert once.startswith("before\n<!-- table: models -->\n| Model |")
    assert once.endswith("|\n<!-- end -->\nafter\n")
    assert "old" not in once
    assert tables.regenerate(once) == once
