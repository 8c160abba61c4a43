"""The rules for imports within the package, and for sources of time, chance and settings.

Each test goes through all files in a loop, so that one failure lists every violation.
"""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import clevora_mock

PACKAGE = Path(clevora_mock.__file__).parent
FILES = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}

# The parts of the package, lowest layer first: a part may import the layers before its own, and no sibling.
LAYERS: tuple[frozenset[str], ...] = (
    frozenset(
        {"version", "contract", "clock", "entropy", "resources", "exit_status", "output_file", "text", "loopback"}
    ),
    frozenset({"core"}),
    frozenset({"catalog"}),
    frozenset({"models", "faults", "scenarios", "setting_kinds"}),
    frozenset({"web", "settings", "upstream"}),
    frozenset({"recordings", "contract_file", "evidence"}),
    frozenset({"api", "control", "firebase"}),
    frozenset({"app", "verify"}),
    frozenset({"server"}),
    frozenset({"cli"}),
    frozenset({"__main__"}),
    frozenset({"testing"}),
    frozenset({"__init__"}),
)
# Scenario files name faults; the control plane describes the emulated API and signs its events.
SIBLINGS = {("scenarios", "faults"), ("control", "api")}

# Libraries, and the files or parts that may import them.
FORBIDDEN: dict[str, tuple[str, ...]] = {
    "time": ("clock.py",),
    "random": (),
    "uuid": (),
    "secrets": ("entropy.py",),
    "uvicorn": ("server/",),
}
# The lower layers use neither files nor the web; a model may read a Path that it is given.
_WORLD = frozenset({"os", "sys", "socket", "starlette", "uvicorn", "click"})
UNKNOWN_TO: dict[str, frozenset[str]] = {
    "contract": _WORLD | {"asyncio", "pathlib"},
    "core": _WORLD | {"asyncio", "pathlib"},
    "faults": _WORLD | {"asyncio", "pathlib"},
    "text": _WORLD | {"asyncio", "pathlib"},
    "catalog": _WORLD | {"asyncio"},
    "models": _WORLD | {"asyncio"},
    "clock": _WORLD,
    "entropy": _WORLD - {"os"},
}

# Expressions that read the time, chance, an object's identity or the environment, and the files that may.
READS: dict[str, tuple[str, ...]] = {
    "datetime.now": ("clock.py",),
    "datetime.utcnow": ("clock.py",),
    "datetime.today": ("clock.py",),
    "date.today": ("clock.py",),
    "loop.time": ("clock.py",),
    "get_running_loop().time": ("clock.py",),
    "os.urandom": ("entropy.py",),
    "numpy.random": (),
    "np.random": (),
    "hash(": (),
    "id(": (),
    "os.environ": ("settings.py",),
    "os.environb": ("settings.py",),
    "os.getenv": ("settings.py",),
}

HEAVY = frozenset({"numpy", "faker", "yaml", "jsonschema", "rstr", "statistics", "pytest"})
# A chat, answered by a server started from the command line's module.
FIRST_CHAT = """
import asyncio, json, sys
from clevora_mock.cli import main
from clevora_mock.server.service import Service
from clevora_mock.settings import DEMO_KEY, Settings

async def receive():
    return {"type": "http.request", "body": b'{"messages":[{"role":"user","content":"Write a poem about the sea."}]}'}

async def send(message):
    assert message.get("status", 200) == 200

scope = {
    "type": "http",
    "http_version": "1.1",
    "method": "POST",
    "path": "/v1/chat/completions",
    "query_string": b"",
    "headers": [(b"authorization", f"Bearer {DEMO_KEY}".encode())],
    "scheme": "http",
    "server": ("127.0.0.1", 1),
}
asyncio.run(Service(Settings(port=0)).app(scope, receive, send))
print(json.dumps(sorted(sys.modules)))
"""
# Imports each module in a process forked from one in which only other libraries are loaded.
IMPORT_EACH = """
import json, os, sys
import click, msgspec, numpy, starlette.applications, uvicorn, yaml

failed = []
for name in json.loads(sys.argv[1]):
    child = os.fork()
    if not child:
        try:
            __import__(name)
        except BaseException as error:
            sys.stderr.write(f"{name}: {error!r}\\n")
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        failed.append(name)
print(json.dumps(failed))
"""


