"""Embeddings of short texts, as numbers and as base64, against a route that returns as many bytes.

Texts are of three kinds: of new words, where no cache helps; of everyday words in a new order; and one text repeated.
"""

from collections.abc import Iterator

from benchmarks import requests
from benchmarks.figures import Section
from benchmarks.load import load
from benchmarks.measures.chat import CONNECTIONS
from benchmarks.plan import Plan
from benchmarks.servers import MOCK, serving

_TEXTS = {
    "new words": requests.new_words,
    "new sentences": requests.new_sentences,
    "one sentence": requests.same_sentence,
}


def measure(plan: Plan, section: Section) -> None:
    for _ in range(plan.rounds):
        for base64 in (False, True):
            served = [plan.samples.serve(requests.EMBEDDINGS, "base64" if base64 else "numbers")]
            # The peers ignore encoding_format and return numbers.
            kinds = {"starlette": served, MOCK: []} | {kind: [] for kind in plan.peers if not base64}
            for kind, flags in kinds.items():
                for texts in _TEXTS if kind == MOCK else ["new words"]:
                    _measure(plan, section, kind, flags, (texts, base64))


def _measure(plan: Plan, section: Section, kind: str, flags: list[str], asked: tuple[str, bool]) -> None:
    texts, base64 = asked
    bodies = _requests(texts, base64)
    with serving(kind, flags, first=next(bodies)) as server:
        load(server.port, bodies, CONNECTIONS, plan.seconds / 4)
        before = server.process.processor_seconds()
        result = load(server.port, bodies, CONNECTIONS, plan.seconds)
        used = server.process.processor_seconds() - before
    what = "base64" if base64 else "numbers"
    # A bare server's figure does not depend on the texts.
    shown = kind if kind != MOCK or texts == "new words" else f"{kind}, {texts}"
    section.add(f"{what}: texts a second", "", shown, result.rate, better="more", charted=True)
    section.add(f"{what}: p99", "ms", shown, 1000 * result.quantile(0.99))
    section.add(f"{what}: processor time a text", "µs", shown, 1e6 * used / result.answered)
    section.add(f"{what}: bytes an answer", "B", shown, result.bytes / result.answered, better="neither")
    section.add(f"{what}: the generator's share of its processor", "%", shown, 100 * result.busy, better="neither")


def _requests(texts: str, base64: bool) -> Iterator[bytes]:
    return (requests.embeddings(text, base64=base64) for text in _TEXTS[texts]())
