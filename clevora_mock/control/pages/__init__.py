"""HTML pages, as `string.Template` files in this folder, and the headers that keep other pages away from them.

A page has no scripts. Its styles are in it and allowed by their hash, so what somebody smuggles into it does nothing.
"""

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from string import Template

from starlette.responses import HTMLResponse

_POLICY = "default-src 'none'; style-src {styles}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
PRIVACY_HEADERS = {"x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer"}

# The place in a page's style for the colors and fonts that it shares with the console.
_TOKENS = "/* tokens */"


def page_response(name: str, status: int = 200, /, **values: str) -> HTMLResponse:
    """Return the page `name` with `values`, which must be escaped, substituted."""
    source = files(__package__).joinpath(name).read_text(encoding="utf-8")
    tokens = files("clevora_mock.control.console").joinpath("tokens.css").read_text(encoding="utf-8")
    source = source.replace(_TOKENS, tokens)
    styles = " ".join(map(_source_of, re.findall("<style>(.*?)</style>", source, re.DOTALL)))
    policy = _POLICY.format(styles=styles)
    headers = {"content-security-policy": policy, "cache-control": "no-store", **PRIVACY_HEADERS}
    return HTMLResponse(Template(source).substitute(values), status, headers=headers)


def _source_of(style: str) -> str:
    """Return the expression that allows `style` in a Content-Security-Policy."""
    return f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'"
