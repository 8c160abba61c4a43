"""The length of texts that a sandbox keeps, and their memory."""

from typing import Annotated

from msgspec import Meta

# Names and ids in a snapshot, whose memory is counted together with the record that has them.
ShortText = Annotated[str, Meta(max_length=500)]

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
