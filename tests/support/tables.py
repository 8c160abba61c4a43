"""The documentation's tables, made from the contract, the settings, the scenario language, benchmarks and the tests.

``python -m tests.support.tables`` writes them between the documents' markers; `test_drift.py` fails while they differ.
"""

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from starlette.testclient import TestClient

from benchmarks import goals as speed_goals
from benchmarks import results
from benchmarks import tables as speed_tables
from clevora_mock.api.chat import MAX_PIECES
from clevora_mock.app import create_app
from clevora_mock.catalog.items import CatalogItem
from clevora_mock.contract import limits as contract
from clevora_mock.contract.clauses import CLAUSES
from clevora_mock.contract.endpoints import ENDPOINTS, MODELS, Credential
from clevora_mock.contract.errors import ERRORS
from clevora_mock.contract_file import ContractFile
from clevora_mock.core import money
from clevora_mock.core.accounts import MAX_ACCOUNTS, MAX_KEYS
from clevora_mock.core.conduct.finding import KINDS
from clevora_mock.core.documents import MAX_CONTAINERS, MAX_EXPONENTS
from clevora_mock.core.journal import MAX_JOURNAL_BYTES
from clevora_mock.core.sandboxes import MAX_KEPT_BYTES, MAX_SANDBOXES
from clevora_mock.faults import FAULTS
from clevora_mock.firebase.routes import TABLE
from clevora_mock.scenarios.json_schema import schema as scenario_schema
from clevora_mock.server.limits import ConnectionLimits
from clevora_mock.settings import SETTINGS
from clevora_mock.testing.clevora import Clevora, SandboxClock
from clevora_mock.verify.probes import PROBES, UNSEEN
from clevora_mock.web.exchange_recorder import BODIES_BYTES, WORK_BYTES
from clevora_mock.web.memory_budget import BYTES_PER_SECOND, PATIENCE_SECONDS, SMALL_PART, SMALL_SHARE
from tests.external.clients.matrix import CLIENTS, LIBRARIES, STATUSES, Client, Pin
from tests.support.documents import documents
from tests.support.product_tables import control_rows

