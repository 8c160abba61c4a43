"""Who may import whom, and what only one module may do."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import clevora_mock

PACKAGE = Path(clevora_mock.__file__).parent
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))

# Each part of the package and the parts below it; a part that is not here has no place yet.
_BASE = {"contract", "clock", "version"}
_CORE = _BASE | {"core"}
_MODELS = _CORE | {"resources", "models"}
_API = _MODELS | {"scenarios", "api"}
_CONTROL = _API | {"control"}
_FIREBASE = _API | {"firebase"}
_SETTINGS = _CORE | {"setting_kinds", "settings"}
_MOCK = _CONTROL | _FIREBASE | _SETTINGS | {"mock"}
BELOW: dict[str, set[str]] = {
    "__init__": {"app", "settings", "testing", "version"},
    "version": set(),
    "contract": set(),
    "clock": set(),
    "resources": set(),
    "exit_status": set(),
    "core": _CORE,
    "models": _MODELS,
    "scenarios": _MODELS | {"scenarios"},
    "setting_kinds": _CORE,
    "settings": _SETTINGS,
    "api": _API,
    "control": _CONTROL,
    "firebase": _FIREBASE,
    "connection": _API,
    "server": {"connection", "api"},
    "mock": _MOCK,
    "app": _MOCK,
    "testing": _BASE | {"cli", "settings", "testing"},
    "pytest_plugin": {"testing"},
    "serving": _MOCK | {"server"},
    "cli": _MOCK | {"cli", "exit_status", "server"},
    "__main__": {"cli"},
}


def part(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def imported(path: Path) -> set[str]:
    """The full names of all that a module imports, in functions too; what only type checkers read binds nobody."""
    found: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    unread = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if node in unread:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def inner(path: Path) -> set[str]:
    """The parts of the package that a module imports."""
    full = {found for found in imported(path) if found.split(".")[0] == "clevora_mock"}
    return {found.split(".")[1] for found in full if "." in found and not found.split(".")[1].startswith("__")}


def outer(path: Path) -> set[str]:
    """The top-level modules from elsewhere that a module imports."""
    return {found.split(".")[0] for found in imported(path)} - {"clevora_mock"}


def reads(path: Path) -> set[str]:
    """The dotted names that a module's code mentions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


every_module = pytest.mark.parametrize("path", MODULES, ids=name)


@every_module
def test_a_module_imports_only_what_lies_below_it(path: Path) -> None:
    """contract, clock <- core <- models <- api <- control, firebase <- app <- cli and testing."""
    assert part(path) in BELOW, f"{part(path)} has no place among the layers"
    assert inner(path) - BELOW[part(path)] == set()


@every_module
def test_only_the_clock_reads_the_time(path: Path) -> None:
    """Everyone else is told what time it is."""
    if name(path) == "clock.py":
        return
    assert "time" not in outer(path)
    told = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now"}
    assert reads(path) & told == set()
    assert not {mentioned for mentioned in reads(path) if mentioned.endswith(("loop.time", "loop().time"))}


@every_module
def test_nobody_draws_from_the_machines_chance(path: Path) -> None:
    """Chance is a hash of a seed, made in core/chance.py; no module knows another kind."""
    assert outer(path) & {"random", "uuid", "secrets"} == set()
    assert reads(path) & {"os.urandom", "numpy.random", "np.random"} == set()


@every_module
def test_only_the_settings_read_the_environment(path: Path) -> None:
    """A variable that is read elsewhere is in no table."""
    if name(path) != "settings.py":
        assert reads(path) & {"os.environ", "os.getenv", "os.environb"} == set()
        assert imported(path) & {"os.environ", "os.getenv"} == set()


@pytest.mark.parametrize("path", [path for path in MODULES if part(path) == "core"], ids=name)
def test_the_core_knows_nothing_of_the_world(path: Path) -> None:
    """No time, no chance, no files, no network, no web framework, no event loop."""
    world = {"time", "random", "uuid", "secrets", "os", "sys", "pathlib", "socket", "asyncio", "starlette", "uvicorn"}
    assert outer(path) & world == set()


@pytest.mark.parametrize("path", [path for path in MODULES if part(path) in ("models", "contract")], ids=name)
def test_models_know_nothing_of_the_web(path: Path) -> None:
    """They are told texts and give texts."""
    assert outer(path) & {"starlette", "uvicorn", "asyncio", "socket", "click"} == set()


@pytest.mark.parametrize("path", [path for path in MODULES if part(path) not in ("server", "cli")], ids=name)
def test_only_the_server_knows_uvicorn(path: Path) -> None:
    """The application is any ASGI server's."""
    assert "uvicorn" not in outer(path)


_NEEDLESS = {
    "numpy": "models of other endpoints",
    "faker": "the catalog's maker",
    "yaml": "scenarios",
    "hmac": "webhooks",
    "jsonschema": "JSON by a schema",
    "rstr": "JSON by a schema",
    "statistics": "drawn delays",
    "starlette.applications": "who serves it in a program of their own",
    "clevora_mock.api.embeddings": "embeddings",
    "clevora_mock.cli.shell_completion": "shells",
    "clevora_mock.control": "the control plane, whose routes are made at the first path that is none of the models'",
    "clevora_mock.core.identity": "who is signed in",
    "clevora_mock.firebase": "Firebase, as the control plane",
    "clevora_mock.scenarios.shelf": "scenarios",
}
# A chat, answered by a server that was started from the command line's module.
_FIRST_CHAT = """
import asyncio, json, sys
from clevora_mock import cli
from clevora_mock.server.service import Service
from clevora_mock.settings import DEMO_KEY, Settings

async def receive():
    return {"type": "http.request", "body": b'{"messages":[{"role":"user","content":"Write a poem about the sea."}]}'}

async def send(message):
    assert message.get("status", 200) == 200

headers = [(b"authorization", f"Bearer {DEMO_KEY}".encode())]
scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "query_string": b"", "headers": headers}
service = Service(Settings(port=0))
asyncio.run(service.mock.switch({**scope, "scheme": "http", "server": ("127.0.0.1", 1)}, receive, send))
print(json.dumps(sorted(sys.modules)))
"""


def test_a_first_chat_loads_nothing_that_it_does_not_need() -> None:
    """A server that only chats never pays for the rest."""
    command = [sys.executable, "-c", _FIRST_CHAT]
    asked = subprocess.run(command, cwd=PACKAGE.parent, check=True, capture_output=True, text=True)
    loaded = set(json.loads(asked.stdout))
    assert "clevora_mock.models.chat" in loaded
    assert {name: whose for name, whose in _NEEDLESS.items() if name in loaded} == {}
