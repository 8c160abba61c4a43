"""The models of a server, each loaded on first use: NumPy and the catalog take longer than the rest of the startup."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from clevora_mock.contract.limits import EMBEDDING_DIMENSIONS
from clevora_mock.resources import fixture

if TYPE_CHECKING:
    from clevora_mock.models.chat import ChatModel
    from clevora_mock.models.embeddings import Embedder
    from clevora_mock.models.scripts import ScriptModel
    from clevora_mock.models.search import SearchIndex

# ruff: noqa: PLC0415 - imports on first use


class Models:
    """The models of a server; `catalog` is a user's file, None for the shipped one; `dimensions` are a vector's."""

    def __init__(self, catalog: Path | None = None, dimensions: int = EMBEDDING_DIMENSIONS) -> None:
        self._dimensions = dimensions
        self._catalog = catalog or fixture("catalog.jsonl")

    @cached_property
    def chat(self) -> "ChatModel":
        from clevora_mock.models.chat import ChatModel
        from clevora_mock.models.templates import load

        return ChatModel(load(fixture("chat.json").read_bytes()))

    @cached_property
    def scripts(self) -> "ScriptModel":
        from clevora_mock.models.scripts import ScriptModel, load_phrases

        return ScriptModel(load_phrases(fixture("scripts.json").read_bytes()))

    @cached_property
    def embedder(self) -> "Embedder":
        from clevora_mock.models.embeddings import Embedder

        return Embedder(dimensions=self._dimensions)

    @cached_property
    def index(self) -> "SearchIndex":
        from clevora_mock.catalog.items import load_catalog
        from clevora_mock.models.search import SearchIndex

        return SearchIndex(load_catalog(self._catalog))
