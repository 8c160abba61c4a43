"""The requests of a run, as raw HTTP: none has the body of another, all have about the same length.

Each text has its number, from one count that the whole run shares: an odd factor spreads the numbers over all sequences
of eight words, so that no two numbers have the same words. A request takes about 2 µs to make.
"""

import json
import random
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from clevora_mock.settings import DEMO_KEY

CHAT = "/v1/chat/completions"
EMBEDDINGS = "/v1/embeddings"
SEARCH = "/v1/search"

# 128 words of four to six letters, so that a word is seven bits of a number.
_WORDS = (
    b"about after again also always answer apple around autumn basket beach bread bridge bring butter carry castle "
    b"chair change child city clean clear cloud coffee cold colour corner could dance desert doctor dream early earth "
    b"engine every family field finger flower forest friend garden glass grass great green happy harbor heart honey "
    b"horse house island jacket kettle ladder lake learn letter light little lunch market meadow minute mirror money "
    b"moon mother museum music narrow never night number ocean often orange paper people pepper piano pillow planet "
    b"pocket pond quiet rain reason river road rocket round salt school season silver simple small song spring stamp "
    b"stone story street summer sugar table teach thing ticket trail travel tree under valley violin voice water wheel "
    b"window winter wonder world yellow young"
).split()
_WORD_BITS = 7
_SHIFTS = range(0, 8 * _WORD_BITS, _WORD_BITS)
_MASK = (1 << 8 * _WORD_BITS) - 1
# Odd, near the golden section of the range.
_FACTOR = 0x9E3779B97F4A7D

# Requests of the usual kinds; each ends the sentence that the words make up.
_ASKED = (
    b"Write an intro for a video on %b.",
    b"What should people know about %b?",
    b"List five good reasons to like %b.",
    b"Summarize this in a line: %b.",
    b"Translate into French, please: %b.",
    b"Explain to a class of ten: %b.",
    b"Write a Python function for %b.",
    b"We noted this down today: %b.",
)

_QUERY_WORDS = 3
_REQUEST = (
    b"POST %%b HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer %b\r\ncontent-type: application/json\r\n"
    b"content-length: %%d\r\n\r\n%%b"
) % DEMO_KEY.encode()


class Bodies:
    """New requests; all iterators of an object share the count of its texts."""

    def __init__(self) -> None:
        self._numbers = count()

    def texts(self) -> Iterator[bytes]:
        """Yield sentences of eight everyday words, none of them twice."""
        words, shifts = _WORDS, _SHIFTS
        for number in self._numbers:
            mixed = number * _FACTOR & _MASK
            yield b" ".join([words[mixed >> shift & 127] for shift in shifts])

    def chats(self, *, stream: bool = False) -> Iterator[bytes]:
        """Yield chats of one user's message, of eight kinds by turns."""
        # The model is named because other mocks require it.
        end = b'"}],"stream":true}' if stream else b'"}]}'
        start = b'{"model":"clevora-1.0-turbo","messages":[{"role":"user","content":"'
        texts = self.texts()
        while True:
            for asked in _ASKED:
                yield post(CHAT, start + asked % next(texts) + end)

    def embeddings(self, *, base64: bool) -> Iterator[bytes]:
        """Yield requests for the vector of one sentence."""
        start = b'{"model":"clevora-embed-1","input":"'
        end = b'","encoding_format":"base64"}' if base64 else b'"}'
        for text in self.texts():
            yield post(EMBEDDINGS, start + text + end)


def searches(catalog: Path) -> Iterator[bytes]:
    """Yield searches for three words of a title of a catalog's file, in any order, no query twice."""
    draw, seen = random.Random(0), set[str]()
    with catalog.open(encoding="utf-8") as lines:
        titles: list[str] = [json.loads(line)["title"] for line in lines]
    while True:
        words = draw.choice(titles).split()
        query = " ".join(draw.sample(words, min(_QUERY_WORDS, len(words))))
        if query not in seen:
            seen.add(query)
            yield post(SEARCH, json.dumps({"query": query}).encode())


def post(path: str, body: bytes) -> bytes:
    """Return the bytes of a request."""
    return _REQUEST % (path.encode(), len(body), body)
