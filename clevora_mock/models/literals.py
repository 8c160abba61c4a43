"""Literal answers that a message asks for: ``Reply with exactly: pong``, ``Say this is a test``."""

import re
from itertools import islice

from clevora_mock.models.templates import ABOUT_A_TEXT

# The characters of a message that are searched, those of a candidate, and the number of candidates.
_MAX_CHARACTERS, _MAX_WORDS, _MAX_CANDIDATES = 60_000, 200, 16
_LEAD = re.compile(
    r"(?i)(?:^|[.!?\n]) {0,4}(?P<before>(?:(?:please|just|only|you must|you should|always) ){0,3})"
    r"(?P<verb>reply|respond|answer|return|output|print|write|say|repeat|echo)\b"
    r"(?P<how>(?:\s+(?:back|with|only|just|nothing but|exactly|precisely|verbatim|the|this(?=(?:\s+\w+){0,3}\s*:)|"
    r"single|exact|following|one(?=\s+word\s*:)|words?|number|phrase|string|sentence|text|message|after me|"
    r"and nothing else(?=\s*:))\b)*)(?P<colon>\s*:)?[,\s]*"
)
_QUOTED = re.compile(
    r"(?s)```\w*\n(.*?)\n?```|\"([^\"]+)\"|“([^”]+)”|`([^`]+)`|'(.+?)'(?!\w)|"
    r"\N{LEFT SINGLE QUOTATION MARK}(.+?)\N{RIGHT SINGLE QUOTATION MARK}"
)
_FENCE = re.compile(r"(?s)```.*?(?:```|\Z)")
_AFTER_QUOTED = re.compile(r"(?i)[.!,\n]|\s*$|\s*(?:and|without|only|with nothing)\b")
_NOTHING_ELSE = re.compile(r"(?i),? (?:and|with) nothing (?:else|more)\W*$")
# These describe an answer instead of stating it.
_DESCRIPTION = re.compile(
    r"(?i:something|anything|nothing|more|an?|one|your|how|why|what|whether|in|about|that|it|again|yes or no|"
    r"json|xml|html|yaml|csv|sql|css)\b|"
    r"(?i:\d+|two|three|four|five|six|seven|eight|nine|ten) [a-z]|"
    r".*\b(?i:in [a-z]+)\b\W*(?i:please\W*)?$|"
    r".* (?i:twice|\w+ times)\W*$"
)
_WITH = re.compile(r"with|text|sentence|message|following|only|just")
_EXACTLY = re.compile(r"exactly|precisely|verbatim|\bword|phrase|string|after me")
_ONE_WORD = re.compile(r"word|number")
# A single word that is more likely meant as it is than as the name of something.
_PLAIN_WORD = re.compile(
    r"(?i:ok|okay|yes|no|true|false|none|null|done|ready|hi|hello|ping|pong)|[A-Z]{2,}|\S*[\d_]\S*"
)


def literal_text(text: str, kind: str) -> str | None:
    """Return the literal answer that a request of `kind` asks for, or None."""
    if kind in ABOUT_A_TEXT or kind in ("explain", "code"):
        # The text that such a request brings along may contain orders, which are not meant for the model.
        return None
    # Of the same length, so that positions are those of the text.
    searched = _FENCE.sub(lambda fence: "`" * len(fence[0]), text[:_MAX_CHARACTERS])
    for lead in islice(_LEAD.finditer(searched), _MAX_CANDIDATES):
        words = _literal_after(lead, text[lead.end() :].strip(), is_first=not searched[: lead.start()].strip())
        if words:
            return words
    return None


def _literal_after(lead: re.Match[str], rest: str, *, is_first: bool) -> str | None:
    """Return the literal in `rest`, the text after a lead, or None; a vague lead must begin the message."""
    verb, how = lead["verb"].lower(), (lead["before"] + lead["how"]).lower()
    quoted = _QUOTED.match(rest)
    is_introduced = bool(how) or (is_first and verb not in ("write", "answer"))
    if quoted and is_introduced and _AFTER_QUOTED.match(rest[quoted.end() :]):
        return next(words for words in quoted.groups() if words is not None)
    is_spoken = verb in ("say", "repeat", "echo")
    if not how and not is_spoken:
        return None
    is_exact = bool(_EXACTLY.search(how))
    if lead["colon"]:
        words = _NOTHING_ELSE.sub("", rest)
        is_short = not _ONE_WORD.search(how) or bool(re.fullmatch(r"\S+", words))
        is_vague = not is_exact and (not is_first or words.endswith("?"))
        return words if is_short and not is_vague and (is_exact or is_spoken or _WITH.search(how)) else None
    line, _, more = rest[:_MAX_CHARACTERS].partition("\n")
    line, stop, sentence = line.partition(". ")
    words = _NOTHING_ELSE.sub("", line).rstrip(".")
    if not words or _DESCRIPTION.match(words[:_MAX_WORDS]):
        return None
    is_alone = verb == "say" and is_first and not (more or stop or sentence)
    is_plain = bool(_PLAIN_WORD.fullmatch(words)) and not how.endswith("the")
    return words if is_exact or is_alone or is_plain else None
