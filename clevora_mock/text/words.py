"""Words and stems of text, for embeddings and search.

Text is folded (NFKC, then case folding), apostrophes are removed, and the rest is split into words and symbols:
``Won't stop -- C++!`` gives ``wont stop - - c + + !``. A stem is a key that the inflections of an English word share
(*meditate, meditated, meditating* → ``meditat``). Folding depends on Python's Unicode tables, which agree on all
characters of Unicode 14 (Python 3.11).
"""

import re
from collections.abc import Iterator
from unicodedata import normalize

# Chinese and Japanese are written without spaces: each character is a word.
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff"
# Other words have at most forty characters, which bounds the size of a feature.
_TOKEN = re.compile(rf"[{_IDEOGRAPHS}]|[^\W_{_IDEOGRAPHS}]{{1,40}}|[^\w\s]|_")
# Long texts are processed in slices of up to this many characters, since other threads wait for each call.
_SLICE = 1 << 16
_APOSTROPHES = str.maketrans("", "", "'\u2019")
_VOWEL = re.compile("[aeiouy]")
_VOWELS = re.compile("[aeiouy]+")
# Roots that lose a final e before -ing or -ed: bak-, solv-, danc-, charg-, rais-, cycl-.
_LOST_E = re.compile("(?:^|[^aeiouy])[aeiouy][^aeiouywx]$|[vcz]$|[rdl]g$|[aeiourn]s$|[bcdgkptz]l$")

# Function words, without apostrophes.
_STOP = """
a about all am an and any are arent as at be been but by can cant could couldnt did didnt do does doesnt
doing done dont for from get gets getting go goes going got had has hasnt have havent having he her hers
here him his how i id if ill im in into is isnt it its ive just let lets like me might more most much my
need no not of off on one or our ours out own please really she should shouldnt so some such than that
thats the their theirs them then there these they theyre this those to too up us very want wants was wasnt
we were werent what whats when where which while who whom whose why will with wont would wouldnt you your
yours youre
"""
STOP = frozenset(_STOP.split())


def fold(text: str) -> str:
    """Return `text` with normalized width, ligatures and case, and without apostrophes."""
    if text.isascii():
        return text.lower().replace("'", "")
    return normalize("NFKC", text).casefold().translate(_APOSTROPHES)


def tokens(text: str) -> Iterator[str]:
    """Yield the words and symbols of `text`, folded, in order."""
    start = 0
    while start < len(text):
        end = start + _SLICE
        if end < len(text):
            # Between two words, unless there is no space.
            end = max(text.rfind(space, start, end) for space in " \n") + 1 or end
        yield from _TOKEN.findall(fold(text[start:end]))
        start = end


def words(text: str) -> list[str]:
    """Return the words of `text` without symbols, folded, in order."""
    return [token for token in tokens(text) if token[0].isalnum()]


def stem(word: str) -> str:
    """Return the key that `word` shares with its inflections."""
    # All removable suffixes end in one of these.
    if len(word) < 4 or word[-1] not in "sdge" or not word.isascii():
        return word
    word = _without_suffix(_without_plural(word))
    # Short words keep their final e: *tape* is not *tap*, *plane* not *plan*.
    return word[:-1] if word[-1] == "e" and _syllables(word[:-1]) > 1 else word


def _without_plural(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zzes", "toes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _without_suffix(word: str) -> str:
    suffix = next((ending for ending in ("ing", "ed") if word.endswith(ending)), "")
    root = word.removesuffix(suffix)
    if not suffix or len(root) < 3 or not _VOWEL.search(root) or word.endswith("eed"):
        return word
    if root[-1] == root[-2]:
        return root if root[-1] in "aeiolsz" else root[:-1]
    if suffix == "ed" and root[-1] == "i":
        return root[:-1] + "y"
    return root + "e" if _syllables(root) == 1 and _LOST_E.search(root) else root


def _syllables(word: str) -> int:
    return len(_VOWELS.findall(word))
