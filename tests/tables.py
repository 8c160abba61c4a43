"""The README's tables, made from the contract, the settings and the tests.

``python -m tests.tables`` writes them between the README's markers; `test_drift.py` fails while they differ.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import msgspec.inspect

from clevora_mock import resources
from clevora_mock.contract.endpoints import ENDPOINTS, MODELS, Credential
from clevora_mock.contract.errors import ERRORS
from clevora_mock.control.route import ControlRoute
from clevora_mock.core import money
from clevora_mock.faults import FAULTS
from clevora_mock.faults.base import Fault
from clevora_mock.firebase.routes import TABLE
from clevora_mock.scenarios.store import ScenarioStore
from clevora_mock.settings import SETTINGS
from clevora_mock.testing.clevora import Clevora, SandboxClock
from tests.clients.matrix import CLIENTS, LIBRARIES, STATUSES, Client, Pin
from tests.product_tables import control_rows

README = Path(__file__).parent.parent / "README.md"

_MARKED = re.compile(r"(<!-- table: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)

_CREDENTIALS: dict[Credential, str] = {
    "api_key": "API key",
    "id_token": "ID token",
    "signature": "signature",
    "none": "none",
}

_TIMES = {1: "once", 2: "twice"}


def endpoints() -> list[list[str]]:
    """Every endpoint with its paths, what opens it and what it costs."""
    rows = [["Endpoint", "Request", "Credential", "Per 1,000 tokens", "Basis"]]
    for endpoint in ENDPOINTS:
        # Micro-dollars a token are thousandths of a dollar for a thousand of them.
        price = "" if endpoint.rate is None else money.text(endpoint.rate * 1000)
        requests = "<br>".join(f"`{endpoint.method} {path}`" for path in endpoint.paths)
        credential = _CREDENTIALS[endpoint.credential]
        rows.append([f"`{endpoint.name}`", requests, credential, price, endpoint.basis])
    return rows


def errors() -> list[list[str]]:
    """Every way to be refused."""
    rows = [
        [str(failure.status), f"`{failure.type}`", f"`{failure.code}`", failure.cause, failure.basis]
        for failure in ERRORS
    ]
    return [["Status", "Type", "Code", "When", "Basis"], *rows]


def models() -> list[list[str]]:
    """Every model and the endpoints that take it."""
    rows = [[f"`{model.id}`", model.best_for, ", ".join(f"`{name}`" for name in model.endpoints)] for model in MODELS]
    return [["Model", "Best for", "Endpoints"], *rows]


def settings() -> list[list[str]]:
    """Every setting: its flag, its variable, its default."""
    rows = [["Flag", "Variable", "Default", "Meaning"]]
    for setting in SETTINGS:
        flag, default = f"{setting.flag} {setting.kind.metavar}".rstrip(), setting.default_text
        rows.append([f"`{flag}`", f"`{setting.variable}`", f"`{default}`" if default else "", setting.help])
    return rows


def routes() -> list[list[str]]:
    """Every route of the mock's own."""
    rows = [[f"`{row.method} {row.path.replace(':path', '')}`", _input(row), row.summary] for row in control_rows()]
    return [["Route", "Takes", "What it does"], *rows]


def _input(row: ControlRoute) -> str:
    """The body's fields or the query's names, from their types: ``{uid?, email?}``, ``?uid=``."""
    if row.request is not None:
        described = msgspec.inspect.type_info(row.request)
        assert isinstance(described, msgspec.inspect.StructType)
        return f"`{{{', '.join(map(_field, described.fields))}}}`"
    return f"`?{'&'.join(f'{name}=' for name in row.query)}`" if row.query else ""


def _field(field: msgspec.inspect.Field) -> str:
    name = field.encode_name if field.required else f"{field.encode_name}?"
    for one in (field.type, *getattr(field.type, "types", ())):
        if isinstance(one, msgspec.inspect.LiteralType):
            return f"{name}: {'|'.join(map(str, one.values))}"
    return name


def firebase() -> list[list[str]]:
    """Every route of Firebase's that is emulated."""
    rows = [[f"`POST {row.path}`", row.summary, f"`{row.operation}`"] for row in TABLE]
    return [["Route", "What it does", "In the journal"], *rows]


