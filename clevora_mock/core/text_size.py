"""Texts that a sandbox keeps: their greatest length in a snapshot, and their memory."""

from typing import Annotated

from msgspec import Meta

IdText = Annotated[str, Meta(max_length=64)]
# Of a rule, with the headers that changed its answer, for example.
NameText = Annotated[str, Meta(max_length=400)]

_TEXT_BYTES = 60


def size_of_text(text: str) -> int:
    """Return the memory of a text with its UTF-8, which Python keeps beside it once it is rendered.

    So `sys.getsizeof` returns less before than after.
    """
    if text.isascii():
        return _TEXT_BYTES + len(text)
    widest = max(text)
    width = 1 if widest < "\u0100" else 2 if widest < "\U00010000" else 4
    return _TEXT_BYTES + width * len(text) + len(text.encode("utf-8", "surrogatepass"))
