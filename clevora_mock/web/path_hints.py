"""Hints for unknown paths (W3), which name what is wrong with the client's base URL or settings."""

import re
from collections.abc import Sequence

from clevora_mock.contract.endpoints import ENDPOINTS, MODELS
from clevora_mock.core.masking import masked_text
from clevora_mock.core.messages import closest_spelling
from clevora_mock.core.sandboxes import is_name

# Higher than for words, since all paths have parts in common.
PATH_SIMILARITY = 0.85

_PATHS = tuple(path for endpoint in ENDPOINTS for path in endpoint.paths)
_UNDER_V1 = "|".join(re.escape(path.removeprefix("/v1/")) for path in _PATHS if "{" not in path and "/v1/" in path)
_SANDBOX = re.compile("/(sandbox)/([^/]+)(?:/.*)?", re.DOTALL | re.IGNORECASE)

# A pattern of the whole path, and the hint; the first one that matches counts. `{prefix}` is the sandbox's.
_HINTS: tuple[tuple[str, str], ...] = (
    (r".*//.*", "the path has a doubled slash: leave out the slash at the end of the base URL"),
    (r".*%2f.*", "the path has an encoded slash (%2F): send it as /"),
    (r".*/v1/v1(?:/.*)?", "the path has /v1 twice: the client adds it to a base URL that ends in it, so leave one out"),
    (
        f"(?:/v1)?/(?:{_UNDER_V1})/(?:v1/)?(?:{_UNDER_V1})",
        "the base URL has an endpoint's path; it should end in /v1, since the client adds the rest",
    ),
    (r"/v1", "this is the base URL itself; endpoints are below it, such as /v1/chat/completions"),
    (
        r"(?:/v1)?/models(?:/.*)?",
        "Clevora documents no model list; its models are " + ", ".join(model.id for model in MODELS),
    ),
    (
        r"(?:/v1)?/responses(?:/.*)?",
        (
            "Clevora has no Responses API; use /v1/chat/completions. AI SDK: provider.chat(model); openai-agents: "
            'set_default_openai_api("chat_completions"), in JavaScript setOpenAIAPI; LangChain: useResponsesApi false; '
            "inspect-ai: responses_api=false"
        ),
    ),
    (r"(?:/v1)?/completions?", "Clevora has no legacy completions; use /v1/chat/completions"),
    (r"(?:/v1)?/chat", "did you mean /v1/chat/completions?"),
    (
        r"(?:/anthropic)?(?:/v1)?/messages(?:/.*)?",
        "this is Anthropic's API; use an OpenAI client with /v1/chat/completions",
    ),
    (
        r"(?:/v1)?/(?:openai|deployments)/.*",
        "this is Azure OpenAI's path; use the plain OpenAI client (not AzureOpenAI) with a base URL that ends in /v1",
    ),
    (
        r"(?:/v1)?/api/(?:chat|generate|tags|show|embed|embeddings)",
        "this is Ollama's API; use an OpenAI client with a base URL that ends in /v1",
    ),
    (r"(?:/v1)?/(?:health|healthz|ready|readyz|livez|ping|status)", "readiness is at {prefix}/__mock/health"),
    (
        "/v1/(?:assistants|audio|batches|files|fine_tuning|images|moderations|realtime|threads|vector_stores)(?:/.*)?",
        "Clevora has no such API; its endpoints are listed at /docs/llms",
    ),
    (
        f"/(?:{_UNDER_V1})(?:/.*)?",
        "the base URL lacks /v1; aiohttp and urljoin drop a base URL's path before a path that begins with /",
    ),
)


def hint_for(path: str, prefix: str = "", own: Sequence[str] = ()) -> str | None:
    """Return the hint for an unknown path after a sandbox's `prefix`; None if nothing is known about it.

    `own` are the paths of the mock itself.
    """
    for pattern, hint in _HINTS:
        if re.fullmatch(pattern, path, re.DOTALL | re.IGNORECASE):
            return hint.replace("{prefix}", prefix)
    if found := _SANDBOX.fullmatch(path):
        return _sandbox_hint(*found.groups())
    if close := closest_spelling(path, (*_PATHS, *own), PATH_SIMILARITY):
        return f"did you mean {close}?"
    return f"the routes are listed at {prefix}/__mock/openapi.json" if f"{path}/".startswith("/__mock/") else None


def _sandbox_hint(prefix: str, name: str) -> str:
    """Return the hint for a sandbox's prefix in capitals, one that comes twice, or a name that is not valid."""
    if prefix != "sandbox":
        return "a sandbox's path begins with /sandbox/ in lower case"
    if is_name(name):
        return "the path has a sandbox's prefix twice: the client adds it to a base URL that has it, so leave one out"
    valid = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:63]
    # No name is made of a secret, which its other spelling would not mask, nor one that looks like a key.
    if any(masked_text(text) != text for text in (name, valid)):
        valid = ""
    wanted = "a sandbox's name has 1 to 63 lower-case letters, digits and hyphens, and begins with no hyphen"
    return f"{wanted}; did you mean /sandbox/{valid}?" if valid else f"{wanted}, such as /sandbox/my-test"