_MARKED = re.compile(r"(<!-- table: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)

_CREDENTIALS: dict[Credential, str] = {
    "api_key": "API key",
    "id_token": "ID token",
    "signature": "signature",
    "none": "none",
}

_TIMES = {1: "once", 2: "twice"}

# The starts of patterns in the scenario schema, and their descriptions.
_PATTERNS = {
    r"^[0-9]+(\.[0-9]+)?(ms|": "duration",
    r"^(real|frozen|scaled:": "`real`, `frozen` or `scaled:N`",
    r"^([1-9][0-9]*-": "range",
}

# Defaults of entries in a scenario file.
_WITHOUT = {
    "name": "the file's name",
    "account": "unchanged",
    "account.balance": "unchanged",
    "account.activated": "unchanged",
    "account.developer_access": "unchanged",
    "clock": "unchanged",
    "clock.start": "unchanged",
    "clock.mode": "unchanged",
    "limits.requests_per_minute": "60",
    "limits.tokens_per_day": "1,000,000",
    "payments.outcome": "`succeed`",
    "payments.delay": "0s",
    "rules[].name": "`rule 1`, `rule 2`, …",
    "rules[].when": "every request",
    "rules[].then": "required",
    "rules[].then.reply.finish_reason": "`stop`",
    "rules[].then.stream.ttft": "0s",
    "rules[].then.stream.tokens_per_second": "`--tokens-per-second`",
    "rules[].then.stream.jitter": "0",
    "rules[].then.charge": "by what was sent",
}


def endpoints() -> list[list[str]]:
    """Return a row for every endpoint: its paths, credential and price."""
    rows = [["Endpoint", "Request", "Credential", "Per 1,000 tokens", "Basis"]]
    for endpoint in ENDPOINTS:
        # Micro-dollars per token are thousandths of a dollar per thousand.
        price = "" if endpoint.rate is None else money.text(endpoint.rate * 1000)
        requests = "<br>".join(f"`{endpoint.method} {path}`" for path in endpoint.paths)
        credential = _CREDENTIALS[endpoint.credential]
        rows.append([f"`{endpoint.name}`", requests, credential, price, endpoint.basis])
    return rows


def requests() -> list[list[str]]:
    """Return a row for every field and parameter of every endpoint."""
    rows = [["Endpoint", "Field", "Type", "Meaning", "Basis"]]
    document = _default_response("/openapi.json")
    for endpoint in ENDPOINTS:
        operation = document["paths"][endpoint.path][endpoint.method.lower()]
        for parameter in operation.get("parameters", []):
            given = f"{parameter['name']} ({parameter['in']})"
            rows.append(_field(endpoint.name, given, parameter["schema"], parameter, required=False))
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if body is not None:
            schema = document["components"]["schemas"][body["$ref"].rpartition("/")[2]]
            required = schema.get("required", [])
            rows += [
                _field(endpoint.name, name, field, field, required=name in required)
                for name, field in schema["properties"].items()
            ]
    return rows


def _field(endpoint: str, name: str, schema: dict[str, Any], about: dict[str, Any], *, required: bool) -> list[str]:
    marked = f"`{name}`, required" if required else f"`{name}`"
    return [f"`{endpoint}`", marked, _type(schema), about.get("description", ""), about.get("x-clevora-basis", "")]


def conduct() -> list[list[str]]:
    """Return a row for every kind of finding."""
    rows = [[f"`{kind.name}`", kind.severity, kind.summary, kind.advice] for kind in KINDS]
    return [["Kind", "Severity", "What the client did", "Advice"], *rows]


def errors() -> list[list[str]]:
    """Return a row for every error."""
    rows = [[str(error.status), f"`{error.type}`", f"`{error.code}`", error.cause, error.basis] for error in ERRORS]
    return [["Status", "Type", "Code", "When", "Basis"], *rows]


def limits() -> list[list[str]]:
    """Return a row for every number of the contract."""
    budgets = ", ".join(f"{length} {tokens:,}" for length, tokens in contract.SCRIPT_BUDGETS.items())
    dollars = contract.dollars_text
    return [
        ["What", "Limit"],
        ["requests of a key in any 60 seconds", f"{contract.REQUESTS_PER_MINUTE}"],
        ["tokens of a key in a UTC day", f"{contract.TOKENS_PER_DAY:,}"],
        ["balance that activates an account", dollars(contract.ACTIVATION_THRESHOLD)],
        ["top-up", f"{dollars(contract.TOPUP_MINIMUM)} to {dollars(contract.TOPUP_MAXIMUM)}, at most two decimals"],
        ["a checkout's life", f"{contract.CHECKOUT_HOURS} hours, one payment"],
        ["age of a webhook's signature", f"{contract.WEBHOOK_TOLERANCE_SECONDS} seconds either way"],
        ["request body", contract.MAX_BODY_TEXT],
        ["a key's name", f"{contract.MAX_KEY_NAME_CHARACTERS} characters"],
        ["inputs of one embeddings request", f"{contract.MAX_EMBEDDING_INPUTS:,}"],
        ["dimensions of an embedding", f"{contract.EMBEDDING_DIMENSIONS:,}"],
        ["search results", f"1 to {contract.MAX_SEARCH_RESULTS}, {contract.DEFAULT_SEARCH_RESULTS} by default"],
        ["completion tokens of a script", budgets],
        ["days of usage", f"1 to {contract.MAX_USAGE_DAYS}, {contract.DEFAULT_USAGE_DAYS} by default"],
        ["transactions", f"1 to {contract.MAX_TRANSACTIONS}, {contract.DEFAULT_TRANSACTIONS} by default"],
    ]


def server_limits() -> list[list[str]]:
    """Return a row for every limit of the server's own, and what happens beyond it."""
    connection = ConnectionLimits()
    arrival = f"{connection.receive_seconds:g} s without a byte, {connection.request_seconds:g} s in all"
    behind = f"{connection.pipelined_requests}, or {_size(connection.pipelined_bytes)}"
    evicted = "the oldest entries of the largest one are dropped, and counted in `evicted`"
    share = f"more than their share, {_size(MAX_KEPT_BYTES // MAX_SANDBOXES // 1024 * 1024)}"
    evicted_sandboxes = f"the least recently used ones that keep {share}, are dropped"
    waiting = "they wait for their turn"
    pace = f"{PATIENCE_SECONDS:g} s of waiting for it; each {_size(BYTES_PER_SECOND)} of it gives one back"
    return [
        ["What", "Limit", "Beyond it"],
        ["connections", f"{connection.connections}", "503 `service_unavailable`, and closed"],
        ["a head", f"{_size(connection.head_bytes)}, {connection.header_lines} lines", "431"],
        ["a request's arrival", arrival, "408"],
        ["requests behind another one of their connection", behind, "not read until the others are answered"],
        ["a body of the emulated API", contract.MAX_BODY_TEXT, "413"],
        ["a body of the control plane", _control_bodies(), "413"],
        ["arrays and objects in a body", f"{MAX_CONTAINERS:,}", "400 `invalid_json`"],
        ["numbers in a body with an exponent of two or more digits", f"{MAX_EXPONENTS:,}", "400 `invalid_json`"],
        ["bodies over 64 KiB that arrive at the same time", _budget(BODIES_BYTES), waiting],
        ["large answers, and documents that requests are decoded to", _budget(WORK_BYTES), waiting],
        ["a client that is slow to send such a body while others wait", pace, "408"],
        ["a client that is slow to take such an answer while others wait", pace, "the connection is dropped"],
        ["an answer that its client does not read", "`--idle-timeout`", "the connection is dropped"],
        ["the journals of all sandboxes", f"{_size(MAX_JOURNAL_BYTES)}, some 15,000 requests", evicted],
        ["all else that the sandboxes keep", _size(MAX_KEPT_BYTES), evicted_sandboxes],
        ["a sandbox's accounts", f"{MAX_ACCOUNTS:,}", "400"],
        ["a sandbox's keys, also revoked ones", f"{MAX_KEYS:,}", "400"],
        ["contents of a stream", f"{MAX_PIECES:,}", "each has several tokens"],
    ]


def _size(count: int) -> str:
    return f"{count // 1024**2} MiB" if count % 1024**2 == 0 else f"{count // 1024} KiB"


def _budget(size: int) -> str:
    """Return the two parts of a budget, and the largest share of the first one."""
    small = size // SMALL_PART
    return f"{_size(small)} of up to {_size(size // SMALL_SHARE)} each, {_size(size - small)} of larger ones"


def _control_bodies() -> str:
    """Return the limits of the control plane's bodies, the usual one first, and the paths of the others."""
    paths: dict[int, list[str]] = {}
    for row in control_rows():
        if row.method != "GET":
            paths.setdefault(row.max_body, []).append(f"`{row.where}`")
    usual = max(paths, key=lambda size: len(paths[size]))
    others = [f"{_size(size)} for {', '.join(paths[size])}" for size in sorted(paths) if size != usual]
    return "; ".join([_size(usual), *others])


def clauses() -> list[list[str]]:
    """Return a row for every clause of the contract."""
    checks = Counter(probe.clause for probe in PROBES)
    rows = [
        [clause.id, clause.documented, clause.inferred, str(checks[clause.id] or UNSEEN[clause.id]), "never checked"]
        for clause in CLAUSES
    ]
    return [["Clause", "Documented", "Inferred", "Checks", "Live API"], *rows]


def contract_file() -> list[list[str]]:
    """Return a row for every entry of a contract file."""
    schema = msgspec.json.schema(ContractFile)["$defs"]
    rows = [["Entry", "Type", "Without it", "Clauses"]]
    for part, name, about in (
        ("limits", "LimitRow", "L1-L3"),
        ("tokens", "TokenRow", "C7"),
        ("embeddings", "EmbeddingRow", "E3"),
    ):
        for entry, field in schema[name]["properties"].items():
            off = ", or `null` for none" if {"type": "null"} in field.get("anyOf", []) else ""
            rows.append([f"`{part}.{entry}`", _type(field) + off, f"`{str(field['default']).lower()}`", about])
    for entry, field in schema["ErrorRow"]["properties"].items():
        rows.append([f"`errors.CODE.{entry}`", _type(field), "the contract's", "those of the error"])
    return rows


def models() -> list[list[str]]:
    """Return a row for every model and its endpoints."""
    rows = [[f"`{model.id}`", model.best_for, ", ".join(f"`{name}`" for name in model.endpoints)] for model in MODELS]
    return [["Model", "Best for", "Endpoints"], *rows]


def settings() -> list[list[str]]:
    """Return a row for every setting: its flag, its variable, its default."""
    rows = [["Flag", "Variable", "Default", "Meaning"]]
    for setting in SETTINGS:
        flag, default = f"{setting.flag} {setting.kind.metavar}".rstrip(), setting.default_text
        rows.append([f"`{flag}`", f"`{setting.variable}`", f"`{default}`" if default else "", setting.help])
    return rows


def routes() -> list[list[str]]:
    """Return a row for every route of the control plane."""
    document = _default_response("/__mock/openapi.json")
    rows = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            name = body.get("$ref", "").rpartition("/")[2]
            takes = _fields(document["components"]["schemas"][name]) if name else _query(operation)
            takes = "[a snapshot](snapshot.md)" if name == "State" else takes
            rows.append([f"`{method.upper()} {path}`", operation["summary"], takes])
    return [["Route", "What it does", "Takes"], *rows]


def _fields(schema: dict[str, Any]) -> str:
    required = schema.get("required", ())
    fields = [
        (name if name in required else f"{name}?") + _words(about) for name, about in schema["properties"].items()
    ]
    return f"`{{{', '.join(fields)}}}`"


def _words(schema: dict[str, Any]) -> str:
    """Return the words that a field accepts, if it is an enumeration."""
    words = [word for one in schema.get("anyOf", [schema]) for word in one.get("enum", [])]
    return f": {'|'.join(words)}" if words else ""


def _query(operation: dict[str, Any]) -> str:
    names = [parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"]
    return f"`?{'&'.join(f'{name}=' for name in names)}`" if names else ""


def firebase() -> list[list[str]]:
    """Return a row for every emulated route of Firebase."""
    rows = [[f"`POST {row.path}`", row.summary, f"`{row.operation}`"] for row in TABLE]
    return [["Route", "What it does", "In the journal"], *rows]


def faults() -> list[list[str]]:
    """Return a row for every kind of fault and its options."""
    rows = []
    for fault in FAULTS.values():
        options = [f"`{name.rstrip('_')}`" for name in fault.__struct_fields__]
        rows.append([f"`{fault.kind}`", _first_paragraph(fault), ", ".join(options)])
    return [["Kind", "What the client sees", "Options"], *rows]


def fault_options() -> list[list[str]]:
    """Return a row for every option of every fault, with its default."""
    rows = [["Kind", "Option", "Type", "Default", "Meaning"]]
    for fault in FAULTS.values():
        schema = msgspec.json.schema(fault)["$defs"][fault.__name__]
        defaults = msgspec.structs.fields(fault)
        for field in defaults:
            about = schema["properties"][field.encode_name]
            name = field.name.rstrip("_")
            meaning = about.get("description") or next(
                (one["description"] for one in about.get("anyOf", []) if "description" in one), ""
            )
            duration = name == "for"
            rows.append(
                [
                    f"`{fault.kind}`",
                    f"`{name}`",
                    "duration" if duration else _type(about),
                    _default(field.default),
                    meaning,
                ]
            )
    return rows


def _default(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{value}`"


def language() -> list[list[str]]:
    """Return a row for every entry of a scenario file, from its JSON Schema."""
    rows = [["Entry", "Type", "Without it", "Meaning"]]
    for path, schema in _entries(scenario_schema()):
        without = _WITHOUT.get(path, "")
        rows.append([f"`{path}`", _type(schema), without, schema.get("description", "")])
    return rows


def _entries(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the entries of a mapping and of nested mappings; faults have a separate table."""
    for name, inner in schema.get("properties", {}).items():
        place = f"{path}.{name}" if path else name
        yield place, inner
        if name == "fault":
            continue
        items = inner.get("items", {}) if inner.get("type") == "array" else inner
        yield from _entries(items, f"{place}[]" if items is not inner else place)


def scenarios() -> list[list[str]]:
    """Return a row for every shipped scenario."""
    rows = [[f"`{row['name']}`", row["description"]] for row in _default_response("/__mock/scenarios")["scenarios"]]
    return [["Scenario", "What happens, and what it finds"], *rows]


def catalog() -> list[list[str]]:
    """Return a row for every field of an item of a catalog file."""
    schema = msgspec.json.schema(CatalogItem)["$defs"]["CatalogItem"]
    rows = [
        [f"`{name}`", _type(field), "yes" if name in schema["required"] else "no"]
        for name, field in schema["properties"].items()
    ]
    return [["Field", "Type", "Required"], *rows]


def testing() -> list[list[str]]:
    """Return a row for every method and attribute of `Clevora`."""
    rows = [["`clevora`", "What it does"]]
    for prefix, holder in (("", Clevora), ("clock.", SandboxClock)):
        for name, member in vars(holder).items():
            if not name.startswith("_"):
                rows.append([f"`.{prefix}{name}{_parameters(member)}`", _first_paragraph(member)])
    return rows


def _first_paragraph(member: object) -> str:
    """Return the first paragraph of a docstring."""
    return (inspect.getdoc(member) or "").partition("\n\n")[0].replace("\n", " ").replace("``", "`")


def _parameters(member: object) -> str:
    if isinstance(member, property):
        return ""
    assert callable(member)
    found = [str(parameter.replace(annotation=inspect.Parameter.empty)) for parameter in _signature(member)]
    return f"({', '.join(found)})"


def _signature(member: Callable[..., object]) -> list[inspect.Parameter]:
    return [parameter for name, parameter in inspect.signature(member).parameters.items() if name != "self"]


def clients() -> list[list[str]]:
    """Return a row for every client with its version and its behavior."""
    refusals = [str(status) for status in STATUSES]
    streams = ["A stream that is cut", "A stream that ends early"]
    rows = [["Client", "Version", "What is tested", *refusals, "Retries by itself", *streams]]
    return [*rows, *(_client(client) for client in CLIENTS)]


def libraries() -> list[list[str]]:
    """Return a row for every other library."""
    rows = [[library.name, _pinned(library.pin), library.tested] for library in LIBRARIES]
    return [["Library", "Version", "What it does with the mock"], *rows]


def _client(client: Client) -> list[str]:
    version = "<br>".join(_pinned(pin) for pin in client.pins) or client.version
    refusals = [f"`{client.errors[status]}`" for status in STATUSES]
    times = client.attempts - 1
    retries = f"429 and 500, {_TIMES.get(times, f'{times} times')}" if times else "never"
    return [client.name, version, client.tested, *refusals, retries, f"`{client.cut}`", _early_end(client)]


def _early_end(client: Client) -> str:
    """Return the exception, or what the client says of a half answer that it takes for a whole one."""
    if client.early_end:
        return f"`{client.early_end}`"
    return f"nothing; says `{client.early_finish}`" if client.early_finish else "nothing"


def speed() -> list[list[str]]:
    """Every server that was measured, and what it took."""
    return speed_tables.short(results.read())


def speed_run() -> list[list[str]]:
    """Where, of what and how the published figures were measured."""
    run = results.read()
    rounds = f"{run.rounds}, of {run.seconds:g} s under load for each server"
    flags = f"`python -m benchmarks {run.flags}`"
    return [
        ["Published run", ""],
        ["Machine", run.machine],
        ["Commit", run.commit],
        ["Rounds", rounds],
        ["Flags", flags],
    ]


def goals() -> list[list[str]]:
    """Every goal of the mock's speed, and what was found."""
    return speed_goals.table(results.read())


def _pinned(pin: Pin) -> str:
    return f"`{pin.package}` {pin.version}"


def _default_response(path: str) -> Any:
    """Return the response of a server with default settings."""
    with TestClient(create_app(), base_url="http://127.0.0.1:2538") as client:
        return client.get(path).json()


def _type(schema: dict[str, Any]) -> str:
    """Describe a JSON Schema in a few words."""
    schema = _resolved(schema)
    if "properties" in schema or "patternProperties" in schema:
        return "mapping"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(one) for one in schema["anyOf"] if one.get("type") != "null"))
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        values = [f"`{value}`" for value in schema["enum"]]
        return ", ".join(values) if len(values) <= 6 else f"{', '.join(values[:2])}, …"
    kind = schema.get("type", "anything")
    if isinstance(kind, list):
        return " or ".join(kind)
    for beginning, words in _PATTERNS.items():
        if schema.get("pattern", "").startswith(beginning):
            return words
    if schema.get("format") == "date-time":
        return "time"
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return str(kind) + _bounds(schema)


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema to which one of the scenario language refers, or the schema itself."""
    place = schema.get("$ref", "")
    return dict(scenario_schema()["$defs"][place.rpartition("/")[2]]) if place.startswith("#/$defs/") else schema


def _bounds(schema: dict[str, Any]) -> str:
    words = [
        f"{word} {schema[key]:,}"
        for key, word in (
            ("minimum", "from"),
            ("exclusiveMinimum", "above"),
            ("maximum", "to"),
            ("exclusiveMaximum", "below"),
        )
        if key in schema
    ]
    return f", {' '.join(words)}" if words else ""


TABLES = {
    "catalog": catalog,
    "clauses": clauses,
    "clients": clients,
    "conduct": conduct,
    "contract_file": contract_file,
    "endpoints": endpoints,
    "errors": errors,
    "fault_options": fault_options,
    "faults": faults,
    "firebase": firebase,
    "goals": goals,
    "language": language,
    "libraries": libraries,
    "limits": limits,
    "models": models,
    "requests": requests,
    "routes": routes,
    "scenarios": scenarios,
    "server_limits": server_limits,
    "settings": settings,
    "speed": speed,
    "speed_run": speed_run,
    "testing": testing,
}


def render(name: str) -> list[str]:
    """Return a table's lines in Markdown."""
    head, *rows = ([cell.replace("|", "\\|") for cell in row] for row in TABLES[name]())
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def tables_in(text: str) -> dict[str, list[str]]:
    """Return the lines between each pair of markers in `text`."""
    return {found[2]: found[3].strip("\n").split("\n") for found in _MARKED.finditer(text)}


def all_tables() -> dict[str, list[str]]:
    """Return the tables of all documents by name; each is in one place only."""
    found: dict[str, list[str]] = {}
    for path in documents():
        for name, lines in tables_in(path.read_text(encoding="utf-8")).items():
            assert name not in found, f"{path}: the table {name} stands elsewhere too"
            found[name] = lines
    return found


def regenerate(text: str) -> str:
    """Return `text` with the tables between its markers regenerated."""
    return _MARKED.sub(lambda found: found[1] + "\n".join(render(found[2])) + "\n" + found[4], text)


def write(path: Path) -> None:
    """Rewrite the tables in a document."""
    text = path.read_text(encoding="utf-8")
    if (new := regenerate(text)) != text:
        path.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    for document in documents():
        write(document)