def module_of(file: str) -> str:
    """Return the dotted name of a file's module."""
    return ".".join(("clevora_mock", *Path(file).with_suffix("").parts)).removesuffix(".__init__")


FILE_OF = {module_of(file): file for file in FILES}


def part_of(file: str) -> str:
    return Path(file).parts[0].removesuffix(".py")


@cache
def tree_of(file: str) -> ast.Module:
    return ast.parse(FILES[file].read_text(encoding="utf-8"))


@cache
def imports(file: str) -> frozenset[str]:
    """Return the full names of everything that a file imports: in functions and for type checkers as well."""
    found: set[str] = set()
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def files_imported(file: str) -> set[str]:
    """Return the package's own files that a file imports."""
    own = {name for name in imports(file) if name.startswith("clevora_mock.")}
    return {FILE_OF[name] if name in FILE_OF else FILE_OF[name.rpartition(".")[0]] for name in own}


def mentions(file: str) -> Iterator[str]:
    """Yield the dotted names that a file's code mentions, and the plain functions that it calls, as ``name(``."""
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield f"{node.func.id}("


def test_imports_point_from_upper_layers_to_lower_ones() -> None:
    """Imports under TYPE_CHECKING count as well."""
    level = {part: number for number, layer in enumerate(LAYERS) for part in layer}
    assert {part_of(file) for file in FILES} <= level.keys()
    breaches = [
        f"{file} -> {other}"
        for file in FILES
        for other in files_imported(file)
        if part_of(file) != part_of(other)
        and level[part_of(file)] <= level[part_of(other)]
        and (part_of(file), part_of(other)) not in SIBLINGS
    ]
    assert breaches == []


def test_no_files_import_each_other_in_a_circle() -> None:
    # The package's `__init__` imports public names on first use, and no module imports it by name.
    left = {file: files_imported(file) - {file} for file in FILES}
    while leaves := [file for file, others in left.items() if not others & left.keys()]:
        for file in leaves:
            del left[file]
    assert left == {}


def test_time_chance_and_the_environment_are_read_in_their_own_modules() -> None:
    libraries = {file: {name.partition(".")[0] for name in imports(file)} for file in FILES}
    imported = [
        f"{file} imports {name}"
        for file in FILES
        for name, allowed in FORBIDDEN.items()
        if name in libraries[file] and not file.startswith(allowed)
    ]
    read = [
        f"{file} reads {mentioned}"
        for file in FILES
        for mentioned in mentions(file)
        for name, allowed in READS.items()
        if (mentioned == name or mentioned.endswith(f".{name}")) and not file.startswith(allowed)
    ]
    assert imported + read == []


def test_no_function_remembers_its_results() -> None:
    """A repeated request costs as much as a new one, so that measurements are not those of a cache."""
    caches = {"cache", "lru_cache"}
    found = [
        file
        for file in FILES
        for node in ast.walk(tree_of(file))
        if (isinstance(node, ast.ImportFrom) and caches & {alias.name for alias in node.names})
        or (isinstance(node, ast.Attribute) and ast.unparse(node) in {f"functools.{name}" for name in caches})
    ]
    assert found == []


def test_the_lower_layers_import_neither_files_nor_the_web() -> None:
    breaches = [
        f"{file} imports {name}"
        for file in FILES
        for name in imports(file)
        if name.partition(".")[0] in UNKNOWN_TO.get(part_of(file), ())
    ]
    assert breaches == []


@pytest.mark.slow
def test_every_module_can_be_imported_alone() -> None:
    command = [sys.executable, "-W", "error", "-c", IMPORT_EACH, json.dumps([*FILE_OF])]
    done = subprocess.run(command, cwd=PACKAGE.parent, check=True, capture_output=True, text=True)
    assert (json.loads(done.stdout), done.stderr) == ([], "")


def test_a_first_chat_loads_nothing_heavy() -> None:
    """Scenarios, vectors and schemas are loaded on first use, so that the start is fast."""
    command = [sys.executable, "-c", FIRST_CHAT]
    asked = subprocess.run(command, cwd=PACKAGE.parent, check=True, capture_output=True, text=True)
    loaded = set(json.loads(asked.stdout))
    assert "clevora_mock.models.chat" in loaded
    assert loaded & HEAVY == set()
