"""From a path and a method to the work that answers them (contract W3).

Paths are looked up, not tried in turn: the table is known at the start, and every request first belongs to a sandbox.
Unknown paths are 404 before anyone looks at credentials, a known path under another method is 405, and a slash at the
end changes nothing.
"""

import re
from collections.abc import Callable, Iterable
from urllib.parse import quote

from msgspec import Struct
from starlette.types import Receive, Scope, Send

from clevora_mock.api.answers import Answer, Whole
from clevora_mock.api.gate import Exchange, Gate, Work
from clevora_mock.api.surface import CLEVORA, OWN, Surface
from clevora_mock.contract.endpoints import NOT_EMULATED, Endpoint
from clevora_mock.core.accounts import mask
from clevora_mock.core.call import Call
from clevora_mock.core.errors import ApiError
from clevora_mock.core.sandboxes import Sandboxes

# A parameter of a path, or the text up to the next one.
_PIECE = r"\{(?P<name>\w+)(?P<path>:path)?\}|[^{]+"


class Route(Struct, frozen=True):
    """One method of one path.

    `endpoint` is the contract's row for it. What the contract knows nothing of has none, and may have an `operation`,
    the name that the journal shows.
    """

    method: str
    path: str
    work: Work
    surface: Surface
    endpoint: Endpoint | None = None
    operation: str | None = None


class Table:
    """Routes by path; a ``{name}`` in a path stands for one segment, a ``{name:path}`` for all that follow."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._exact: dict[str, dict[str, Route]] = {}
        self._patterns: dict[re.Pattern[str], dict[str, Route]] = {}
        self.add(routes)

    def add(self, routes: Iterable[Route]) -> None:
        for route in routes:
            self._methods(route.path)[route.method] = route

    def find(self, path: str) -> tuple[dict[str, Route], dict[str, str]] | None:
        """The methods of `path` and what its parameters are; None when there is no such path."""
        methods = self._exact.get(path)
        if methods is not None:
            return methods, {}
        for pattern, found in self._patterns.items():
            matched = pattern.fullmatch(path)
            if matched:
                return found, matched.groupdict()
        return None

    def _methods(self, path: str) -> dict[str, Route]:
        if "{" not in path:
            return self._exact.setdefault(path, {})
        pattern = re.compile(re.sub(_PIECE, _expression, path))
        return self._patterns.setdefault(pattern, {})


def _expression(piece: re.Match[str]) -> str:
    if piece["name"] is None:
        return re.escape(piece[0])
    return f"(?P<{piece['name']}>{'.+' if piece['path'] else '[^/]+'})"


class Switch:
    """The way into the mock, an ASGI application for HTTP: sandbox, then route, then the gate.

    The models' routes are there from the start; the `further` ones are many, most clients never need them, and they are
    made at the first path that is none of the models'.
    """

    def __init__(
        self,
        sandboxes: Sandboxes,
        gate: Gate,
        routes: Iterable[Route],
        further: Callable[[], Iterable[Route]] = tuple,
    ) -> None:
        self.sandboxes = sandboxes
        self._gate = gate
        self._table = Table(routes)
        self._further: Callable[[], Iterable[Route]] | None = further

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        located = self.sandboxes.locate(scope["path"])
        sandbox, prefix, path = located or (self.sandboxes.default, "", scope["path"])
        path = path.rstrip("/") or "/"
        found = self._find(path) if located else None
        methods = found[0] if found else None
        call = Call(
            sandbox,
            scope["method"],
            path,
            _surface(path, methods),
            dict(scope["headers"]),
            scope["query_string"],
            scope["scheme"],
            scope["server"],
            prefix,
        )
        work: Work = _refuse_unknown
        if found is not None:
            methods, call.parameters = found
            work = self._choose(call, methods)
        await self._gate(call, work, Exchange(scope, receive, send))

    def _find(self, path: str) -> tuple[dict[str, Route], dict[str, str]] | None:
        found = self._table.find(path)
        if found is None and self._further is not None:
            self._table.add(self._further())
            self._further = None
            found = self._table.find(path)
        return found

    def _choose(self, call: Call, methods: dict[str, Route]) -> Work:
        route = methods.get("GET" if call.method == "HEAD" else call.method)
        if route is not None:
            call.endpoint, call.operation = route.endpoint, route.operation
            call.routed = True
            return route.work
        allowed = ", ".join(method for method in (*methods, "HEAD") if method != "HEAD" or "GET" in methods)
        if call.emulated and call.method == "OPTIONS" and b"access-control-request-method" in call.headers:
            return _preflight(allowed)
        return _refuse_method(allowed)


def _surface(path: str, methods: dict[str, Route] | None) -> Surface:
    """Whose `path` is. No page of the mock's own is for other origins, not even one that does not exist."""
    if methods is None:
        return OWN if f"{path}/".startswith("/__mock/") else CLEVORA
    return next(iter(methods.values())).surface


async def _refuse_unknown(call: Call) -> Answer:
    raise ApiError(
        "not_found",
        f"No route {call.method} {quote(mask(call.path)[:200])}",
        hint=NOT_EMULATED.get(call.path),
    )


def _refuse_method(allowed: str) -> Work:
    async def refuse(call: Call) -> Answer:
        message = f"{call.path} does not take {call.method}; expected {allowed}"
        raise ApiError("method_not_allowed", message, allow=allowed)

    return refuse


def _preflight(allowed: str) -> Work:
    """A browser's question before a request to another origin (W8)."""

    async def answer(call: Call) -> Answer:
        granted = Whole(b"", [], 204)
        granted.add(b"access-control-allow-methods", allowed)
        granted.add(b"access-control-allow-headers", call.header(b"access-control-request-headers") or "*")
        granted.add(b"access-control-max-age", "600")
        if b"access-control-request-private-network" in call.headers:
            granted.add(b"access-control-allow-private-network", "true")
        return granted

    return answer
