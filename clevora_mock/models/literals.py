"""Literal answers that a message asks for: ``Reply with exactly: pong``, ``Say this is a test``."""

import re
from itertools import islice

# The characters of a message that are searched, and the number of candidates.
_MAX_CHARACTERS, _MAX_CANDIDATES = 60_000, 16
_LEAD = re.compile(
    r"(?i)(?:^|[.!?\n]) {0,4}(?P<before>(?:(?:please|just|only|you must|you should|always) ){0,3})"
    r"(?P<verb>reply|respond|answer|return|output|print|write|say|repeat|echo)\b"
    r"(?P<how>(?:\s+(?:back|with|only|just|nothing but|exactly|precisely|verbatim|the|this(?=(?:\s+\w+)?\s*:)|single|"
    r"exact|following|words?|number|phrase|string|sentence|text|message|after me)\b)*)(?P<colon>\s*:)?[,\s]*"
)
_QUOTED = re.compile(
    r"(?s)```\w*\n(.*?)\n?```|\"([^\"]+)\"|“([^”]+)”|`([^`]+)`|'(.+?)'(?!\w)|"
    r"\N{LEFT SINGLE QUOTATION MARK}(.+?)\N{RIGHT SINGLE QUOTATION MARK}"
)
_AFTER_QUOTED = re.compile(r"(?i)[.!,;\n]|\s*$|\s*(?:and|without|only|with nothing)\b")
_NOTHING_ELSE = re.compile(r"(?i),? (?:and|with) nothing (?:else|more)\b.*")
# These describe an answer instead of stating it.
_DESCRIPTION = re.compile(
    r"(?i:something|anything|nothing|more|an?|one|your|how|why|what|whether|in|about|json|yes or no)\b|"
    r"(?i:\d+|two|three|four|five|six|seven|eight|nine|ten) [a-z]|"
    r".* in (?:[A-Z]\w+|(?i:\w+(?:ish|ese|ian)|french|german|dutch|korean|latin|arabic|hindi))\b[^\w]*(?:please)?\W*$|"
    r".* (?i:twice|\w+ times)\W*$"
)
_WITH = re.compile(r"with|text|sentence|message|following|only|just")
_ONLY = re.compile(r"only|just|nothing but")
_EXACTLY = re.compile(r"exactly|precisely|verbatim|\bword|phrase|string|after me")


def literal_text(text: str) -> str | None:
    """Return the literal answer that `text` asks for, or None."""
    for lead in islice(_LEAD.finditer(text[:_MAX_CHARACTERS]), _MAX_CANDIDATES):
        verb, how, rest = lead["verb"].lower(), (lead["before"] + lead["how"]).lower(), text[lead.end() :].strip()
        quoted = _QUOTED.match(rest)
        if quoted and (how or verb not in ("write", "answer")) and _AFTER_QUOTED.match(rest[quoted.end() :]):
            return next(words for words in quoted.groups() if words is not None)
        if not how and verb not in ("say", "repeat", "echo"):
            continue
        is_exact = bool(_EXACTLY.search(how))
        if lead["colon"] and rest and (is_exact or verb in ("say", "repeat", "echo") or _WITH.search(how)):
            return rest
        words = _NOTHING_ELSE.sub("", rest.partition("\n")[0].partition(". ")[0]).rstrip(".")
        is_one_word = bool(re.fullmatch(r"\S+", words)) and not how.endswith("the")
        is_literal = is_exact or (verb == "say" and not lead.start()) or (is_one_word and _ONLY.search(how))
        if words and not lead["colon"] and is_literal and not _DESCRIPTION.match(words):
            return words
    return None
