"""``GET /``: what this is, what to copy, where everything lies; HTML for a browser, JSON for a program."""

from html import escape

from starlette.responses import HTMLResponse

from clevora_mock.api.answers import Answer, Json
from clevora_mock.control.pages import page
from clevora_mock.core.call import Call
from clevora_mock.version import __version__

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


class Home:
    """The first page."""

    async def __call__(self, call: Call) -> Answer:
        base = call.base_url
        key = call.sandbox.beginning.api_key
        if "text/html" not in call.header(b"accept"):
            return Json(
                {
                    "name": "clevora-mock",
                    "version": __version__,
                    "baseUrl": f"{base}/v1",
                    "apiKey": key,
                    "sandbox": call.sandbox.name,
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
                sandbox=escape(call.sandbox.name),
                version=__version__,
            )
        )
