"""Literal answers that a message asks for: in quotes, after a colon, or as a single plain word after the verb."""

import re
from itertools import chain

from clevora_mock.models.templates import ABOUT_A_TEXT, Templates, own_words

# The characters of a message with a literal, and those of one without quotes or a colon, and of one plain word.
_MAX_CHARACTERS, _MAX_WORDS, _MAX_WORD = 60_000, 200, 40
_SPOKEN = ("say", "print", "type", "echo", "repeat")
_QUOTED = re.compile(
    r"(?s)```\w*\n(.*?)\n?```|\"([^\"]+)\"|“([^”]+)”|`([^`]+)`|'(.+?)'(?!\w)|"
    r"\N{LEFT SINGLE QUOTATION MARK}(.+?)\N{RIGHT SINGLE QUOTATION MARK}"
)
# The end of a sentence or a line, after which an order may stand.
_END = re.compile(r"[.!?\n] {0,4}")


def literal_text(text: str, kind: str, english: Templates) -> str | None:
    """Return the literal answer that the first paragraph or the last line of a request asks for, or None."""
    if len(text) > _MAX_CHARACTERS or kind in ABOUT_A_TEXT or kind in ("explain", "code"):
        return None
    text = text.strip()
    searched = own_words(text)
    paragraph = searched.find("\n\n")
    last = searched.rfind("\n") if paragraph >= 0 else -1
    brought = english.patterns["brought_before"].search(searched) if ":" in text or paragraph >= 0 else None
    limit = brought.start() if brought else len(text)
    for start in chain((0,), (end.end() for end in _END.finditer(searched, 0, limit))):
        lead = english.patterns["literal"].match(searched, start) if start <= paragraph or start > last else None
        words = _literal_after(lead, text[lead.end() :].strip(), english, is_first=start == 0) if lead else None
        if words:
            return words
    return None


def _literal_after(lead: re.Match[str], rest: str, english: Templates, *, is_first: bool) -> str | None:
    """Return the literal in `rest`, the text after ``Reply with only`` and the like, or None."""
    verb, how, patterns = lead["verb"].lower(), (lead["before"] + lead["how"]).lower(), english.patterns
    quoted = _QUOTED.match(rest)
    if quoted and (how or is_first) and patterns["after_quoted"].match(rest, quoted.end()):
        return next(words for words in quoted.groups() if words is not None)
    if not (how or lead["colon"] or verb in _SPOKEN or len(rest) < _MAX_WORD):
        return None
    rest = patterns["nothing_else"].sub("", rest).removesuffix("?" if "you" in how.split() else "")
    is_exact, is_one = (bool(patterns[name].search(how)) for name in ("exactly", "one_word"))
    if lead["colon"]:
        is_text = is_first and (bool(patterns["as_text"].search(how)) or rest.isalnum())
        is_text = (is_text or verb in ("say", "repeat", "echo")) and not rest.endswith("?")
        return rest if is_exact or (len(rest.split()) == 1 if is_one else is_text) else None
    sentence = re.split(r"\n|\.(?:\s|$)", rest, maxsplit=1)[0]
    words = patterns["nothing_else"].sub("", sentence)
    if len(words) > _MAX_WORDS or patterns["description"].match(words):
        return None
    describing = english.words["prepositions"] | english.words["describing"]
    is_plain = describing.isdisjoint(words.lower().split()) and not re.search(r"[\"“”]", words)
    if len(words.split()) == 1 and ((is_one and is_plain) or patterns["plain_word"].fullmatch(words)):
        return words
    is_spoken = is_first and verb in _SPOKEN and not how.endswith("the") and sentence == rest.rstrip(".")
    return words if is_plain and (is_exact or is_spoken) else None
