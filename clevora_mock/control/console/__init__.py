"""The console: ``/console``, ``/`` in a browser, and the files of its page, which are in this folder.

The page is one document without data. Its modules ask the control plane, and are served below a version, the digest of
all files, so that a browser keeps them for as long as they are the same. The policy admits nothing but these files.
"""

from hashlib import sha256
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from clevora_mock.control.endpoint import get_base_url, get_sandbox
from clevora_mock.control.pages import PRIVACY_HEADERS
from clevora_mock.control.schemas import Home
from clevora_mock.core.errors import ApiError
from clevora_mock.version import __version__
from clevora_mock.web.json_response import json_response

_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_PAGE = "page.html"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"
)
_LINKS = (
    ("/console", "Traffic, money, scenarios and clock, in a browser."),
    ("/__mock/health", "Readiness and settings."),
    ("/__mock/fidelity", "Every clause of the contract: documented, or inferred."),
    ("/__mock/scenarios", "Scenarios to choose from."),
    ("/__mock/requests", "The newest requests, with the rules that applied and those that did not."),
    ("/__mock/conduct", "Findings about the client's behavior."),
    ("/__mock/ledger?uid=demo", "The demo account's ledger."),
    ("/__mock/firestore/clevora_developer_usage/demo", "The demo account's usage, as in Firestore."),
    ("/openapi.json", "The emulated API as OpenAPI 3.1."),
    ("/__mock/openapi.json", "The control plane as OpenAPI 3.1."),
    ("/docs/llms", "The emulated API for coding agents."),
)


class ConsolePages:
    """Handlers of the console's page and files, which are read when the first browser comes."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._version = ""

    async def show_home(self, request: Request) -> Response:
        """Handle ``GET /``: the console for clients that accept HTML, else addresses and credentials as JSON."""
        if "text/html" in request.headers.get("accept", ""):
            return await self.show(request)
        sandbox, base = get_sandbox(request), get_base_url(request)
        return json_response(
            Home(
                name="clevora-mock",
                version=__version__,
                base_url=f"{base}/v1",
                api_key=sandbox.config.api_key,
                webhook_secret=sandbox.config.webhook_secret,
                sandbox=sandbox.name,
                links=dict(_LINKS),
            )
        )

    async def show(self, request: Request) -> Response:
        """Handle ``GET /console``."""
        self._read()
        page = Template(self._files[_PAGE].decode()).substitute(
            # Without scheme and host, since a proxy may have others.
            root=escape(request.scope["root_path"]),
            version=self._version,
            base=escape(f"{get_base_url(request)}/v1"),
            key=escape(get_sandbox(request).config.api_key),
        )
        headers = {"content-security-policy": _POLICY, "cache-control": "no-store", **PRIVACY_HEADERS}
        return HTMLResponse(page, headers=headers)

    async def show_file(self, request: Request) -> Response:
        """Handle ``GET /console/{version}/{path}``. Raises a 404 for another version's files."""
        self._read()
        path = request.path_params["path"]
        content = self._files.get(path) if request.path_params["version"] == self._version else None
        media_type = _TYPES.get(PurePosixPath(path).suffix)
        if content is None or media_type is None:
            raise ApiError("not_found", "No such file of the console")
        headers = {"content-type": media_type, "cache-control": "private, max-age=31536000, immutable"}
        return Response(content, headers=headers | {"x-content-type-options": "nosniff"})

    def _read(self) -> None:
        if not self._files:
            self._files = dict(_read_folder(files(__package__), ""))
            digest = sha256()
            for path, content in sorted(self._files.items()):
                digest.update(path.encode() + content)
            self._version = digest.hexdigest()[:16]


def _read_folder(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    """Return the paths and contents of the page's files in a folder of the package."""
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _read_folder(entry, f"{prefix}{entry.name}/")
        elif PurePosixPath(entry.name).suffix in {".html", *_TYPES}:
            found.append((prefix + entry.name, entry.read_bytes()))
    return found
