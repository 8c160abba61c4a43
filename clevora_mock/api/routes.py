"""Routes of the emulated API."""

from pathlib import Path

import msgspec

from clevora_mock.api.authentication import authenticate
from clevora_mock.api.chat import ChatHandler, RecordedAnswer
from clevora_mock.api.embeddings import EmbeddingsHandler
from clevora_mock.api.operations import build_operations
from clevora_mock.api.scripts import ScriptsHandler
from clevora_mock.api.search import SearchHandler
from clevora_mock.api.stream_pacing import StreamPacing
from clevora_mock.models.registry import Models
from clevora_mock.resources import fixture
from clevora_mock.web.background import Background
from clevora_mock.web.error_rendering import error_reply
from clevora_mock.web.operation import ApiFamily, Handler, Operation
from clevora_mock.web.pipeline import OperationEndpoint, PlanSource
from clevora_mock.web.routing import EndpointMaker, TrailingSlashRoute, build_routes

CLEVORA = ApiFamily(authenticate, error_reply)


def load_operations(catalog: Path | None = None, pacing: StreamPacing | None = None) -> list[Operation]:
    """Return the API's operations; `catalog` is a user's file. Raises CatalogError when it is unusable."""
    return build_operations(_model_handlers(catalog, pacing))


def build_api_routes(
    rows: list[Operation], plan: PlanSource, background: Background, make_endpoint: EndpointMaker = OperationEndpoint
) -> list[TrailingSlashRoute]:
    """Return a route for each path of `rows`."""
    return build_routes(rows, CLEVORA, plan, background, make_endpoint)


def _model_handlers(catalog: Path | None, pacing: StreamPacing | None) -> dict[str, Handler]:
    models = Models(catalog)
    if catalog is not None:
        # Loads the catalog, so that an error in it is reported at startup and not at the first search.
        models.index  # noqa: B018
    recorded = msgspec.json.decode(fixture("recorded.json").read_bytes(), type=list[RecordedAnswer])
    return {
        "chat.completions": ChatHandler(models, recorded, pacing),
        "embeddings": EmbeddingsHandler(models),
        "search": SearchHandler(models),
        "scripts.generate": ScriptsHandler(models),
    }
