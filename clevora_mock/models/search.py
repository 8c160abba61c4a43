"""Search: BM25 over stems, with pseudo-relevance feedback from the tags of the best matches (H3).

**Matching.** An item is a bag of stems, in which the words of title and tags weigh more than those of description and
keywords. A query is a list of terms that weigh by their rarity; *how*, *best* or *tutorial* weigh little. An item's
match is the share of the query's weight that it earns. A word that the catalog does not know is mended if it is one
slip away from a word that it knows; otherwise no item earns its weight.

**Feedback.** The tags that half of the best matches share say what the query is about. An item that matches much less
and has none of these tags keeps a quarter of its score. One that has them, but none of the query's words, fills up the
results with a score of at most `_FEEDBACK`.

**Kind.** *podcast*, *episode* and *listen* ask for podcasts, *video*, *watch* and *footage* for videos: items of the
other kind keep half of their score.

Scores are whole ten-thousandths, made by integer arithmetic and by single operations of IEEE 754, so that neither the
machine nor NumPy's order of summation can change a ranking. Items lie in the order of their ids, which decides ties.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import log
from string import ascii_lowercase
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clevora_mock.models.catalog import CatalogItem
from clevora_mock.models.words import STOP, stem, tokens, words

Integers = NDArray[np.int64]

# What a word weighs by where it stands; a tag's weight is divided among its words.
_TITLE, _TAG, _TEXT = 8, 12, 2
_SATURATION, _LENGTH_SHARE = 4.0, 0.3  # BM25's k1, in these weights, and b
_PERFECT_FIT = 1000

# Longer queries are cut, so that none takes long.
_QUERY_TOKENS = 1024
_QUERY_TERMS = 32

# Words of so many letters are mended; in those shorter than `_LONG_LETTERS` a letter is taken only for another vowel or
# for a neighbor on the keyboard: *paris* is not *parts*.
_MENDABLE_LETTERS = range(5, 21)
_LONG_LETTERS = 8
_KEYBOARD = " qwertyuiop asdfghjkl zxcvbnm "
_VOWELS = "aeiouy"
_MISTAKABLE = {
    letter: {*_KEYBOARD[at - 1 : at + 2], *(_VOWELS if letter in _VOWELS else "")}
    for at, letter in enumerate(_KEYBOARD)
}

_STRONG, _WEAK = 4, 1  # weights of terms
_WEAK_WORDS = """
advice basic begin beginner best better buy conversation cool course debate easier easy everyday explain explainer fast
fastest favorite first free full fun good great guide help idea important interview introduction know learn lesson make
making minute mistake myth new people popular question quick quickly recommendation review show simple start started
step stop story stuff talk teach technique thing tip today top trick truth try tutorial understand use using vlog way
worth year
"""
_WEAK_STEMS = frozenset(map(stem, _WEAK_WORDS.split()))
_KINDS = {"podcast": "podcast episode listen", "video": "video watch footage clip"}
_KIND_BY_STEM = {stem(word): kind for kind, names in _KINDS.items() for word in names.split()}

_SCALE = 10_000  # of scores and shares
_MATCH, _FEEDBACK = 8500, 1500
_LEADERS = 5


class Term(NamedTuple):
    """One term of a query: its stem's number, None for an unknown word, and its weight times rarity."""

    number: int | None
    worth: int


