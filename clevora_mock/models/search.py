"""Search: an inverted index with a vector's second opinion, in whole numbers throughout.

**Words first.** Each item is a bag of stems, where a title's or tag's words weigh more than a description's.
How well an item fits a stem is BM25's saturating ratio, computed once and stored in the postings (CSR: the
postings of stem `t` are `items[starts[t]:starts[t + 1]]` and the same slice of `fits`). A query is a list of
wants: a word, the words the catalog uses for the same thing, and how much it matters. A want is met by its
best word in full and by further ones in part. A word the catalog does not know is met by the words spelled
most like it.

**What it is about.** The leading items' tags become one more want, so that a query about telescopes goes on
with other astronomy once the telescopes run out.

**Vectors second.** The few hundred best items, filled up with others if the words found too few, get a
further share of their score from the cosine between short sketches of the query and of the item's title and
tags: `Embedder`'s features of what is inside words, folded to `_WIDTH` dimensions.

**The same everywhere.** Floats summed by BLAS may differ in the last bit from machine to machine, and so
could an order. Here logarithms are bit lengths, fits and sums are integers, and sketches are small ones: dot
products stay below 2**24, where float32 is exact whatever the order of summation. Items are kept in the
order of their ids, so a tie in score falls to the lower id by position.

Units: a score is counted in ten-thousandths, `_LEXICAL` of which words can earn and `_COSINE` the sketches.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isqrt
from typing import Generic, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from clevora_mock.core.chance import digest
from clevora_mock.models import subjects
from clevora_mock.models.catalog import Item
from clevora_mock.models.embeddings import Embedder, Weights
from clevora_mock.models.words import STOP, stem, words

Integers = NDArray[np.int64]
Value = TypeVar("Value")

_TITLE, _TAG, _TEXT = 4, 4, 1  # what a word weighs by where it stands
_SATURATION, _LENGTH = 48, 24  # BM25's k1 in tenths (1.2 title words), and what of it grows with length
_FIT = 2048  # the fit of a perfect match

_LEXICAL, _COSINE = 8000, 2000
_WIDTH = 256
_SCALE = 256  # the length of a sketch
_COMMON = 64  # the worth of a word that is everywhere; rare ones gain their logarithm on top
_CANDIDATES = 512
_AT_ONCE = 128  # items whose sketches are summed together: few enough to stay in the processor's cache
_REMEMBERED = 16_384  # words of queries that are remembered, of half a KB each
_WANTS = 32  # words of a query that are looked at
_ALIKE = 3  # known words that stand in for an unknown one

# How much a want matters: a word itself, its synonyms, and words that say what kind of thing is looked for.
_WHOLE, _KIN, _FAINT = 8, 6, 1

# The leading items say what a query is about, if they earned more than one part in so many of a full total.
_LEADERS, _LEADS_FROM, _LED = 4, 8, 8
_GENERIC_WORDS = """
advice basic begin beginner best better course easier easy episode everyday explain fast fastest favorite
first footage fun good great guide help home idea interesting introduction learn lesson listen make
making minute new people podcast question quick quickly recommendation show start started step stop stuff
teach technique thing tip top trick try tutorial understand use using video watch way work works year
conversation debate explainer interview review story talk vlog worth
"""
_GENERIC = frozenset(stem(word) for word in _GENERIC_WORDS.split())


# A total is at most that of 32 wants of weight 8, rarity 350 and fit 2048, several times over where synonyms
# add up: it stays below 2**31.
Totals = NDArray[np.int32]


class Want(msgspec.Struct, frozen=True):
    """One word of a query: the stems that can meet it, with their weights, and the word's own weight."""

    stems: dict[int, int]
    weight: int


