"""The clients that the mock is tested with, and their particular behavior.

`test_matrix.py` checks every row against its client; `docs/reference/clients.md` lists them with the pinned versions.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

ROOT = Path(__file__).parents[3]
EXTERNAL = Path(__file__).parent

# `suite`: the Python that runs the tests. `clients`: the one with packages that conflict with the suite's.
# `agents`: one with packages that require a later openai than `clients` has.
# `node`: the machine's. `node22`: for packages that require a newer one. `chromium`: a page of another origin.
Runtime = Literal["suite", "clients", "agents", "node", "node22", "go", "chromium"]

# Parts of the API that a client does not expose.
# `end of cut streams`: a browser drops what has arrived before the break but not been read.
Hidden = Literal[
    "usage of streams",
    "usage of embeddings",
    "text of cut streams",
    "end of cut streams",
    "finish reason",
    "finish reason of streams",
]

STATUSES = {
    400: "invalid_field",
    401: "invalid_api_key",
    402: "insufficient_balance",
    429: "rate_limit_exceeded",
    500: "internal_error",
}


class Pin(NamedTuple):
    """A package in the file that pins its version; `alias` is its name there if npm has several versions of it."""

    file: Path
    package: str
    alias: str = ""

    @property
    def version(self) -> str:
        text = self.file.read_text(encoding="utf-8")
        if self.file.suffix == ".json":
            return str(json.loads(text)["dependencies"][self.alias or self.package].rpartition("@")[2])
        (version,) = re.findall(rf"^{re.escape(self.package)}==(\S+)$", text, re.MULTILINE)
        return str(version)


def suite(package: str) -> Pin:
    return Pin(ROOT / "constraints.txt", package)


def pypi(package: str) -> Pin:
    return Pin(EXTERNAL / "requirements.txt", package)


def agents(package: str) -> Pin:
    return Pin(EXTERNAL / "requirements-agents.txt", package)


def npm(package: str, alias: str = "") -> Pin:
    return Pin(EXTERNAL / "package.json", package, alias)


class Client(NamedTuple):
    """A client of the API."""

    name: str
    # The package to install; none if the client comes with the machine, in a version that `version` prints.
    pins: tuple[Pin, ...]
    runtime: Runtime
    adapter: str
    # The exception for each status, and for a stream whose connection is cut.
    errors: Mapping[int, str]
    cut: str
    # The exception for a stream that ends early in good order; none if the half is taken for a whole answer. Then
    # `early_finish` is what the client gives as its finish reason, if it gives one.
    early_end: str = ""
    early_finish: str | None = None
    # The exception's name for the error, if it is not the contract's code.
    codes: Mapping[int, str | None] = {}
    # The total number of attempts before a 429 or a 500 is passed on.
    attempts: int = 1
    embeds: bool = True
    # The adapter's functions that request an object of a class, by the client's own ways to do so.
    objects: tuple[str, ...] = ()
    # True if it parses objects while it reads, so that each piece of a stream is the object so far.
    reads_objects: bool = False
    hides: frozenset[Hidden] = frozenset()
    version: str = ""

    @property
    def id(self) -> str:
        return f"{self.runtime}-{self.adapter}"

    @property
    def tested(self) -> str:
        parts = ["answers", "streams", *(["embeddings"] if self.embeds else []), *(["objects"] if self.objects else [])]
        return ", ".join(parts)


class Library(NamedTuple):
    """A library that is not a client of the API."""

    name: str
    pin: Pin
    tested: str


def _each(name: str) -> dict[int, str]:
    """Return the same exception for every status."""
    return dict.fromkeys(STATUSES, name)


_OPENAI = {
    400: "openai.BadRequestError",
    401: "openai.AuthenticationError",
    402: "openai.APIStatusError",
    429: "openai.RateLimitError",
    500: "openai.InternalServerError",
}
_OPENAI_NODE = {
    400: "BadRequestError",
    401: "AuthenticationError",
    402: "APIError",
    429: "RateLimitError",
    500: "InternalServerError",
}
_AI = _each("APICallError") | {429: "RetryError", 500: "RetryError"}
_CHROMIUM: frozenset[Hidden] = frozenset({"end of cut streams"})

CLIENTS = (
    Client(
        "OpenAI's SDK for Python",
        (suite("openai"),),
        "suite",
        "openai",
        errors=_OPENAI,
        cut="openai.APIConnectionError",
        attempts=3,
    ),
    Client(
        "OpenAI's SDK for Python",
        (pypi("openai"),),
        "clients",
        "openai",
        errors=_OPENAI,
        cut="httpx.RemoteProtocolError",
        attempts=3,
    ),
    Client(
        "OpenAI's SDK for Node",
        (npm("openai", "openai-7"),),
        "node22",
        "openai-7",
        errors=_OPENAI_NODE,
        cut="TypeError",
        attempts=3,
    ),
    Client(
        "OpenAI's SDK for Node",
        (npm("openai"),),
        "node",
        "openai-6",
        errors=_OPENAI_NODE,
        cut="TypeError",
        attempts=3,
    ),
    Client(
        "LangChain",
        (pypi("langchain-openai"),),
        "clients",
        "langchain",
        # They are LangChain's own classes below the SDK's.
        errors=_OPENAI,
        cut="httpx.RemoteProtocolError",
        attempts=3,
        objects=("native",),
        hides=frozenset({"usage of embeddings"}),
    ),
    Client(
        "LiteLLM",
        (pypi("litellm"),),
        "clients",
        "litellm",
        errors={
            400: "litellm.BadRequestError",
            401: "litellm.AuthenticationError",
            402: "litellm.APIError",
            429: "litellm.RateLimitError",
            500: "litellm.InternalServerError",
        },
        cut="litellm.exceptions.MidStreamFallbackError",
        early_end="litellm.exceptions.MidStreamFallbackError",
        codes={401: None, 402: None, 429: "429"},
        attempts=3,
    ),
    Client(
        "instructor, JSON modes",
        (pypi("instructor"),),
        "clients",
        "instructor",
        errors=_each("instructor.core.InstructorRetryException"),
        cut="instructor.core.InstructorRetryException",
        attempts=3,
        embeds=False,
        objects=("json_schema", "md_json"),
        reads_objects=True,
        hides=frozenset({"usage of streams", "text of cut streams"}),
    ),
    Client(
        "Pydantic AI",
        (agents("pydantic-ai-slim"),),
        "agents",
        "pydantic_ai",
        errors={
            400: "pydantic_ai.ModelRequestRejectedError",
            401: "pydantic_ai.ModelAuthenticationError",
            402: "pydantic_ai.ModelQuotaExceededError",
            429: "pydantic_ai.ModelRateLimitError",
            500: "pydantic_ai.ModelServerError",
        },
        cut="pydantic_ai.ModelConnectionError",
        # It makes it up.
        early_finish="stop",
        attempts=3,
        objects=("native", "prompted"),
    ),
    Client(
        "OpenAI's Agents SDK, chat completions",
        (agents("openai-agents"),),
        "agents",
        "openai_agents",
        errors=_OPENAI,
        cut="openai.APIConnectionError",
        attempts=3,
        embeds=False,
        objects=("native",),
        hides=frozenset({"finish reason"}),
    ),
    Client(
        "smolagents, `retry=False`",
        (agents("smolagents"),),
        "agents",
        "smolagents",
        errors=_OPENAI,
        cut="openai.APIConnectionError",
        attempts=3,
        embeds=False,
        objects=("native",),
        hides=frozenset({"finish reason of streams"}),
    ),
    Client(
        "LlamaIndex",
        (pypi("llama-index-llms-openai-like"), pypi("llama-index-embeddings-openai")),
        "clients",
        "llama_index",
        errors=_OPENAI,
        cut="httpx.RemoteProtocolError",
        # It makes three calls of the SDK, which makes four attempts each.
        attempts=12,
        objects=("native", "prompted"),
        hides=frozenset({"usage of embeddings"}),
    ),
    Client(
        "DSPy",
        (pypi("dspy"),),
        "clients",
        "dspy",
        errors={
            400: "dspy.LMInvalidRequestError",
            401: "dspy.LMAuthError",
            402: "dspy.LMBillingError",
            429: "dspy.LMRateLimitError",
            500: "dspy.LMServerError",
        },
        cut="dspy.LMTransportError",
        early_end="dspy.LMStreamAssemblyError",
        attempts=4,
        objects=("prompted",),
        hides=frozenset({"usage of embeddings"}),
    ),
    Client(
        "AI SDK",
        (npm("ai"), npm("@ai-sdk/openai-compatible")),
        "node22",
        "ai-7",
        errors=_AI,
        cut="APICallError",
        early_end="InvalidResponseDataError",
        attempts=3,
    ),
    Client(
        "AI SDK",
        (npm("ai", "ai-6"), npm("@ai-sdk/openai-compatible", "openai-compatible-2")),
        "node",
        "ai-6",
        errors=_AI,
        cut="APICallError",
        early_end="InvalidResponseDataError",
        attempts=3,
    ),
    Client(
        "HTTPX",
        (suite("httpx"),),
        "suite",
        "httpx",
        errors=_each("httpx.HTTPStatusError"),
        cut="httpx.RemoteProtocolError",
    ),
    Client(
        "Requests",
        (suite("requests"),),
        "suite",
        "requests",
        errors=_each("requests.HTTPError"),
        cut="requests.exceptions.ChunkedEncodingError",
    ),
    Client(
        "aiohttp",
        (pypi("aiohttp"),),
        "clients",
        "aiohttp",
        errors=_each("aiohttp.ClientResponseError"),
        cut="aiohttp.ClientPayloadError",
        # At the exception the response's body, and so the code, is no longer available.
        codes=dict.fromkeys(STATUSES),
    ),
    Client(
        "LangChain for Node",
        (npm("@langchain/openai"),),
        "node22",
        "langchain",
        # They are LangChain's own classes below the SDK's.
        errors=_OPENAI_NODE,
        cut="TypeError",
        attempts=3,
        hides=frozenset({"usage of embeddings"}),
    ),
    Client(
        "AI SDK, `@ai-sdk/openai` with `.chat()`",
        (npm("ai"), npm("@ai-sdk/openai")),
        "node22",
        "ai-openai",
        errors=_AI,
        cut="APICallError",
        early_finish="interrupted",
        attempts=3,
        objects=("native",),
    ),
    Client(
        "Continue",
        (npm("@continuedev/openai-adapters"),),
        "node",
        "continue",
        errors=_OPENAI_NODE,
        cut="Error: Premature close",
        attempts=3,
    ),
    Client(
        "OpenAI's SDK in Chromium",
        (npm("openai", "openai-7"),),
        "chromium",
        "openai-7",
        errors=_OPENAI_NODE,
        cut="TypeError",
        attempts=3,
        hides=_CHROMIUM,
    ),
    Client("axios", (npm("axios"),), "node", "axios", errors=_each("AxiosError"), cut="Error: aborted"),
    Client("fetch", (), "node22", "fetch", errors=_each("!response.ok"), cut="TypeError", version="of Node 22"),
    Client(
        "axios in Chromium",
        (npm("axios"),),
        "chromium",
        "axios",
        errors=_each("AxiosError"),
        cut="TypeError",
        hides=_CHROMIUM,
    ),
    Client(
        "fetch in Chromium",
        (),
        "chromium",
        "fetch",
        errors=_each("!response.ok"),
        cut="TypeError",
        hides=_CHROMIUM,
        version="of the system",
    ),
    Client(
        "Go's `net/http`",
        (),
        "go",
        "net-http",
        errors=_each("resp.StatusCode"),
        cut="io.ErrUnexpectedEOF",
        version="of the system",
    ),
    Client(
        "Java's `HttpClient`",
        (),
        "suite",
        "jdk",
        errors=_each("statusCode()"),
        cut="java.io.UncheckedIOException",
        version="of the system",
    ),
    Client("curl", (), "suite", "curl", errors=_each("exit 22"), cut="exit 18", version="of the system"),
)

LIBRARIES = (
    Library("Dodo Payments for Python", suite("dodopayments"), "reads the payment events"),
    Library("Dodo Payments for Node", npm("dodopayments"), "reads the payment events"),
    Library("Standard Webhooks for Python", suite("standardwebhooks"), "checks and signs the payment events"),
    Library("Standard Webhooks for Node", npm("standardwebhooks"), "checks and signs the payment events"),
    Library("instructor for Node", npm("@instructor-ai/instructor"), "objects in the modes JSON and JSON_SCHEMA"),
    Library("Firebase for the web", npm("firebase"), "signs up, in and out, refreshes; its token opens the dashboard"),
    Library("Firebase Admin for Python", pypi("firebase-admin"), "verifies ID tokens, finds users"),
    Library("Firebase Admin for Node", npm("firebase-admin"), "verifies ID tokens, finds users"),
)
