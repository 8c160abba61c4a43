"""Search: BM25 over words and stems, with pseudo-relevance feedback from the tags of the best matches (H3).

**Matching.** An item is a bag of words and their stems: those of its tags count most, then title, keywords and, hardly
at all, the description; creators are not searched. An item's match is its share of the query's weight. A word weighs
more the fewer subjects (first tags) it occurs in, not the fewer items: a subject's own word is in all items of the
subject, and is to weigh as much as a word of a single title. *how*, *best* or *tutorial* have little weight.

**Spelling.** An unknown word is replaced by a known one that differs by a typical slip: letters swapped or doubled, one
letter missing, a neighboring key; in words of eight letters or more also one too many or any wrong one. Of shorter
words that would take one noun in six for another. As it may be a word of its own, such a match counts two fifths.

**Feedback.** Tags of at least half of the best matches are taken as the query's topic. Weak matches without these tags
lose three quarters of their score; items with them but without a match score at most `_FEEDBACK`.

**Media type.** *podcast*, *episode* and *listen* ask for podcasts, *video*, *watch* and *footage* for videos: items of
the other type lose two thirds of their score.

Scores are integers of ten-thousandths, computed with integers and single IEEE 754 operations, so that rankings are the
same on every machine and with every NumPy. Items are sorted by id, which decides ties.
"""

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
_TAG, _TITLE, _KEYWORD, _DESCRIPTION = 75, 50, 40, 1
_SATURATION, _LENGTH_SHARE = 25.0, 0.3  # BM25's k1, relative to these weights, and b
_MAX_RELEVANCE = 1000

# Longer queries are truncated, which bounds the time.
_QUERY_TOKENS = 1024
_QUERY_WORDS = 32

# Lengths of words whose spelling is corrected; less of it if not long: *whale* is not *whole*.
_CORRECTABLE_LETTERS = range(5, 21)
_LONG_LETTERS = 8
# The rows of a keyboard, and by letter those that touch it; each row is shifted by this part of a key.
_ROWS = (("qwertyuiop", 0.0), ("asdfghjkl", 0.25), ("zxcvbnm", 0.75))
_KEYS = {letter: (at + shift, row) for row, (letters, shift) in enumerate(_ROWS) for at, letter in enumerate(letters)}
_NEIGHBORS = {
    letter: "".join(other for other, (at, line) in _KEYS.items() if abs(at - x) <= 1 and abs(line - y) <= 1)
    for letter, (x, y) in _KEYS.items()
}

