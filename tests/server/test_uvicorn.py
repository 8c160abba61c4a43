"""The package's use of uvicorn: documented names, and a short list of others."""

import ast
import inspect
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

import clevora_mock.server
from clevora_mock.server.undocumented import UNDOCUMENTED

CLASSES = {
    "HttpToolsProtocol": HttpToolsProtocol,
    "RequestResponseCycle": RequestResponseCycle,
    "Server": uvicorn.Server,
}
MODULES = sorted(Path(clevora_mock.server.__file__).parent.glob("*.py"))
# The expressions that are objects of each class in the package, and the package's subclass of it.
USED_AS = {
    "HttpToolsProtocol": ({"self", "super()"}, "FaultProtocol"),
    "RequestResponseCycle": ({"cycle", "before", "running", "self.cycle", "self._cycle"}, None),
    "Server": ({"self", "super()", "self._server"}, "UvicornServer"),
}
# Callbacks of asyncio and httptools, ASGI's functions for applications, and names in uvicorn's documentation.
DOCUMENTED = {
    "HttpToolsProtocol": {"connection_made", "connection_lost", "data_received", "eof_received"}
    | {"pause_writing", "resume_writing"}
    | {"on_message_begin", "on_url", "on_header", "on_headers_complete", "on_body", "on_message_complete"},
    "RequestResponseCycle": {"send", "receive"},
    "Server": {"run", "serve", "config", "should_exit"},
}


def members(name: str) -> set[str]:
    """Return methods and attributes of one of uvicorn's classes."""
    source = inspect.getsource(CLASSES[name])
    assigned = {
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self"
    }
    return assigned | {found for found in vars(CLASSES[name]) if not found.startswith("__")}


def used(name: str) -> set[str]:
    """Return the attributes of one of uvicorn's classes that the package reads, sets or overrides."""
    names, subclass = USED_AS[name]
    found: set[str] = set()
    for module in MODULES:
        tree = ast.parse(module.read_text(encoding="utf-8"))
        parts = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == subclass]
        for node in (node for part in (parts if subclass else [tree]) for node in ast.walk(part)):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) in names:
                found.add(node.attr)
            elif subclass and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found.add(node.name)
    return found


def test_the_list_of_undocumented_names_is_short() -> None:
    assert sum(map(len, UNDOCUMENTED.values())) <= 10


def test_undocumented_names_are_all_in_the_list() -> None:
    for name, listed in UNDOCUMENTED.items():
        assert used(name) & members(name) - DOCUMENTED[name] == set(listed)