class SearchIndex:
    """An index over `items`. Building it is the costly part, so it is built once and then only read."""

    def __init__(
        self,
        items: Iterable[Item],
        embedder: Embedder,
        synonyms: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._items = sorted(items, key=lambda item: item.id)
        known = subjects.synonyms() if synonyms is None else synonyms
        self._synonyms = {stem(word): [stem(other) for other in others] for word, others in known.items()}
        vocabulary = _Vocabulary()
        bags = _bags(self._items, vocabulary)
        self._stems = vocabulary.stems
        self._starts, self._postings, self._fits = _postings(bags, len(self._items), len(self._stems))
        self._rarities = _rarities(self._starts, len(self._items))
        self._rarest_of_all = _COMMON + _log2_in_sixteenths(len(self._items), 1)
        self._named = np.unique(bags.stems[bags.named > 0])
        spellings = list(vocabulary.stems)
        spelled = embedder.spellings([spellings[at] for at in self._named], _WIDTH)
        self._spelled = _scaled(spelled).astype(np.float32)
        self._tag_starts, self._tags = _tags(bags, vocabulary, len(self._items))
        self._sketches = _item_sketches(bags, len(self._items), self._named, spelled)
        self._spell = _Remembered(lambda stems: embedder.spellings(stems, _WIDTH))
        self._alike = _Remembered(self._spelled_like)

    def search(self, query: str, limit: int) -> list[tuple[Item, float]]:
        """The `limit` items that fit `query` best with their scores in [0, 1]: best first, ties by id."""
        told = [stem(word) for word in dict.fromkeys(words(query)) if word not in STOP][:_WANTS]
        wants = self._wants(told)
        totals = self._totals(wants)
        led = self._led(totals, wants)
        if led:
            totals += self._totals([led])
            wants.append(led)
        full = self._full(wants)
        chosen = self._candidates(totals, max(_CANDIDATES, limit), query)
        lexical = totals[chosen].astype(np.int64) * _LEXICAL // max(full, 1)
        scores = np.minimum(lexical, _LEXICAL) + self._cosines(self._spell(told), chosen)
        # The order of the chosen is that of their ids.
        best = np.argsort(-scores, kind="stable")[:limit]
        return [(self._items[chosen[at]], int(scores[at]) / 10_000) for at in best]

    def _wants(self, told: list[str]) -> list[Want]:
        """What each stem of a query asks for: itself and its synonyms, or else what is spelled like it."""
        known = [self._known(key) for key in told]
        strange = [key for key, stems in zip(told, known, strict=True) if not stems]
        alike = dict(zip(strange, self._alike(strange), strict=True))
        return [Want(stems or alike[key], _weight(key)) for key, stems in zip(told, known, strict=True)]

    def _known(self, key: str) -> dict[int, int]:
        stems = {
            self._stems[other]: _weight(key) * _KIN // _WHOLE
            for other in self._synonyms.get(key, ())
            if other in self._stems
        }
        if key in self._stems:
            stems[self._stems[key]] = _weight(key)
        return stems

    def _spelled_like(self, keys: list[str]) -> list[dict[int, int]]:
        """For each key the stems of titles and tags spelled most like it, each with a weight by how alike they are."""
        sketches = _scaled(np.stack(self._spell(keys))).astype(np.float32)
        return [*map(self._nearest, (sketches @ self._spelled.T).astype(np.int64) * _WHOLE // _SCALE**2)]

    def _nearest(self, likeness: Integers) -> dict[int, int]:
        nearest: dict[int, int] = {}
        for _ in range(min(_ALIKE, len(likeness))):
            # The first of the highest, which is faster found so often than all are sorted once.
            at = int(likeness.argmax())
            if likeness[at] < 2:
                break
            nearest[int(self._named[at])] = int(likeness[at])
            likeness[at] = 0
        return nearest

    def _totals(self, wants: Sequence[Want]) -> Totals:
        """For each item, the sum over `wants` of how well it meets each."""
        totals = np.zeros(len(self._items), np.int32)
        best = np.zeros(len(self._items), np.int32)
        for want in wants:
            if not want.stems:
                continue
            places, worth = self._worth(want.stems)
            if len(want.stems) == 1:
                totals[places] += worth
                continue
            # The best word counts in full, further ones by half: half of each, then half of the best.
            np.add.at(totals, places, worth // 2)
            np.maximum.at(best, places, worth)
            # An item found by two words gets this once: NumPy adds all before it puts any back.
            totals[places] += best[places] // 2
            best[places] = 0
        return totals

    def _worth(self, stems: Mapping[int, int]) -> tuple[NDArray[np.int32], Totals]:
        """The items that hold each of `stems`, and what holding it is worth to each by the stem's weight."""
        runs = [slice(self._starts[at], self._starts[at + 1]) for at in stems]
        # Widened first: NumPy 1 would multiply in 16 bits and wrap around.
        worth = [
            self._fits[run].astype(np.int32) * (weight * self._rarities[at])
            for run, (at, weight) in zip(runs, stems.items(), strict=True)
        ]
        return np.concatenate([self._postings[run] for run in runs]), np.concatenate(worth)

    def _led(self, totals: Totals, wants: Sequence[Want]) -> Want | None:
        """What the leading items are tagged with, as a want of its own: *telescope* leads to *astronomy*."""
        votes: Counter[int] = Counter()
        left = totals.copy()
        full = self._full(wants)
        for _ in range(min(_LEADERS, len(left))):
            leader = int(left.argmax())
            total = int(left[leader])
            if total * _LEADS_FROM <= full:
                break
            left[leader] = 0
            for at in self._tags[self._tag_starts[leader] : self._tag_starts[leader + 1]].tolist():
                votes[at] += total**2
        # Of tags with equal votes the more common one: it names the subject, a rare one the single item.
        elected = sorted(votes, key=lambda at: (-votes[at], self._rarities[at], at))[:2]
        return Want(dict.fromkeys(elected, _LED), _LED) if elected else None

    def _full(self, wants: Sequence[Want]) -> int:
        """The total of an item that meets every one of `wants` perfectly."""
        return sum(want.weight * self._rarest(want) for want in wants) * _FIT

    def _rarest(self, want: Want) -> int:
        """The rarity that a full score for `want` would take; an unknown word counts as found in one item."""
        return max(
            (self._rarities[at] for at in want.stems),
            default=self._rarest_of_all,
        )

    def _candidates(self, totals: Totals, count: int, query: str) -> Integers:
        """The `count` best items by `totals`; unfound ones fill up, from a place that hangs on the query."""
        if len(totals) <= count:
            return np.arange(len(totals))
        found = self._top(totals, count)
        if len(found) == count:
            return found
        start = int.from_bytes(digest("window", query)[:6]) % len(totals)
        chosen = np.zeros(len(totals), np.bool_)
        chosen[found] = True
        chosen[start : start + count] = True
        # Past the last item it goes on with the first.
        chosen[: max(start + count - len(totals), 0)] = True
        return np.flatnonzero(chosen)

    def _top(self, totals: Totals, count: int) -> Integers:
        """The `count` items with the highest of `totals`, if so many are above zero, in order of position."""
        found = np.flatnonzero(totals > totals.max() // 4)
        if len(found) < count:
            found = np.flatnonzero(totals)
        if len(found) <= count:
            return found
        # Keys that all differ: which items make the cut must not depend on how NumPy partitions ties.
        keys = totals[found].astype(np.int64) * len(totals) + (len(totals) - 1 - found)
        return np.sort(found[np.argpartition(keys, len(keys) - count)[-count:]])

    def _cosines(self, spelled: list[Weights], chosen: Integers) -> Integers:
        if not spelled:
            return np.zeros(len(chosen), np.int64)
        asked = np.add.reduce(spelled, dtype=np.int64)
        sketch = _scaled(asked[None])[0].astype(np.float32)
        dots = (self._sketches[chosen].astype(np.float32) @ sketch).astype(np.int64)
        cosines: Integers = np.minimum(np.maximum(dots, 0), _SCALE**2) * _COSINE // _SCALE**2
        return cosines


class _Remembered(Generic[Value]):
    """What `make` makes of words, together of all that are new; of so many it is remembered."""

    def __init__(self, make: Callable[[list[str]], Iterable[Value]]) -> None:
        self._make = make
        self._values: dict[str, Value] = {}

    def __call__(self, stems: list[str]) -> list[Value]:
        """What it made of each of `stems`."""
        new = [key for key in dict.fromkeys(stems) if key not in self._values]
        if len(self._values) + len(new) > _REMEMBERED:
            # Begun anew: of the last thousands of words hardly any comes again.
            self._values, new = {}, [*dict.fromkeys(stems)]
        if new:
            self._values.update(zip(new, self._make(new), strict=True))
        return [self._values[key] for key in stems]


class Bags(msgspec.Struct, frozen=True):
    """Which item holds which stem and how much it weighs there, ordered by item, then stem.

    `named` is the part of the weight that titles and tags gave, which is all that sketches look at, and
    `tagged` the part that tags gave.
    """

    items: Integers
    stems: Integers
    weights: Integers
    named: Integers
    tagged: Integers


class _Vocabulary(dict[str, int]):
    """Numbers words by their stems as they are first seen; stop words are numbered -1."""

    def __init__(self) -> None:
        super().__init__()
        self.stems: dict[str, int] = {}

    def __missing__(self, word: str) -> int:
        self[word] = -1 if word in STOP else self.stems.setdefault(stem(word), len(self.stems))
        return self[word]


def _bags(items: Sequence[Item], vocabulary: _Vocabulary) -> Bags:
    numbers: list[int] = []
    ends = [0]
    for item in items:
        for field in (item.title, " ".join(item.tags), f"{item.type} {item.creator} {item.description}"):
            numbers.extend([vocabulary[word] for word in words(field)])
            ends.append(len(numbers))
    bounds = np.array(ends, np.int64)
    places = np.repeat(np.arange(3 * len(items)), bounds[1:] - bounds[:-1])
    stems = np.array(numbers, np.int64)
    owners, fields = np.divmod(places[stems >= 0], 3)
    # Repetitions of a stem in one item become one entry, which holds the sum of their weights.
    size = max(len(vocabulary.stems), 1)
    entries, where = np.unique(owners * size + stems[stems >= 0], return_inverse=True)
    title, tag, text = (np.bincount(where[fields == at], minlength=len(entries)) for at in range(3))
    holders, held = np.divmod(entries, size)
    named = _TITLE * title + _TAG * tag
    return Bags(holders, held, named + _TEXT * text, named, _TAG * tag)


def _tags(bags: Bags, vocabulary: _Vocabulary, items: int) -> tuple[Integers, Integers]:
    """For each item the stems of its tags, as slices of one array; without tags of form, such as *guide*."""
    formal = [number for word, number in vocabulary.stems.items() if word in _GENERIC]
    tagged = (bags.tagged > 0) & ~np.isin(bags.stems, formal)
    starts = np.zeros(items + 1, np.int64)
    np.cumsum(np.bincount(bags.items[tagged], minlength=items), out=starts[1:])
    return starts, bags.stems[tagged]


def _postings(bags: Bags, items: int, stems: int) -> tuple[Integers, NDArray[np.int32], NDArray[np.int16]]:
    """The bags turned around: for each stem its items, and how well each fits."""
    lengths = np.bincount(bags.items, bags.weights, items).astype(np.int64)
    mean = max(int(lengths.sum()) // max(items, 1), 1)
    damping = (_SATURATION - _LENGTH) * mean + _LENGTH * lengths[bags.items]
    fits = _FIT * 10 * bags.weights * mean // (10 * bags.weights * mean + damping)
    order = np.argsort(bags.stems, kind="stable")
    starts = np.zeros(stems + 1, np.int64)
    np.cumsum(np.bincount(bags.stems, minlength=stems), out=starts[1:])
    return starts, bags.items[order].astype(np.int32), fits[order].astype(np.int16)


def _rarities(starts: Integers, items: int) -> list[int]:
    """For each stem, what its being rare is worth."""
    counts = np.diff(starts).tolist()
    known = {count: _COMMON + _log2_in_sixteenths(items, count) for count in set(counts)}
    return [known[count] for count in counts]


def _item_sketches(bags: Bags, items: int, stems: Integers, spelled: Weights) -> NDArray[np.int8]:
    """For each item the sum of the sketches of its title's and tags' stems, scaled to fit eight bits."""
    sketches = np.zeros((items, _WIDTH), np.int8)
    named = bags.named > 0
    owners, weights = bags.items[named], bags.named[named]
    rows = np.searchsorted(stems, bags.stems[named])
    wide = spelled.astype(np.int32)
    for first in range(0, items, _AT_ONCE):
        run = slice(*np.searchsorted(owners, [first, first + _AT_ONCE]))
        if run.start == run.stop:
            continue
        parts = wide[rows[run]] * weights[run, None].astype(np.int32)
        present, starts = np.unique(owners[run], return_index=True)
        sketches[present] = _scaled(np.add.reduceat(parts, starts).astype(np.int64))
    return sketches


def _scaled(rows: Integers | Weights) -> Integers:
    """Each row brought to about the length `_SCALE`, in whole numbers of at most seven bits and a sign."""
    wide = rows.astype(np.int64, copy=False)
    squares = (wide * wide).sum(axis=1)
    lengths = np.array([max(isqrt(square), 1) for square in squares.tolist()], np.int64)
    scaled: Integers = np.minimum(np.maximum(wide * _SCALE // lengths[:, None], -127), 127)
    return scaled


def _weight(key: str) -> int:
    """How much a word of a query matters."""
    return _FAINT if key in _GENERIC else _WHOLE


def _log2_in_sixteenths(whole: int, part: int) -> int:
    """16 times the base-2 logarithm of 1 + whole / part, rounded down; exact, as no floating logarithm is."""
    return int((whole + part) ** 16 // part**16).bit_length() - 1
