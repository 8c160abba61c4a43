"""The emulated API's routes, and the handlers that fake models answer."""

from pathlib import Path

import msgspec

from clevora_mock.api.authentication import authenticate
from clevora_mock.api.chat import ChatHandler, RecordedAnswer
from clevora_mock.api.embeddings import EmbeddingsHandler
from clevora_mock.api.operations import api_operations
from clevora_mock.api.scripts import ScriptsHandler
from clevora_mock.api.search import SearchHandler
from clevora_mock.api.stream_pacing import StreamPacing
from clevora_mock.models.registry import Models
from clevora_mock.resources import fixture
from clevora_mock.web.error_rendering import error_reply
from clevora_mock.web.operation import ApiFamily, Handler, Operation
from clevora_mock.web.pipeline import PlanSource
from clevora_mock.web.routing import TrailingSlashRoute, operation_routes

CLEVORA = ApiFamily(authenticate, error_reply)


def operations(catalog: Path | None = None, pacing: StreamPacing | None = None) -> list[Operation]:
    """Return the API's operations; `catalog` is a user's own. Raises CatalogError for one that cannot be read."""
    return api_operations(_model_handlers(catalog, pacing))


def api_routes(rows: list[Operation], plan: PlanSource) -> list[TrailingSlashRoute]:
    """Return a route for each path of `rows`."""
    return operation_routes(rows, CLEVORA, plan)


def _model_handlers(catalog: Path | None, pacing: StreamPacing | None) -> dict[str, Handler]:
    models = Models(catalog)
    if catalog is not None:
        # A mistake in it should be reported at the start, not at the first search.
        models.index  # noqa: B018
    recorded = msgspec.json.decode(fixture("recorded.json").read_bytes(), type=list[RecordedAnswer])
    return {
        "chat.completions": ChatHandler(models, recorded, pacing),
        "embeddings": EmbeddingsHandler(models),
        "search": SearchHandler(models),
        "scripts.generate": ScriptsHandler(models),
    }