_STRONG, _WEAK = 100, 25  # weights of words
_WEAK_WORDS = """
advice basic begin beginner best better buy conversation cool course debate demonstration discussion easier easy
everyday explain explainer fast fastest favorite first free full fun good great guide help idea important improve
interview introduction know learn lesson make making minute mistake myth people popular question quick quickly
recommendation review show simple start started step stop story stuff talk teach technique thing tip today top trick
truth try tutorial understand use using vlog way worth year
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
        self._numbers: dict[str, int] = {}  # of stems and words
        self._numbers_by_word: dict[str, tuple[int, ...]] = {}
        numbers, amounts, sizes, subjects = (array("i") for _ in range(4))
        by_tag: dict[str, list[int]] = {}
        number_by_subject: dict[str, int] = {}
        for place, item in enumerate(self._items):
            bag: Counter[int] = Counter()
            fields = [(tag, _TAG // max(len(words(tag)), 1)) for tag in item.tags]
            for text, weight in [*fields, (item.title, _TITLE), (item.keywords, _KEYWORD)]:
                for number in self._read(text):
                    bag[number] += weight
            bag.update({*self._read(item.description)} - bag.keys())
            numbers.extend(bag)
            amounts.extend(bag.values())
            sizes.append(len(bag))
            subjects.append(number_by_subject.setdefault(next(iter(item.tags), item.id), len(number_by_subject)))
            for tag in item.tags:
                by_tag.setdefault(tag, []).append(place)
        self._subjects = len(number_by_subject)
        self._is_podcast = np.array([item.type == "podcast" for item in self._items], np.bool_)
        self._items_by_tag = {tag: np.array(places, np.int64) for tag, places in by_tag.items()}
        # By number: the items, the relevance for each, and the count of subjects, of titles, tags and keywords alone.
        self._items_by_number, self._relevance, self._spread = _postings(
            len(self._numbers), *(np.array(column, np.int64) for column in (numbers, amounts, sizes, subjects))
        )

    def search(self, query: str, limit: int) -> list[tuple[CatalogItem, float]]:
        """Return the best `limit` items with scores in [0, 1], or nothing without a known word."""
        asked = dict(islice(self._query_words(query), _QUERY_WORDS))
        match = self._match(asked)
        if not match.any():
            return []
        leading = match * 3 > match.max() * 2
        topical = self._tag_shares(self._common_tags([at for at in _highest(match, _LEADERS) if leading[at]]))
        scores = match * _MATCH // _SCALE
        scores[~leading & (topical == 0)] //= 4
        scores += topical * _FEEDBACK // _SCALE
        types = {_TYPE_BY_STEM[stem(word)] for word in asked if stem(word) in _TYPE_BY_STEM}
        if len(types) == 1:
            scores[self._is_podcast != ("podcast" in types)] //= 3
        return [(self._items[at], int(scores[at]) / _SCALE) for at in _highest(scores, limit)]

    def _read(self, text: str) -> Iterator[int]:
        """Yield the numbers of the stems and words of `text`, and give new ones their number."""
        for word in words(text):
            numbers = self._numbers_by_word.get(word)
            if numbers is None:
                keys = () if word in STOP else dict.fromkeys((stem(word), word))
                numbers = tuple(self._numbers.setdefault(key, len(self._numbers)) for key in keys)
                self._numbers_by_word[word] = numbers
            yield from numbers

    def _query_words(self, query: str) -> Iterator[tuple[str, bool]]:
        """Yield the words of a query that are no stop words, and whether their spelling was corrected."""
        read = [*islice(tokens(query), _QUERY_TOKENS), ""]
        # A letter with a symbol is not the letter: *C++*.
        for word in dict.fromkeys(word + after * (len(word) == 1 and after in "+#") for word, after in pairwise(read)):
            if word not in STOP and word[0].isalnum():
                meant = self._corrected(word)
                yield meant, meant != word

    def _corrected(self, word: str) -> str:
        """Return the most common known word that differs by a slip, or `word` itself, if it is known or none does."""
        if len(word) not in _CORRECTABLE_LETTERS or stem(word) in self._numbers:
            return word
        spread = {other: self._spread[self._numbers[other]] for other in _slips(word) & self._numbers.keys()}
        known = [other for other in spread if spread[other]]
        return min(known, key=lambda other: (-spread[other], other), default=word)

    def _match(self, asked: dict[str, bool]) -> Integers:
        """Return each item's share of the weight of the words `asked`, in ten-thousandths."""
        weak = _WEAK_STEMS | _TYPE_BY_STEM.keys()
        # *How to start a podcast* is about podcasts.
        weak = _WEAK_STEMS if weak.issuperset(map(stem, asked)) else weak
        earned = np.zeros(len(self._items), np.int64)
        total = 0
        for word, is_corrected in asked.items():
            key = stem(word)
            # A quarter is for the very form: *training* is not quite *trains*.
            quarters = {key: 3, word: 1} if key != word and word in self._numbers else {key: 4}
            for form, share in quarters.items():
                number = self._numbers.get(form)
                spread = 1 if number is None else max(self._spread[number], 1)
                weight = round(log(1 + self._subjects / spread) * (_WEAK if key in weak else _STRONG)) * share
                total += weight
                if number is not None:
                    weight = weight * 2 // 5 if is_corrected else weight
                    earned[self._items_by_number[number]] += self._relevance[number] * weight
        return (earned * (_SCALE / max(total * _MAX_RELEVANCE, 1))).astype(np.int64)

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


def _postings(
    vocabulary: int, numbers: Integers, amounts: Integers, sizes: Integers, subjects: Integers
) -> tuple[list[Integers], list[Integers], list[int]]:
    """Return for each number its items, their relevance (BM25) and the count of subjects, from all items' bags."""
    owners = np.repeat(np.arange(len(sizes)), sizes)
    lengths = np.bincount(owners, amounts, len(sizes))
    relative = lengths / max(float(lengths.sum()) / max(len(sizes), 1), 1.0)
    damping = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * relative)
    relevance = (_MAX_RELEVANCE * amounts / (amounts + damping[owners])).astype(np.int64)
    order = np.argsort(numbers, kind="stable")
    ends = np.cumsum(np.bincount(numbers, minlength=vocabulary))[:-1]
    named = amounts > _DESCRIPTION
    pairs = np.unique(numbers[named] * len(sizes) + subjects[owners[named]])
    spread = np.bincount(pairs // max(len(sizes), 1), minlength=vocabulary)
    return np.split(owners[order], ends), np.split(relevance[order], ends), spread.tolist()


def _highest(scores: Integers, count: int) -> list[int]:
    """Return the positions of the `count` highest scores, highest first, ties in order."""
    # Keys are unique, so the result does not depend on NumPy's partitioning.
    keys = np.arange(len(scores)) - scores * len(scores)
    first = np.argpartition(keys, count)[:count] if count < len(keys) else np.arange(len(keys))
    return [*map(int, first[np.argsort(keys[first])])]


def _slips(word: str) -> set[str]:
    """Return the words that may be mistyped as `word`; all of them have its first letter."""
    is_long = len(word) >= _LONG_LETTERS
    cuts = [(word[:at], word[at:]) for at in range(1, len(word) + 1)]
    swapped = {left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1}
    removed = {left + right[1:] for left, right in cuts if right and (is_long or right[0] == left[-1])}
    added = {left + letter + right for left, right in cuts for letter in ascii_lowercase}
    changed = {
        left + letter + right[1:]
        for left, right in cuts
        if right
        for letter in (ascii_lowercase if is_long else _NEIGHBORS.get(right[0], ""))
    }
    return swapped | removed | added | changed
