"""Literal answers that a message asks for: in quotes, after a colon, or as a single plain word after the verb."""

import re
from itertools import islice

from clevora_mock.models.templates import ABOUT_A_TEXT, Templates

# The characters of a message with a literal, those of one without quotes or a colon, and the number of candidates.
_MAX_CHARACTERS, _MAX_WORDS, _MAX_CANDIDATES = 60_000, 200, 16
_QUOTED = re.compile(
    r"(?s)```\w*\n(.*?)\n?```|\"([^\"]+)\"|“([^”]+)”|`([^`]+)`|'(.+?)'(?!\w)|"
    r"\N{LEFT SINGLE QUOTATION MARK}(.+?)\N{RIGHT SINGLE QUOTATION MARK}"
)
_FENCE = re.compile(r"(?s)```.*?(?:```|\Z)")


def literal_text(text: str, kind: str, english: Templates) -> str | None:
    """Return the literal answer that a request of `kind` asks for, or None."""
    if len(text) > _MAX_CHARACTERS or kind in ABOUT_A_TEXT or kind in ("explain", "code"):
        # The text that such a request brings along may contain orders, which are not meant for the model.
        return None
    # Of the same length, so that positions are those of the text.
    searched = _FENCE.sub(lambda fence: "`" * len(fence[0]), text)
    for lead in islice(english.patterns["literal"].finditer(searched), _MAX_CANDIDATES):
        is_first = not searched[: lead.start()].strip()
        words = _literal_after(lead, text[lead.end() :].strip(), english, is_first=is_first)
        if words:
            return words
    return None


def _literal_after(lead: re.Match[str], rest: str, english: Templates, *, is_first: bool) -> str | None:
    """Return the literal in `rest`, the text after ``Reply with only`` and the like, or None."""
    verb, how, patterns = lead["verb"].lower(), (lead["before"] + lead["how"]).lower(), english.patterns
    quoted = _QUOTED.match(rest)
    if quoted and (how or is_first) and patterns["after_quoted"].match(rest, quoted.end()):
        return next(words for words in quoted.groups() if words is not None)
    rest = patterns["nothing_else"].sub("", rest)
    is_exact, is_one = (bool(patterns[name].search(how)) for name in ("exactly", "one_word"))
    if lead["colon"] and (is_one or is_exact):
        return rest if is_exact or len(rest.split()) == 1 else None
    if lead["colon"]:
        is_text = verb in ("say", "repeat", "echo") or patterns["as_text"].search(how) or rest.isalnum()
        return rest if is_text and is_first and not rest.endswith("?") else None
    sentence = re.split(r"\n|\.(?:\s|$)", rest, maxsplit=1)[0]
    words = patterns["nothing_else"].sub("", sentence)
    if len(words) > _MAX_WORDS or patterns["description"].match(words):
        return None
    if len(words.split()) == 1 and (is_one or patterns["plain_word"].fullmatch(words)):
        return words
    describing = english.words["prepositions"] | english.words["describing"]
    is_plain = describing.isdisjoint(words.lower().split()) and not re.search(r"[\"“”]", words)
    is_spoken = verb in ("say", "print", "type", "echo") and not how.endswith("the")
    is_alone = is_first and sentence == rest.rstrip(".")
    return words if is_plain and (is_exact or (is_spoken and is_alone)) else None
