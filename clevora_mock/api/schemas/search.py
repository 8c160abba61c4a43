"""What a search and its results look like (contract H1, H2)."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from clevora_mock.api.schemas import PromptUsage, documented, inferred
from clevora_mock.contract.limits import DEFAULT_MODEL, DEFAULT_SEARCH_RESULTS, MAX_SEARCH_RESULTS


class SearchRequest(Struct):
    """The body of ``POST /v1/search`` (H1)."""

    query: Annotated[str, documented("Natural-language query.", min_length=1)]
    limit: Annotated[
        Annotated[int, Meta(ge=1, le=MAX_SEARCH_RESULTS)] | None,
        documented(f"Max results, defaults to {DEFAULT_SEARCH_RESULTS}."),
    ] = None
    model: Annotated[str | None, inferred(f"Defaults to {DEFAULT_MODEL['search']}.")] = None


class Result(Struct, frozen=True, rename="camel"):
    """One item of the catalog (H2)."""

    id: Annotated[str, inferred("The item's id.")]
    title: Annotated[str, inferred("Its title.")]
    type: Annotated[Literal["video", "podcast"], inferred("Its kind.")]
    description: Annotated[str, inferred("What it is about.")]
    creator: Annotated[str, inferred("Who made it.")]
    url: Annotated[str, inferred("Where it would be.")]
    thumbnail_url: Annotated[str, inferred("Where its picture would be.")]
    duration_seconds: Annotated[int, inferred("How long it is.")]
    published_at: Annotated[str, inferred("When it came out.")]
    tags: Annotated[list[str], inferred("What it is filed under.")]
    score: Annotated[float, documented("How well it fits, in [0, 1].")]


class SearchResults(Struct, frozen=True):
    """The answer of ``POST /v1/search`` (H2)."""

    object: Annotated[Literal["search.results"], inferred("Always search.results.")]
    model: Annotated[str, inferred(f"{DEFAULT_MODEL['search']}.")]
    query: Annotated[str, inferred("The query.")]
    results: Annotated[list[Result], documented("Best first.")]
    usage: Annotated[PromptUsage, documented("What is billed.")]
