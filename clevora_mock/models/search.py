"""Search: BM25 over stems, with pseudo-relevance feedback from the tags of the best matches (H3).

**Matching.** An item is a bag of stems, with more weight on title and tags than on description and keywords. The terms
of a query are weighted by rarity; *how*, *best* or *tutorial* have little weight. An item's match is its share of the
query's weight, hardly any of it if the words are in the description alone. An unknown word is replaced by a known one
that differs by a typical slip: letters swapped or doubled, a vowel left out near the end (*guitr*); in words of eight
letters or more also a letter too many or too few, a wrong vowel, or the letter beside the right one on the keyboard.

**Feedback.** Tags of at least half of the best matches are taken as the query's topic. Weak matches without these tags
lose three quarters of their score; items with them but without a match score at most `_FEEDBACK`.

**Media type.** *podcast*, *episode* and *listen* ask for podcasts, *video*, *watch* and *footage* for videos: items of
the other type lose half of their score.

Scores are integers of ten-thousandths, computed with integers and single IEEE 754 operations, so that rankings are the
same on every machine and with every NumPy. Items are sorted by id, which decides ties.
"""

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from math import log
from string import ascii_lowercase

import numpy as np
from numpy.typing import NDArray

from clevora_mock.catalog.items import CatalogItem
from clevora_mock.text.words import STOP, stem, tokens, words

Integers = NDArray[np.int64]

# Weights of words; a tag's weight is divided among its words.
_TITLE, _TAG, _TEXT = 8, 12, 2
_SATURATION, _LENGTH_SHARE = 4.0, 0.3  # BM25's k1, relative to these weights, and b
_MAX_RELEVANCE = 1000
_DESCRIPTION_ONLY = 20  # divides the match of an item with all words in its description, which fills up

# Longer queries are truncated, which bounds the time.
_QUERY_TOKENS = 1024
_QUERY_TERMS = 32

# Lengths of words whose spelling is corrected, and of what is taken for them; less of it if not long: *whale* is not
# *whole*. A letter is replaced only by a vowel for a vowel or by a neighbor on the keyboard.
_CORRECTABLE_LETTERS = range(5, 21)
_LONG_LETTERS = 8
_KEYBOARD = " qwertyuiop asdfghjkl zxcvbnm "
_VOWELS = "aeiouy"
# After another consonant, the end of a word that lacks a vowel before it; -s and -d are endings that words have.
_VOWELLESS_END = re.compile(r"[^aeiouy]*[^aeiouysd]")
_TYPOS = {
    letter: {*_KEYBOARD[at - 1 : at + 2], *(_VOWELS if letter in _VOWELS else "")}
    for at, letter in enumerate(_KEYBOARD)
}

_STRONG, _WEAK = 4, 1  # weights of terms
_WEAK_WORDS = """
advice basic begin beginner best better buy conversation cool course debate demonstration discussion easier easy
everyday explain explainer fast fastest favorite first free full fun good great guide help idea important interview
introduction know learn lesson make making minute mistake myth new people popular question quick quickly recommendation
review show simple start started step stop story stuff talk teach technique thing tip today top trick truth try tutorial
understand use using vlog way worth year
"""
_WEAK_STEMS = frozenset(map(stem, _WEAK_WORDS.split()))
_TYPE_WORDS = {"podcast": "podcast episode listen", "video": "video watch footage clip"}
_TYPE_BY_STEM = {stem(word): kind for kind, names in _TYPE_WORDS.items() for word in names.split()}

_SCALE = 10_000  # of scores and shares
_MATCH, _FEEDBACK = 8500, 1500
_LEADERS = 5


