"""Schemas of search (H1, H2)."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from clevora_mock.api.schemas import DEFAULT, NOT_BLANK, PromptUsage, documented, inferred, model_names
from clevora_mock.contract.limits import DEFAULT_MODEL, DEFAULT_SEARCH_RESULTS, MAX_SEARCH_RESULTS


class SearchRequest(Struct):
    """The body of ``POST /v1/search`` (H1)."""

    query: Annotated[str, documented("Natural-language query.", pattern=NOT_BLANK)]
    limit: Annotated[
        Annotated[int, Meta(ge=1, le=MAX_SEARCH_RESULTS)] | None,
        documented(f"Max results, defaults to {DEFAULT_SEARCH_RESULTS}.", {DEFAULT: DEFAULT_SEARCH_RESULTS}),
    ] = None
    model: Annotated[
        Annotated[str, model_names("search")] | None,
        inferred(f"Defaults to {DEFAULT_MODEL['search']}.", {DEFAULT: DEFAULT_MODEL["search"]}),
    ] = None


class SearchResult(Struct, frozen=True, rename="camel"):
    """One item of the catalog (H2)."""

    id: Annotated[str, inferred("The item's id.")]
    title: Annotated[str, inferred("The title.")]
    type: Annotated[Literal["video", "podcast"], inferred("video, or podcast.")]
    description: Annotated[str, inferred("The description.")]
    creator: Annotated[str, inferred("The creator's name.")]
    url: Annotated[str, inferred("URL of the item.")]
    thumbnail_url: Annotated[str, inferred("URL of the thumbnail.")]
    duration_seconds: Annotated[int, inferred("Duration in seconds.")]
    published_at: Annotated[str, inferred("Time of publication.")]
    tags: Annotated[list[str], inferred("Tags.")]
    score: Annotated[float, documented("Relevance, in [0, 1].")]


class SearchResults(Struct, frozen=True):
    """The response of ``POST /v1/search`` (H2)."""

    object: Annotated[Literal["search.results"], inferred("Always search.results.")]
    model: Annotated[str, inferred(f"{DEFAULT_MODEL['search']}.")]
    query: Annotated[str, inferred("The query.")]
    results: Annotated[list[SearchResult], documented("Best first.")]
    usage: Annotated[PromptUsage, documented("Billed tokens.")]
