"""Handle ``GET /``: what this is, what to copy, where everything lies; HTML for a browser, JSON for a program."""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from clevora_mock.control.endpoint import base_url_of, sandbox_of
from clevora_mock.control.pages import page
from clevora_mock.version import __version__
from clevora_mock.web.json_response import json_response

_PLACES = (
    ("/__mock/health", "Whether the server is ready, and how it is set up."),
    ("/__mock/fidelity", "Every clause of the contract: documented, or inferred."),
    ("/__mock/scenarios", "What can be made to go wrong."),
    ("/__mock/requests", "The newest requests, and why which rule applied."),
    ("/__mock/conduct", "How the client behaved."),
    ("/__mock/ledger?uid=demo", "The demo account's money, entry by entry."),
    ("/__mock/firestore/clevora_developer_usage/demo", "The documented places in Firestore."),
    ("/openapi.json", "The emulated API as OpenAPI 3.1."),
    ("/__mock/openapi.json", "The routes below /__mock the same way."),
    ("/docs/llms", "The emulated API for coding agents."),
)


async def home(request: Request) -> Response:
    """Handle ``GET /``."""
    base = base_url_of(request)
    key = sandbox_of(request).config.api_key
    if "text/html" not in request.headers.get("accept", ""):
        return json_response(
            {
                "name": "clevora-mock",
                "version": __version__,
                "baseUrl": f"{base}/v1",
                "apiKey": key,
                "sandbox": sandbox_of(request).name,
                "places": dict(_PLACES),
            }
        )
    rows = "".join(
        f'<li><a href="{escape(base + path)}"><code>{escape(path)}</code></a> {escape(meaning)}</li>'
        for path, meaning in _PLACES
    )
    return HTMLResponse(
        page(
            "home.html",
            base=escape(f"{base}/v1"),
            key=escape(key),
            places=rows,
            sandbox=escape(sandbox_of(request).name),
            version=__version__,
        )
    )
