"""Requests to the live API over HTTP/1.1, by httpx, which the extra ``clevora-mock[upstream]`` installs.

No redirect is followed, no cookie is kept, and only the headers in `FORWARDED_HEADERS` are sent. A body is passed on as
it comes, and read no faster than it is passed on. Nothing compressed is asked for; gzip, which some proxies send all
the same, is unpacked.
"""

import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from msgspec import Struct

from clevora_mock.core.accounts import bearer
from clevora_mock.core.exchange import RequestFacts
from clevora_mock.core.masking import masked_start
from clevora_mock.core.messages import masked_excerpt
from clevora_mock.loopback import is_loopback_host
from clevora_mock.version import __version__

if TYPE_CHECKING:
    import httpx

# ruff: noqa: PLC0415 - few servers forward anything

FORWARDED_HEADERS = frozenset(
    {
        b"accept",
        b"authorization",
        b"content-type",
        b"idempotency-key",
        b"user-agent",
        b"webhook-id",
        b"webhook-signature",
        b"webhook-timestamp",
    }
)
MISSING = "--upstream needs httpx, which is not installed: pip install 'PATH/TO/CHECKOUT[upstream]'"

_CONNECT_SECONDS = 10
# Between two parts of an answer.
_READ_SECONDS = 300
_COMPRESSED = frozenset({"gzip", "x-gzip", "deflate"})
# For zlib: the widest window, and the head of gzip or zlib.
_GZIP_OR_ZLIB = 47
_MAX_PART_BYTES = 64 * 1024
_MAX_REASON_CHARACTERS = 200

# Returns the start of a text, of so many characters at most, without its secrets.
Mask = Callable[[str, int], str]


class UpstreamUnavailableError(RuntimeError):
    """httpx is not installed, or cannot be used with the environment's certificates or proxies."""


class UpstreamError(Exception):
    """The live API gave no answer; the message says why."""


class UpstreamAnswer(Struct, frozen=True):
    """The head of an answer, with headers in lower case, and the parts of its body as they come.

    Reading a part may raise UpstreamError.
    """

    status: int
    headers: Mapping[str, str]
    parts: AsyncIterator[bytes]