class SearchIndex:
    """A read-only inverted index of `items`."""

    def __init__(self, items: Iterable[CatalogItem]) -> None:
        self._items = sorted(items, key=lambda item: item.id)
        self._stem_numbers: dict[str, int] = {}
        self._word_stems: dict[str, int] = {}  # numbers of the words' stems; -1 for a stop word
        stems, amounts, sizes = array("i"), array("i"), array("i")
        by_tag: dict[str, list[int]] = {}
        beyond_description: dict[int, list[int]] = {}
        for place, item in enumerate(self._items):
            fields = [(item.title, _TITLE), (f"{item.type} {item.creator} {item.keywords}", _TEXT)]
            bag = self._bag(fields + [(tag, _TAG // max(len(words(tag)), 1)) for tag in item.tags])
            for number in bag:
                beyond_description.setdefault(number, []).append(place)
            bag.update(self._bag([(item.description, _TEXT)]))
            stems.extend(bag)
            amounts.extend(bag.values())
            sizes.append(len(bag))
            for tag in item.tags:
                by_tag.setdefault(tag, []).append(place)
        # For each stem, the items that have it elsewhere than in the description.
        self._items_beyond_description = {at: np.array(places, np.int64) for at, places in beyond_description.items()}
        self._items_by_tag = {tag: np.array(places, np.int64) for tag, places in by_tag.items()}
        self._items_by_stem, self._relevance_by_stem = _postings(
            np.array(stems, np.int64), np.array(amounts, np.int64), np.array(sizes, np.int64), len(self._stem_numbers)
        )

    def search(self, query: str, limit: int) -> list[tuple[CatalogItem, float]]:
        """Return the best `limit` items with scores in [0, 1], or nothing without a known word."""
        stems = [*islice(self._stems(query), _QUERY_TERMS)]
        if self._stem_numbers.keys().isdisjoint(stems):
            return []
        match = self._match(stems)
        leading = match * 3 > match.max() * 2
        topical = self._tag_shares(self._common_tags([at for at in _highest(match, _LEADERS) if leading[at]]))
        scores = match * _MATCH // _SCALE
        scores[~leading & (topical == 0)] //= 4
        scores += topical * _FEEDBACK // _SCALE
        scores[self._of_other_type(stems)] //= 2
        return [(self._items[at], int(scores[at]) / _SCALE) for at in _highest(scores, limit)]

    def _bag(self, fields: Iterable[tuple[str, int]]) -> Counter[int]:
        """Return the weights of stems by number, from texts and the weight of a word in each."""
        bag: Counter[int] = Counter()
        for field, weight in fields:
            for word in words(field):
                number = self._word_stems.get(word)
                if number is None:
                    number = -1 if word in STOP else self._stem_numbers.setdefault(stem(word), len(self._stem_numbers))
                    self._word_stems[word] = number
                if number >= 0:
                    bag[number] += weight
        return bag

    def _stems(self, query: str) -> Iterator[str]:
        """Yield the distinct stems of a query's words, without stop words, with corrected spelling."""
        seen: set[str] = set()
        read = [*islice(tokens(query), _QUERY_TOKENS), ""]
        # A letter with a symbol is not the letter: *C++*.
        for word in dict.fromkeys(word + after * (len(word) == 1 and after in "+#") for word, after in pairwise(read)):
            key = stem(self._corrected(word))
            if word not in STOP and word[0].isalnum() and key not in seen:
                seen.add(key)
                yield key

    def _corrected(self, word: str) -> str:
        """Return the most common known word that differs by a slip, or `word` itself, if it is known or none does."""
        if len(word) not in _CORRECTABLE_LETTERS or stem(word) in self._stem_numbers:
            return word
        slips = [other for other in _typical_slips(word) if len(other) in _CORRECTABLE_LETTERS]
        known = [other for other in slips if self._word_stems.get(other, -1) >= 0]
        return min(known, key=lambda other: (-len(self._items_by_stem[self._word_stems[other]]), other), default=word)

    def _match(self, stems: Sequence[str]) -> Integers:
        """Return each item's share of the weight of `stems`, in ten-thousandths."""
        weak = _WEAK_STEMS | _TYPE_BY_STEM.keys()
        # *How to start a podcast* is about podcasts.
        weak = _WEAK_STEMS if weak.issuperset(stems) else weak
        earned = np.zeros(len(self._items), np.int64)
        is_beyond = np.zeros(len(self._items), np.bool_)
        total = 0
        for key in stems:
            number = self._stem_numbers.get(key)
            frequency = 1 if number is None else len(self._items_by_stem[number])
            weight = round(100 * log(1 + len(self._items) / frequency)) * (_WEAK if key in weak else _STRONG)
            total += weight
            if number is not None:
                earned[self._items_by_stem[number]] += self._relevance_by_stem[number] * weight
                is_beyond[self._items_beyond_description.get(number, [])] = True
        earned[~is_beyond] //= _DESCRIPTION_ONLY
        return (earned * (_SCALE / (total * _MAX_RELEVANCE))).astype(np.int64)

    def _common_tags(self, leaders: Sequence[int]) -> list[str]:
        """Return the tags of at least half of `leaders` that other items have too."""
        votes = Counter(tag for at in leaders for tag in self._items[at].tags)
        common = [
            tag for tag in votes if votes[tag] * 2 >= len(leaders) and len(self._items_by_tag[tag]) > len(leaders)
        ]
        # *Review* and *buying guide* are forms, not topics.
        return [tag for tag in common if {*map(stem, words(tag))} - _WEAK_STEMS]

    def _tag_shares(self, tags: Sequence[str]) -> Integers:
        """Return each item's share of `tags`, in ten-thousandths."""
        shares = np.zeros(len(self._items), np.int64)
        for tag in tags:
            shares[self._items_by_tag[tag]] += _SCALE // len(tags)
        return shares

    def _of_other_type(self, stems: Sequence[str]) -> NDArray[np.bool_]:
        """Tell for each item whether `stems` ask for the other media type."""
        types = {_TYPE_BY_STEM[key] for key in stems if key in _TYPE_BY_STEM}
        others = np.full(len(self._items), len(types) == 1)
        for number in [self._stem_numbers[kind] for kind in types if kind in self._stem_numbers]:
            # The word is in the bag of every video, and of a podcast on video editing.
            others[self._items_by_stem[number]] = False
        return others


def _postings(
    stems: Integers, amounts: Integers, sizes: Integers, vocabulary: int
) -> tuple[list[Integers], list[Integers]]:
    """Return for each stem its items and their relevance (BM25), given the concatenated bags of all items."""
    owners = np.repeat(np.arange(len(sizes)), sizes)
    lengths = np.bincount(owners, amounts, len(sizes))
    relative = lengths / max(float(lengths.sum()) / max(len(sizes), 1), 1.0)
    damping = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * relative)
    relevance = (_MAX_RELEVANCE * amounts / (amounts + damping[owners])).astype(np.int64)
    order = np.argsort(stems, kind="stable")
    ends = np.cumsum(np.bincount(stems, minlength=vocabulary))[:-1]
    return np.split(owners[order], ends), np.split(relevance[order], ends)


def _highest(scores: Integers, count: int) -> list[int]:
    """Return the positions of the `count` highest scores, highest first, ties in order."""
    # Keys are unique, so the result does not depend on NumPy's partitioning.
    keys = np.arange(len(scores)) - scores * len(scores)
    first = np.argpartition(keys, count)[:count] if count < len(keys) else np.arange(len(keys))
    return [*map(int, first[np.argsort(keys[first])])]


def _typical_slips(word: str) -> set[str]:
    """Return the words that may be mistyped as `word`; all of them have its first letter."""
    cuts = [(word[:at], word[at:]) for at in range(1, len(word) + 1)]
    swapped = {left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1}
    doubled = {left + left[-1] + right for left, right in cuts}
    halved = {left + right[1:] for left, right in cuts if right[:1] == left[-1]}
    if len(word) < _LONG_LETTERS:
        gaps = [cut for cut in cuts if cut[0][-1] not in _VOWELS and _VOWELLESS_END.fullmatch(cut[1])]
        return swapped | doubled | halved | {left + vowel + right for left, right in gaps for vowel in _VOWELS}
    removed = {left + right[1:] for left, right in cuts if right}
    added = {left + letter + right for left, right in cuts for letter in ascii_lowercase}
    changed = {left + letter + right[1:] for left, right in cuts if right for letter in _TYPOS.get(right[0], "")}
    return removed | swapped | added | changed
