"""Routes of the emulated API."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import msgspec

from clevora_mock.api.authentication import authenticate
from clevora_mock.api.chat import ChatHandler, RecordedAnswer
from clevora_mock.api.embeddings import EmbeddingsHandler
from clevora_mock.api.operations import build_operations
from clevora_mock.api.scripts import ScriptsHandler
from clevora_mock.api.search import SearchHandler
from clevora_mock.api.stream_pacing import StreamPacing
from clevora_mock.contract.errors import ErrorSpec
from clevora_mock.contract.limits import EMBEDDING_DIMENSIONS
from clevora_mock.models.registry import Models
from clevora_mock.resources import fixture
from clevora_mock.text.tokens import TOKENIZER, Tokenizer
from clevora_mock.web.background import Background
from clevora_mock.web.error_rendering import error_reply
from clevora_mock.web.operation import ApiFamily, Handler, Operation
from clevora_mock.web.pipeline import OperationEndpoint, PlanSource
from clevora_mock.web.routing import EndpointMaker, TrailingSlashRoute, build_routes


def make_family(changed: Mapping[str, ErrorSpec] | None = None) -> ApiFamily:
    """Return the API's authentication and errors; `changed` has errors of another form, by their code."""
    return ApiFamily(authenticate, partial(error_reply, changed=changed))


def load_operations(
    catalog: Path | None = None,
    pacing: StreamPacing | None = None,
    tokenizer: Tokenizer = TOKENIZER,
    dimensions: int = EMBEDDING_DIMENSIONS,
) -> list[Operation]:
    """Return the API's operations; `catalog` is a user's file. Raises CatalogError when it is unusable."""
    return build_operations(_model_handlers(Models(catalog, dimensions), catalog, pacing, tokenizer))


def build_api_routes(
    rows: list[Operation],
    family: ApiFamily,
    plan: PlanSource,
    background: Background,
    make_endpoint: EndpointMaker = OperationEndpoint,
) -> list[TrailingSlashRoute]:
    """Return a route for each path of `rows`."""
    return build_routes(rows, family, plan, background, make_endpoint)


def _model_handlers(
    models: Models, catalog: Path | None, pacing: StreamPacing | None, tokenizer: Tokenizer
) -> dict[str, Handler]:
    if catalog is not None:
        # Loads the catalog, so that an error in it is reported at startup and not at the first search.
        models.index  # noqa: B018
    recorded = msgspec.json.decode(fixture("recorded.json").read_bytes(), type=list[RecordedAnswer])
    return {
        "chat.completions": ChatHandler(models, recorded, pacing, tokenizer),
        "embeddings": EmbeddingsHandler(models, tokenizer),
        "search": SearchHandler(models, tokenizer),
        "scripts.generate": ScriptsHandler(models, tokenizer),
    }
