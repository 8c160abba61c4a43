"""The requests of the benchmarks, as raw HTTP."""

import json
import random
from collections.abc import Iterator
from hashlib import blake2b
from itertools import count, cycle

from clevora_mock.settings import DEMO_KEY

QUESTION = "Write a YouTube intro about quantum computing."
STREAM_QUESTION = "Write a podcast intro about the deep sea."
CHAT = "/v1/chat/completions"
EMBEDDINGS = "/v1/embeddings"
SEARCH = "/v1/search"

# The events of a stream: the role, the tokens, the end and ``[DONE]``.
STREAM_TOKENS = 32
STREAM_EVENTS = STREAM_TOKENS + 3

BATCH = 2048

_EVERYDAY = (
    "about after again also always another answer apple around autumn bread bridge bring butter carry castle "
    "chair change child city clean clear cloud coffee cold colour could country dance desert doctor early earth "
    "engine evening every family field finger flower forest friend garden glass great green happy heart house "
    "island kitchen ladder language learn letter light little market meadow minute mirror money moon morning "
    "mother mountain music narrow never night number ocean often orange paper people pepper picture planet pocket "
    "question quiet rain reason river road round school season sentence silver simple small song spring station "
    "stone story street summer sugar table teacher thing through thunder tomorrow travel under valley village "
    "voice water weather window winter wonder world yellow"
)


def post(path: str, body: object) -> bytes:
    """Return the bytes of a request."""
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {DEMO_KEY}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def get(path: str, token: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n".encode()


def chat(sandbox: str | None = None) -> bytes:
    path = CHAT if sandbox is None else f"/sandbox/{sandbox}{CHAT}"
    # The model is named because other mocks require it.
    body = {"model": "clevora-1.0-turbo", "messages": [{"role": "user", "content": QUESTION}]}
    return post(path, body)


def stream(tokens: int | None = STREAM_TOKENS) -> bytes:
    """Return a request for a stream of `tokens`, or of as many as the answer has."""
    body = {
        "model": "clevora-1.0-turbo",
        "messages": [{"role": "user", "content": STREAM_QUESTION}],
        "stream": True,
    }
    return post(CHAT, body if tokens is None else body | {"max_tokens": tokens})


def embeddings(text: str | list[str], *, base64: bool = False) -> bytes:
    body = {"model": "clevora-embed-1", "input": text}
    return post(EMBEDDINGS, body | {"encoding_format": "base64"} if base64 else body)


def search(query: str) -> bytes:
    return post(SEARCH, {"query": query})


def new_words() -> Iterator[str]:
    """Yield texts of eight words without end, hardly any of them repeated: no cache of texts or words helps."""
    for number in count():
        letters = blake2b(b"%d" % number, digest_size=24).hexdigest().translate(_LETTERS)
        yield " ".join(letters[start : start + 6] for start in range(0, 48, 6))


def new_sentences() -> Iterator[str]:
    """Yield new texts of eight everyday words without end: no cache of texts helps."""
    draw = random.Random(0)
    everyday = _EVERYDAY.split()
    while True:
        yield " ".join(draw.choices(everyday, k=8))


def same_sentence() -> Iterator[str]:
    return cycle([next(new_sentences())])


_LETTERS = str.maketrans("0123456789abcdef", "aeioulmnrstkpdbg")