def faults() -> list[list[str]]:
    """Every kind of fault and its options."""
    rows = [[f"`{fault.kind}`", _first_line(fault.__doc__), "<br>".join(_options(fault))] for fault in FAULTS.values()]
    return [["Kind", "What the client sees", "Options"], *rows]


def _options(fault: type[Fault]) -> Iterator[str]:
    """A fault's options with their descriptions, from the annotations of its fields."""
    fields = msgspec.json.schema(fault)["$defs"][fault.__name__]["properties"]
    for name, schema in fields.items():
        described = next(one for one in (schema, *schema.get("anyOf", ())) if "description" in one)
        values = ", ".join(f"`{value}`" for value in described.get("enum", ()))
        yield f"`{name.rstrip('_')}`{f' ({values})' if values else ''}: {described['description']}"


def _first_line(text: str | None) -> str:
    return (text or "").partition("\n")[0].replace("``", "`")


def scenarios() -> list[list[str]]:
    """Every shipped scenario."""
    rows = [[f"`{name}`", said] for name, said in ScenarioStore(resources.scenarios()).describe()]
    return [["Scenario", "What it finds"], *rows]


def testing() -> list[list[str]]:
    """All that a test can ask of its sandbox."""
    rows = [["`clevora`", "What it does"]]
    for prefix, holder in (("", Clevora), ("clock.", SandboxClock)):
        for name, member in vars(holder).items():
            if not name.startswith("_"):
                said = (inspect.getdoc(member) or "").partition("\n\n")[0].replace("\n", " ").replace("``", "`")
                rows.append([f"`.{prefix}{name}{_parameters(member)}`", said])
    return rows


def _parameters(member: object) -> str:
    if isinstance(member, property):
        return ""
    assert callable(member)
    found = [str(parameter.replace(annotation=inspect.Parameter.empty)) for parameter in _signature(member)]
    return f"({', '.join(found)})"


def _signature(member: Callable[..., object]) -> list[inspect.Parameter]:
    return [parameter for name, parameter in inspect.signature(member).parameters.items() if name != "self"]


def clients() -> list[list[str]]:
    """Every client with its version and its manners."""
    refusals = [str(status) for status in STATUSES]
    rows = [["Client", "Version", "What is tested", *refusals, "Retries by itself", "A stream that is cut"]]
    return [*rows, *(_client(client) for client in CLIENTS)]


def libraries() -> list[list[str]]:
    """Every library of what else there is."""
    rows = [[library.name, _pinned(library.pin), library.tested] for library in LIBRARIES]
    return [["Library", "Version", "What it does with the mock"], *rows]


def _client(client: Client) -> list[str]:
    version = "<br>".join(_pinned(pin) for pin in client.pins) or client.version
    refusals = [f"`{client.errors[status]}`" for status in STATUSES]
    retries = f"429 and 500, {_TIMES[client.attempts - 1]}" if client.attempts > 1 else "never"
    return [client.name, version, client.tested, *refusals, retries, f"`{client.cut}`"]


def _pinned(pin: Pin) -> str:
    return f"`{pin.package}` {pin.version}"


TABLES = {
    "clients": clients,
    "endpoints": endpoints,
    "errors": errors,
    "faults": faults,
    "firebase": firebase,
    "libraries": libraries,
    "models": models,
    "routes": routes,
    "scenarios": scenarios,
    "settings": settings,
    "testing": testing,
}


def rendered(name: str) -> list[str]:
    """A table's lines in Markdown."""
    head, *rows = ([cell.replace("|", "\\|") for cell in row] for row in TABLES[name]())
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def printed(text: str) -> dict[str, list[str]]:
    """The lines between each pair of markers in `text`."""
    return {found[2]: found[3].strip("\n").split("\n") for found in _MARKED.finditer(text)}


def rewritten(text: str) -> str:
    """`text` with what stands between its markers made anew."""
    return _MARKED.sub(lambda found: found[1] + "\n".join(rendered(found[2])) + "\n" + found[4], text)


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text(encoding="utf-8")), encoding="utf-8")
