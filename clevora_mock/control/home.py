"""``GET /``: version, base URL, API key and links, as HTML or JSON."""

from html import escape

from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.control.endpoint import get_base_url, get_sandbox
from clevora_mock.control.pages import page_response
from clevora_mock.control.schemas import Home
from clevora_mock.version import __version__
from clevora_mock.web.json_response import json_response

_LINKS = (
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


async def show_home(request: Request) -> Response:
    """Handle ``GET /``: HTML for clients that accept it, else JSON."""
    base = get_base_url(request)
    key = get_sandbox(request).config.api_key
    if "text/html" not in request.headers.get("accept", ""):
        return json_response(
            Home(
                name="clevora-mock",
                version=__version__,
                base_url=f"{base}/v1",
                api_key=key,
                webhook_secret=get_sandbox(request).config.webhook_secret,
                sandbox=get_sandbox(request).name,
                links=dict(_LINKS),
            )
        )
    rows = "".join(
        f'<li><a href="{escape(base + path)}"><code>{escape(path)}</code></a> {escape(meaning)}</li>'
        for path, meaning in _LINKS
    )
    return page_response(
        "home.html",
        base=escape(f"{base}/v1"),
        key=escape(key),
        links=rows,
        sandbox=escape(get_sandbox(request).name),
        version=__version__,
    )
