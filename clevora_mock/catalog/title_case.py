"""Title case for generated titles."""

_SMALL_WORDS = "a an the and but or nor for of in on at to by with from as into over de"
_SMALL = frozenset(_SMALL_WORDS.split())


def title_case(text: str) -> str:
    """Return `text` in title case; words with capitals are kept, and small words inside a phrase."""
    words = text.split(" ")
    for at, word in enumerate(words):
        if word not in _SMALL or at in (0, len(words) - 1) or words[at - 1][-1] in ":.?!":
            words[at] = "-".join(part if part == "and" else capital(part) for part in word.split("-"))
    return " ".join(words)


def capital(text: str) -> str:
    """Capitalize the first letter of `text` unless its first word has a capital."""
    first = text.partition(" ")[0]
    return text if first != first.lower() else text[:1].upper() + text[1:]