class SearchIndex:
    """An inverted index over `items`, built once and then only read."""

    def __init__(self, items: Iterable[CatalogItem]) -> None:
        self._items = sorted(items, key=lambda item: item.id)
        self._numbers: dict[str, int] = {}  # of stems, by stem
        self._words: dict[str, int] = {}  # of stems, by word; -1 for a stop word
        stems, amounts, sizes = array("i"), array("i"), array("i")
        tagged: dict[str, list[int]] = {}
        for place, item in enumerate(self._items):
            bag = self._bag(item)
            stems.extend(bag)
            amounts.extend(bag.values())
            sizes.append(len(bag))
            for tag in item.tags:
                tagged.setdefault(tag, []).append(place)
        self._tagged = {tag: np.array(places, np.int64) for tag, places in tagged.items()}
        self._holders, self._fits = _postings(
            np.array(stems, np.int64), np.array(amounts, np.int64), np.array(sizes, np.int64), len(self._numbers)
        )

    def search(self, query: str, limit: int) -> list[tuple[CatalogItem, float]]:
        """Return the best `limit` items for `query` with their scores in [0, 1]; none if it has no known word."""
        stems = [*islice(self._stems(query), _QUERY_TERMS)]
        terms = self._terms(stems)
        if all(term.number is None for term in terms):
            return []
        match = self._match(terms)
        leading = match * 3 > match.max() * 2
        about = self._about(self._common_tags([at for at in _highest(match, _LEADERS) if leading[at]]))
        scores = match * _MATCH // _SCALE
        scores[~leading & (about == 0)] //= 4
        scores += about * _FEEDBACK // _SCALE
        scores[self._of_another_kind(stems)] //= 2
        return [(self._items[at], int(scores[at]) / _SCALE) for at in _highest(scores, limit)]

    def _bag(self, item: CatalogItem) -> dict[int, int]:
        """Return the weights of the stems of `item`."""
        bag: dict[int, int] = {}
        text = f"{item.type} {item.creator} {item.description} {item.keywords}"
        fields = [(item.title, _TITLE), (text, _TEXT)]
        fields += [(tag, _TAG // max(len(words(tag)), 1)) for tag in item.tags]
        for field, weight in fields:
            for word in words(field):
                number = self._words.get(word)
                if number is None:
                    number = -1 if word in STOP else self._numbers.setdefault(stem(word), len(self._numbers))
                    self._words[word] = number
                if number >= 0:
                    bag[number] = bag.get(number, 0) + weight
        return bag

    def _stems(self, query: str) -> Iterator[str]:
        """Yield the stems of a query's words, mended where they need it, without stop words and repetitions."""
        seen: set[str] = set()
        for word in dict.fromkeys(islice(tokens(query), _QUERY_TOKENS)):
            if word in STOP or not word[0].isalnum():
                continue
            key = stem(word)
            if key not in self._numbers:
                key = stem(self._mended(word))
            if key not in seen:
                seen.add(key)
                yield key

    def _mended(self, word: str) -> str:
        """Return the most common known word that is one slip away from `word`, else `word` itself."""
        if len(word) not in _MENDABLE_LETTERS:
            return word
        known = [other for other in _one_slip_away(word) if self._words.get(other, -1) >= 0]
        return min(known, key=lambda other: (-len(self._holders[self._words[other]]), other), default=word)

    def _terms(self, stems: Sequence[str]) -> list[Term]:
        weak = _WEAK_STEMS | _KIND_BY_STEM.keys()
        if weak.issuperset(stems):
            # *How to start a podcast* is about podcasts.
            weak = _WEAK_STEMS
        return [self._term(key, _WEAK if key in weak else _STRONG) for key in stems]

    def _term(self, key: str, weight: int) -> Term:
        number = self._numbers.get(key)
        holders = 1 if number is None else len(self._holders[number])
        return Term(number, weight * round(100 * log(1 + len(self._items) / holders)))

    def _match(self, terms: Sequence[Term]) -> Integers:
        """Return for each item the share of the worth of `terms` that it earns, in ten-thousandths."""
        earned = np.zeros(len(self._items), np.int64)
        for term in terms:
            if term.number is not None:
                earned[self._holders[term.number]] += self._fits[term.number] * term.worth
        return (earned * (_SCALE / (sum(term.worth for term in terms) * _PERFECT_FIT))).astype(np.int64)

    def _common_tags(self, leaders: Sequence[int]) -> list[str]:
        """Return the tags that half of `leaders` share, and others have too: *telescope* leads to *astronomy*."""
        votes = Counter(tag for at in leaders for tag in self._items[at].tags)
        common = [tag for tag in votes if votes[tag] * 2 >= len(leaders) and len(self._tagged[tag]) > len(leaders)]
        # *Review* and *buying guide* name a form.
        return [tag for tag in common if {*map(stem, words(tag))} - _WEAK_STEMS]

    def _about(self, tags: Sequence[str]) -> Integers:
        """Return for each item the share of `tags` that it has, in ten-thousandths."""
        about = np.zeros(len(self._items), np.int64)
        for tag in tags:
            about[self._tagged[tag]] += _SCALE // len(tags)
        return about

    def _of_another_kind(self, stems: Sequence[str]) -> NDArray[np.bool_]:
        """Tell for each item whether `stems` ask for the other kind, which it does not even mention."""
        kinds = {_KIND_BY_STEM[key] for key in stems if key in _KIND_BY_STEM}
        others = np.full(len(self._items), len(kinds) == 1)
        for number in [self._numbers[kind] for kind in kinds if kind in self._numbers]:
            # Every video holds the word; so does a podcast on video editing.
            others[self._holders[number]] = False
        return others


def _postings(
    stems: Integers, amounts: Integers, sizes: Integers, vocabulary: int
) -> tuple[list[Integers], list[Integers]]:
    """Return for each stem its items and how well each fits (BM25), given the bags of all items one after another."""
    owners = np.repeat(np.arange(len(sizes)), sizes)
    lengths = np.bincount(owners, amounts, len(sizes))
    relative = lengths / max(float(lengths.sum()) / max(len(sizes), 1), 1.0)
    damping = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * relative)
    fits = (_PERFECT_FIT * amounts / (amounts + damping[owners])).astype(np.int64)
    order = np.argsort(stems, kind="stable")
    ends = np.cumsum(np.bincount(stems, minlength=vocabulary))[:-1]
    return np.split(owners[order], ends), np.split(fits[order], ends)


def _highest(scores: Integers, count: int) -> list[int]:
    """Return the places of the `count` highest scores, highest first, equal ones in order."""
    # No two keys are equal, so it does not matter how NumPy partitions.
    keys = np.arange(len(scores)) - scores * len(scores)
    first = np.argpartition(keys, count)[:count] if count < len(keys) else np.arange(len(keys))
    places: list[int] = first[np.argsort(keys[first])].tolist()
    return places


def _one_slip_away(word: str) -> set[str]:
    """Return all that is one letter left out, added, changed or swapped away from `word`; the first letter stays."""
    cuts = [(word[:at], word[at:]) for at in range(1, len(word) + 1)]
    removed = {left + right[1:] for left, right in cuts if right}
    swapped = {left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1}
    added = {left + letter + right for left, right in cuts for letter in ascii_lowercase}
    taken_for = _MISTAKABLE if len(word) < _LONG_LETTERS else {}
    changed = {
        left + letter + right[1:]
        for left, right in cuts
        if right
        for letter in taken_for.get(right[0], ascii_lowercase)
    }
    return removed | swapped | added | changed