class UpstreamClient:
    """A client of the API at `url`, to which it sends `key`, if there is one, in place of the mock's `own_key`.

    Not for a page in a browser, which any site can have send the well-known key of the mock and spend the other one's
    money. Raises UpstreamUnavailableError.
    """

    def __init__(self, url: str, key: str | None = None, own_key: str = "") -> None:
        self.url = url.rstrip("/").removesuffix("/v1")
        self.key = key
        self._own_key = own_key
        # Before the first request, whose time is recorded.
        self._client = _open(is_loopback_host(urlsplit(self.url).hostname or ""), urlsplit(self.url).scheme == "https")

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @asynccontextmanager
    async def send(self, facts: RequestFacts, mask: Mask) -> AsyncIterator[UpstreamAnswer]:
        """Send a request, and give its answer; the end of the block ends the request.

        `mask` masks what an UpstreamError quotes, which this raises.
        """
        import httpx

        query = f"?{facts.query}" if facts.query else ""
        try:
            url = f"{self.url}{_path(facts.path)}{query}"
            request = self._client.build_request(facts.method, url, headers=self._headers(facts), content=facts.body)
            response = await self._client.send(request, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UpstreamError(f"{self.host} does not answer: {_reason(error, mask)}") from None
        try:
            if response.is_redirect:
                raise UpstreamError(f"{self.host} answered {response.status_code}; redirects are not followed")
            if not 200 <= response.status_code <= 599:
                raise UpstreamError(f"{self.host} answered {response.status_code}, which is no status of HTTP")
            # As HTTP has it, with a character for each byte.
            response.headers.encoding = "latin-1"
            headers = {name.lower(): value for name, value in response.headers.items()}
            yield UpstreamAnswer(
                response.status_code, headers, _parts(self.host, response, _encoding(self.host, headers, mask), mask)
            )
        finally:
            await response.aclose()

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    def has_own_key(self, facts: RequestFacts) -> bool:
        """Tell whether a request carries the mock's own key, so that the live API judges the key of the settings."""
        needs_key = facts.endpoint is not None and facts.endpoint.credential == "api_key"
        return needs_key and bearer(facts.header(b"authorization")) == self._own_key

    def _headers(self, facts: RequestFacts) -> dict[bytes, bytes]:
        sent = {name: value for name, value in facts.headers.items() if name in FORWARDED_HEADERS}
        if self.key is not None and b"origin" not in facts.headers and self.has_own_key(facts):
            sent[b"authorization"] = b"Bearer " + self.key.encode()
        # Else httpx would ask for a compressed answer, and name itself.
        default = {b"user-agent": f"clevora-mock/{__version__}".encode(), b"accept": b"*/*"}
        return default | sent | {b"accept-encoding": b"identity"}


def _open(is_local: bool, is_secure: bool) -> "httpx.AsyncClient":
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    try:
        import httpx
    except ImportError:
        raise UpstreamUnavailableError(MISSING) from None
    try:
        return httpx.AsyncClient(
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            follow_redirects=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
            timeout=httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS, pool=None),
            # A proxy cannot reach this machine.
            trust_env=not is_local,
            # Those of SSL_CERT_FILE for this machine too. Reading them takes long, and plain HTTP needs none.
            verify=httpx.create_ssl_context() if is_secure else False,
        )
    except OSError as error:
        problem = f"the certificates of SSL_CERT_FILE or SSL_CERT_DIR cannot be read: {error.strerror or error}"
        raise UpstreamUnavailableError(f"--upstream: {problem}") from None
    except (ImportError, ValueError) as error:
        raise UpstreamUnavailableError(f"--upstream: {_reason(error)}") from None


def _path(path: str) -> str:
    """Return a path as it was sent; a slash within a segment is still encoded in `path`."""
    segments = quote(path, safe="/").replace("%252F", "%2F").replace("%252f", "%2f").split("/")
    # Else httpx would follow these.
    return "/".join(one.replace(".", "%2E") if one in (".", "..") else one for one in segments)


def _encoding(host: str, headers: Mapping[str, str], mask: Mask) -> str:
    """Return how a body is compressed, empty if it is not. Raises UpstreamError."""
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding and encoding not in {*_COMPRESSED, "identity"}:
        raise UpstreamError(f"{host} answered in the encoding {_reason(encoding, mask)}, which was not asked for")
    return encoding if encoding in _COMPRESSED else ""


async def _parts(host: str, response: "httpx.Response", encoding: str, mask: Mask) -> AsyncIterator[bytes]:
    import httpx

    unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
    has_begun = False
    try:
        async for part in response.aiter_raw():
            has_begun = True
            for piece in _unpacked(unpacker, part) if encoding else (part,):
                yield piece
    except (httpx.HTTPError, zlib.error) as error:
        raise UpstreamError(f"{host} broke its answer off: {_reason(error, mask)}") from None
    if encoding and has_begun and not unpacker.eof:
        raise UpstreamError(f"{host} broke its answer off, which is compressed")


def _unpacked(unpacker: "zlib._Decompress", part: bytes) -> Iterator[bytes]:
    """Yield what a part of a compressed body adds, in pieces of a bounded size."""
    is_full = True
    while is_full or part:
        piece = unpacker.decompress(part, _MAX_PART_BYTES)
        part, is_full = unpacker.unconsumed_tail, len(piece) == _MAX_PART_BYTES
        if piece:
            yield piece


def _reason(error: object, mask: Mask = masked_start) -> str:
    """Return an error's message; it may quote what the live API sent."""
    start = mask(str(error) or type(error).__name__, _MAX_REASON_CHARACTERS + 1)
    return masked_excerpt(start, _MAX_REASON_CHARACTERS)
