"""How an answer is to be given: its length, its letters, its voice.

System prompts and questions say such things in a few common ways ("in one sentence", "reply only with OK",
"you are a pirate"). Plain words are looked for first; only where one is found is a pattern tried.
"""

import re
from collections.abc import Mapping

from msgspec import Struct

from clevora_mock.models import wording
from clevora_mock.models.phrases import Persona
from clevora_mock.models.regex import Regex

_MOST = 2000
_NUMBER = r"(\d{1,3}|an?|one|a single|two|three|four|five|six)"
_LIMIT = (
    r"(?:exactly |only |just |at most |no more than |under |about |around |up to |max(?:imum)? |"
    r"less than |fewer than )*"
)
_SENTENCES = Regex(rf"\b{_LIMIT}{_NUMBER}[- ](?:short |brief |simple |complete |concise )*sentences?\b", re.IGNORECASE)
_WORDS = Regex(
    r"\b(?:in|under|within|at most|no more than|less than|fewer than|up to|max(?:imum)?(?: of)?|"
    r"only|exactly|limit\w*(?: \w+)? to|about|"
    r"around)\s+(?:about |exactly |under |at most |only )?(\d{1,3}|two|three|four|five|six)[- "
    r"]words?\b(?! (?:story|poem|essay))",
    re.IGNORECASE,
)
_BULLETS = Regex(
    r"\b(?:in|as|use|using|with) (?:a )?(?:list of )?(?:(\d{1,2}|two|three|four|five|six) "
    r")?(?:short |concise )?(?:bullet(?:ed)?[- ](?:points?|list)|bullets)\b",
    re.IGNORECASE,
)
_ONE_WORD = Regex(
    r"\b(?:(?:in|with|only|just|exactly|use) (?:only |just |exactly )*(?:one|a single|1) word\b|"
    r"one[- ]word (?:answer|reply|response))",
    re.IGNORECASE,
)
_YES_NO = Regex(r"\b(?:yes or no|yes/no|'yes' or 'no'|\"yes\" or \"no\")\b", re.IGNORECASE)
_UPPER = Regex(r"\b(?:in |use |all )(?:all )?(?:upper ?case|caps|capital letters|capitals)\b", re.IGNORECASE)
_LOWER = Regex(r"\b(?:in |use |all )(?:all )?lower ?case\b", re.IGNORECASE)
_BRIEF = Regex(
    r"\b(?:be (?:very |extremely )?(?:brief|concise|short)|(?:very |extremely )?(?:brief|concise|"
    r"short) (?:answers?|repl\w+|responses?|assistant)|"
    r"(?:answer|reply|respond) (?:briefly|concisely)|keep (?:it|your (?:answers?|repl\w+|"
    r"responses?)) (?:brief|short|concise)|concisely|briefly)\b",
    re.IGNORECASE,
)
_EXACT = Regex(
    r"\b(?:reply|respond|answer|say|output|return|write)\b[^.\n\"“'\u2018]{0,40}?\b(?:only|"
    r"exactly|just|always|verbatim|simply)\b[^.\n\"“'\u2018]{0,30}?"
    r"(?:[\"“]([^\"”\n]{1,400})[\"”]|['\u2018]([^'\u2019\n]{1,400})['\u2019])"
    r"|\b(?:always|only) (?:reply|respond|answer|say)(?: only| exactly| with| just)* "
    r"(?:[\"“]([^\"”\n]{1,400})[\"”]|['\u2018]([^'\u2019\n]{1,400})['\u2019])"
    r"|\b(?:reply|respond|answer|say)\b (?:with )?(?:only|exactly|just)(?: with)?(?: the "
    r"(?:single )?(?:word|text|phrase|string))?:? ([A-Z0-9_-]{2,30})\b",
    re.IGNORECASE,
)
_UPPERCASE_WORD = Regex(r"[A-Z0-9_-]+")
_PERSONA = (
    r"\b(?:you are|you're|act (?:as|like)|talk like|speak like|pretend (?:to be|you are|you're)|"
    r"like|as|in the (?:style|voice) of)\s+(?:an? |the )?(?:\w+ )?"
)
_NAMED = Regex(r"\b(?:[Yy]ou are(?: called| named)?|[Yy]our name is|[Yy]ou're)\s+([A-Z][a-z]+[A-Za-z]*)\b")
_SIGNS = (
    "sentence", "word", "bullet", "case", "caps", "capital", "yes", "only", "exactly", "just", "always",
    "verbatim", "simply", "brief", "concise", "short", "you are", "you're", "your name", "like a", "talk",
    "speak", "style of",
)  # fmt: skip
_COUNTS = {"a": 1, "an": 1, "one": 1, "a single": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_SENTENCE_END = Regex(r"(?<=[.!?])\s+")


class Manner(Struct, frozen=True):
    """What is asked of an answer's form; the zero values ask nothing."""

    sentences: int = 0
    words: int = 0
    bullets: int = 0
    case: str = ""
    persona: str = ""
    exact: str = ""
    yes_no: bool = False
    one_word: bool = False
    named: str = ""


PLAIN = Manner()


def manner(system: str, user: str, personas: Mapping[str, Persona]) -> Manner:
    """What the system's text and the user's ask of the answer's form."""
    # A pasted text is no instruction, so of the user's message only its ends count.
    asked = user if len(user) <= 400 else f"{user[:300]}\n{user[-100:]}"
    spoken = f"{system[:_MOST]}\n{asked}" if system else asked
    low = spoken.lower()
    if not any(map(low.__contains__, _SIGNS)):
        return PLAIN
    sentences = _SENTENCES.search(spoken) if "sentence" in low else None
    words = _WORDS.search(spoken) if "word" in low else None
    bullets = _BULLETS.search(spoken) if "bullet" in low else None
    return Manner(
        sentences=_count(sentences[1]) if sentences else (2 if _is_brief(low) else 0),
        words=_count(words[1]) if words else 0,
        bullets=_count(bullets[1] or "three") if bullets else 0,
        case=_case(low),
        persona=_voice(low, personas),
        exact=_exact(system[:_MOST]) if system else "",
        yes_no="yes" in low and bool(_YES_NO.search(low)),
        one_word="word" in low and bool(_ONE_WORD.search(low)),
        named=_name(system[:_MOST]),
    )


def _is_brief(low: str) -> bool:
    return ("brief" in low or "concise" in low or "short" in low) and bool(_BRIEF.search(low))


def _case(low: str) -> str:
    if "cap" not in low and "case" not in low:
        return ""
    return "upper" if _UPPER.search(low) else "lower" if _LOWER.search(low) else ""


def _count(words: str) -> int:
    low = words.lower()
    return int(low) if low.isdecimal() else _COUNTS.get(low, 1)


def _voice(text: str, personas: Mapping[str, Persona]) -> str:
    return next((name for name in personas if name in text and re.search(_PERSONA + name, text)), "")


def _name(system: str) -> str:
    found = _NAMED.search(system)
    return found[1] if found else ""


def _exact(system: str) -> str:
    found = _EXACT.search(system)
    if not found:
        return ""
    bare = found[5]
    if bare is not None:
        return (
            bare
            if _UPPERCASE_WORD.fullmatch(bare) and bare not in {"JSON", "XML", "YAML", "HTML", "CSV", "SQL"}
            else ""
        )
    return next(text for text in found.groups()[:4] if text)


def dressed(text: str, how: Manner, persona: Persona | None) -> str:
    """`text` in the voice and letters asked for, no longer than the words allowed."""
    if persona:
        words = persona.words
        text = re.sub(r"[A-Za-z]+", lambda found: _swapped(found[0], words), text)
    if how.words:
        text = at_most(text, how.words)
    if how.case:
        text = text.upper() if how.case == "upper" else text.lower()
    return text


def at_most(text: str, words: int) -> str:
    """Whole sentences of `text` within so many words; if not even one fits, its beginning."""
    kept: list[str] = []
    left = words
    for sentence in _SENTENCE_END.split(text):
        size = len(sentence.split())
        if size > left:
            break
        kept.append(sentence)
        left -= size
    if kept:
        return " ".join(kept)
    return " ".join(text.split()[:words]).rstrip(",;:.\u2013—") + "."


def leading(text: str, sentences: int) -> str:
    """The first `sentences` sentences of `text`."""
    return " ".join(_SENTENCE_END.split(text)[:sentences])


def bulleted(lines: list[str]) -> str:
    return "\n".join(f"- {wording.upper_first(line)}" for line in lines)


def _swapped(word: str, words: Mapping[str, str]) -> str:
    new = words.get(word.lower())
    if new is None:
        return word
    return wording.upper_first(new) if word[0].isupper() else new
