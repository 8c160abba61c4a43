"""English articles, -ing forms and title case for generated titles."""

import re

_SMALL_WORDS = "a an the and but or nor for of in on at to by with from as into over de"
_SMALL = frozenset(_SMALL_WORDS.split())
# Short initialisms are spelled out: an LED, an FPV headset.
_AN = re.compile(r"[AEIOaeio]|[Uu](?!ni|s[aei])|[Hh](?:our|onest)|[FLMNRSX](?=[A-Z]{1,2}\b)")
_DOUBLED = re.compile(r"[^aeiou]*(?:qu)?[aeiou][^aeiouwxy]")
_IRREGULAR = {
    "begin": "beginning",
    "debug": "debugging",
    "dye": "dyeing",
    "lie": "lying",
    "speedrun": "speedrunning",
    "tie": "tying",
    "unclog": "unclogging",
}


def with_article(noun: str) -> str:
    """Return `noun` with *a* or *an* before it."""
    return f"{'an' if _AN.match(noun) else 'a'} {noun}"


def doing(verb_phrase: str) -> str:
    """Return a verb phrase in its -ing form: *prune a tree* → *pruning a tree*."""
    verb, space, rest = verb_phrase.partition(" ")
    return _ing(verb) + space + rest


def title(text: str) -> str:
    """Return `text` in title case; words with capitals are kept."""
    words = text.split(" ")
    last = len(words) - 1
    starts = True
    for index, word in enumerate(words):
        if starts or index == last or word not in _SMALL:
            words[index] = _title_word(word)
        starts = word[-1] in ":.?!"
    return " ".join(words)


def capital(text: str) -> str:
    """Capitalize the first letter of `text` unless its first word has a capital."""
    first = text.partition(" ")[0]
    return text if first != first.lower() else text[:1].upper() + text[1:]


def _title_word(word: str) -> str:
    first, *others = word.split("-")
    return "-".join([capital(first), *(part if part == "and" else capital(part) for part in others)])


def _ing(verb: str) -> str:
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb.endswith("e") and not verb.endswith(("ee", "oe")):
        return verb[:-1] + "ing"
    if _DOUBLED.fullmatch(verb):
        return verb + verb[-1] + "ing"
    return verb + "ing"
