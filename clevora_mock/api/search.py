"""``POST /v1/search`` (H1-H4)."""

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from clevora_mock.api.lazy import LazyAsync
from clevora_mock.api.schemas import PromptUsage
from clevora_mock.api.schemas.search import SearchRequest, SearchResult, SearchResults
from clevora_mock.clock import iso
from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.contract.limits import DEFAULT_SEARCH_RESULTS
from clevora_mock.core.reply import Reply
from clevora_mock.models.registry import Models
from clevora_mock.text.tokens import TOKENIZER, Tokenizer
from clevora_mock.web.context import RequestContext
from clevora_mock.web.json_response import encode_reply
from clevora_mock.web.parsing import choose_model

if TYPE_CHECKING:
    from clevora_mock.models.search import SearchIndex

# Number of titles in the journal's summary of a response.
_SUMMARY_TITLES = 5


class SearchHandler:
    """Endpoint handler; loads the catalog on first use."""

    def __init__(self, models: Models, tokenizer: Tokenizer = TOKENIZER) -> None:
        self._tokenizer = tokenizer
        self._index: LazyAsync[SearchIndex] = LazyAsync(lambda: models.index)

    async def __call__(self, context: RequestContext, request: SearchRequest) -> Reply:
        model = choose_model(ENDPOINT_BY_NAME["search"], request.model)
        index = await self._index()
        work = partial(_reply, context, request, model, index, self._tokenizer)
        return await context.background.run(len(request.query), work)


def _reply(
    context: RequestContext, request: SearchRequest, model: str, index: "SearchIndex", tokenizer: Tokenizer
) -> Reply:
    limit = request.limit or DEFAULT_SEARCH_RESULTS
    found = index.search(request.query, limit)
    summary = "; ".join(item.title for item, _ in found[:_SUMMARY_TITLES])
    results = [msgspec.convert(msgspec.to_builtins(item) | {"score": score}, SearchResult) for item, score in found]
    if context.scripted.results is not None:
        results = [_complete_result(written, context.now) for written in context.scripted.results[:limit]]
    counted = tokenizer.count(request.query)
    body = SearchResults("search.results", model, request.query, results, PromptUsage(counted, counted))
    return replace(encode_reply(body), prompt_tokens=counted, text=summary)


def _complete_result(written: dict[str, Any], now: int) -> SearchResult:
    """Return a scenario's result; absent fields get defaults derived from the title."""
    slug = re.sub(r"[^a-z0-9]+", "-", written["title"].lower()).strip("-") or "item"
    whole = {
        "id": f"vid_{slug}",
        "type": "video",
        "description": written["title"],
        "creator": "Canned",
        "url": f"https://media.clevora.example/v/{slug}",
        "thumbnailUrl": f"https://images.clevora.example/v/{slug}.jpg",
        "durationSeconds": 600,
        "publishedAt": iso(now),
        "tags": [],
        "score": 1.0,
    }
    return msgspec.convert(whole | written, SearchResult)
