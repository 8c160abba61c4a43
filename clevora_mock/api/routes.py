"""The emulated API's routes: one for each path of each endpoint in the contract's table."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from clevora_mock import contract
from clevora_mock.api.answers import Answer, Json
from clevora_mock.api.chat import Chat, Recording
from clevora_mock.api.gate import Work
from clevora_mock.api.routing import Route
from clevora_mock.api.stream import Pace
from clevora_mock.api.surface import CLEVORA
from clevora_mock.core.call import Call
from clevora_mock.data import fixture
from clevora_mock.models.registry import Models


def model_routes(catalog: Path | None = None, pace: Pace | None = None) -> list[Route]:
    """What API keys open; `catalog` is a user's own. Raises CatalogError for one that cannot be read."""
    models = Models(catalog)
    if catalog is not None:
        # A mistake in it should be told at the start, not at the first search.
        models.index  # noqa: B018
    recordings = msgspec.json.decode(fixture("recorded.json").read_bytes(), type=list[Recording])
    return _routes(
        {
            "chat.completions": Chat(models, recordings, pace),
            "embeddings": _once_asked(lambda: _embeddings(models)),
            "search": _once_asked(lambda: _search(models)),
            "scripts.generate": _once_asked(lambda: _scripts(models)),
        }
    )


def _once_asked(make: Callable[[], Work]) -> Work:
    """The work that `make` makes when somebody first asks for it; what it needs is loaded then."""
    made: Work | None = None

    def work(call: Call) -> Awaitable[Answer]:
        nonlocal made
        if made is None:
            made = make()
        return made(call)

    return work


def _embeddings(models: Models) -> Work:
    from clevora_mock.api.embeddings import Embeddings  # noqa: PLC0415

    return Embeddings(models)


def _search(models: Models) -> Work:
    from clevora_mock.api.search import Search  # noqa: PLC0415

    return Search(models)


def _scripts(models: Models) -> Work:
    from clevora_mock.api.scripts import Scripts  # noqa: PLC0415

    return Scripts(models)


def dashboard_routes() -> list[Route]:
    """What ID tokens open, and what is open to all."""
    from clevora_mock.api import developer, keys, payments  # noqa: PLC0415 - most clients never ask for these

    return _routes(
        {
            "keys.create": keys.create,
            "keys.list": keys.show,
            "keys.revoke": keys.revoke,
            "developer.activate": developer.activate,
            "developer.account": developer.account,
            "developer.topup": developer.topup,
            "developer.transactions": developer.transactions,
            "developer.usage": developer.usage,
            "dodo.webhook": payments.webhook,
            "docs.llms": llms,
        }
    )


async def llms(call: Call) -> Answer:
    """``/docs/llms``, ``/llms.txt``, ``/llms.json`` (W7)."""
    from clevora_mock.api.llms import payload  # noqa: PLC0415 - built when somebody asks

    answer = Json(payload())
    answer.add(b"cache-control", "public, max-age=300")
    return answer


def _routes(works: dict[str, Work]) -> list[Route]:
    return [
        Route(endpoint.method, path, works[endpoint.name], CLEVORA, endpoint)
        for endpoint in contract.ENDPOINTS
        if endpoint.name in works
        for path in endpoint.paths
    ]
