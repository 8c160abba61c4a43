"""`reply`: what the model says, in each endpoint's own words.

A script's parts that are left out stay the model's, and so do a result's; what is there has the type that the API
answers with.
"""

from typing import Any

from msgspec import Struct

from clevora_mock.core.scenario import ScriptedReply
from clevora_mock.scenarios.forms import Choice, Form, ListOf, Moment, Number, Schema, Text, text_of, whole
from clevora_mock.scenarios.maps import Entry, Found, Map
from clevora_mock.scenarios.nodes import Node, Place

# Each part's endpoint.
PARTS = {
    "content": "chat.completions",
    "script": "scripts.generate",
    "results": "search",
    "vector": "embeddings",
}

_SECONDS = whole(0, 864_000)
_TEXT = Text(least=0, most=100_000)


class PublishedAt(Struct, frozen=True):
    """A moment that is checked, and sent as it is written."""

    def read(self, node: Node, place: Place) -> str | None:
        return None if Moment().read(node, place) is None else text_of(node)

    def schema(self) -> Schema:
        return Moment().schema()


def _entry(name: str, form: Form, doc: str, *, required: bool = False) -> Entry:
    return Entry(name, form, doc, required)


_SECTION = Map(
    (
        _entry("heading", _TEXT, "Its heading.", required=True),
        _entry("content", _TEXT, "What is said and shown.", required=True),
        _entry("durationSeconds", _SECONDS, "How long it runs.", required=True),
    ),
    dict,
)

_SCRIPT_PARTS = (
    _entry("title", _TEXT, "Its title."),
    _entry("hook", _TEXT, "The opening line."),
    _entry("sections", ListOf(_SECTION, "a list of sections", most=100), "Its sections, in order."),
    _entry("callToAction", _TEXT, "The closing line."),
)


def _script(**parts: Any) -> dict[str, Any]:
    return {name: list(part) if isinstance(part, tuple) else part for name, part in parts.items()}


_SCRIPT = Map(_SCRIPT_PARTS, _script, at_least_one=tuple(part.name for part in _SCRIPT_PARTS))

_RESULT = Map(
    (
        _entry("title", _TEXT, "Its title.", required=True),
        _entry("id", Text(most=200), "The item's id."),
        _entry("type", Choice(("video", "podcast")), "Its kind."),
        _entry("description", _TEXT, "What it is about."),
        _entry("creator", _TEXT, "Who made it."),
        _entry("url", Text(most=2_000), "Where it would be."),
        _entry("thumbnailUrl", Text(most=2_000), "Where its picture would be."),
        _entry("durationSeconds", _SECONDS, "How long it is."),
        _entry("publishedAt", PublishedAt(), "When it came out."),
        _entry("tags", ListOf(Text(most=200), "a list of tags", most=100), "What it is filed under."),
        _entry("score", Number("a number from 0 to 1", low=0, high=1), "How well it fits, in [0, 1]."),
    ),
    _script,
)


def _check(found: Found, place: Place) -> None:
    if "finish_reason" in found.keys and "content" not in found.keys and set(PARTS) & set(found.keys):
        place.entry("finish_reason").wrong(found.keys["finish_reason"], "it goes with content alone")


REPLY = Map(
    (
        _entry("content", _TEXT, "What the assistant says."),
        _entry("finish_reason", Choice(("stop", "length")), "Why the assistant stopped; stop."),
        _entry("script", _SCRIPT, "Parts of the script; those left out stay the model's."),
        _entry("results", ListOf(_RESULT, "a list of results", most=50), "What a search finds; [] for nothing."),
        _entry(
            "vector",
            ListOf(Number("a number", low=-1e9, high=1e9), "a list of numbers", least=1, most=4_096),
            "Each input's vector, as long as it is written.",
        ),
    ),
    ScriptedReply,
    _check,
    at_least_one=tuple(PARTS),
)
