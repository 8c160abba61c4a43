"""``POST /v1/search`` (contract H1-H4)."""

import re
from typing import TYPE_CHECKING, Any

import msgspec

from clevora_mock import contract
from clevora_mock.api import parsing
from clevora_mock.api.answers import Answer, Json
from clevora_mock.api.loading import Loading
from clevora_mock.api.shapes import PromptUsage
from clevora_mock.api.shapes import search as shapes
from clevora_mock.clock import iso
from clevora_mock.core.call import Call
from clevora_mock.models import tokens
from clevora_mock.models.registry import Models

if TYPE_CHECKING:
    from clevora_mock.models.search import SearchIndex


class Search:
    """The endpoint; `models` loads the catalog at its first use."""

    def __init__(self, models: Models) -> None:
        self._index: Loading[SearchIndex] = Loading(lambda: models.index)

    async def __call__(self, call: Call) -> Answer:
        request = parsing.request(call, shapes.SearchRequest)
        model = parsing.choose_model(contract.ENDPOINT["search"], request.model)
        index = await self._index()
        found = index.search(request.query, request.limit or contract.SEARCH_RESULTS_DEFAULT)
        call.prompt_tokens = tokens.count(request.query)
        call.produced = "; ".join(item.title for item, _ in found[:5])
        results = [
            shapes.Result(
                item.id,
                item.title,
                item.type,
                item.description,
                item.creator,
                item.url,
                item.thumbnail_url,
                item.duration_seconds,
                item.published_at,
                list(item.tags),
                score,
            )
            for item, score in found
        ]
        if call.canned is not None and call.canned.results is not None:
            results = [_canned(result, call) for result in call.canned.results]
            results = results[: request.limit or contract.SEARCH_RESULTS_DEFAULT]
        usage = PromptUsage(call.prompt_tokens, call.prompt_tokens)
        return Json(shapes.SearchResults("search.results", model, request.query, results, usage))


def _canned(written: dict[str, Any], call: Call) -> shapes.Result:
    """A result that a scenario wrote; what it left out is made up from the title."""
    slug = re.sub(r"[^a-z0-9]+", "-", written["title"].lower()).strip("-") or "item"
    whole = {
        "id": f"vid_{slug}",
        "type": "video",
        "description": written["title"],
        "creator": "Canned",
        "url": f"https://media.clevora.example/v/{slug}",
        "thumbnailUrl": f"https://images.clevora.example/v/{slug}.jpg",
        "durationSeconds": 600,
        "publishedAt": iso(call.arrived),
        "tags": [],
        "score": 1.0,
    }
    return msgspec.convert(whole | written, shapes.Result)
