"""Requests for a list: how many, of what, about what."""

import re

from clevora_mock.models import wording
from clevora_mock.models.ask import Ask, Line, listed, subject_of
from clevora_mock.models.regex import Regex

_LISTED = Regex(
    r"(?:me |us )?(?:a |the )?(?P<list>(?:bulleted |numbered |short )?list (?:of|with) )?(?:(?:top|best|"
    r"first|exactly|at least|"
    r"another|my|your|me) )*(?:(?P<count>\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|"
    r"eleven|twelve|fifteen|"
    r"twenty|a dozen|a couple(?: of)?|a few|a handful of|several|some)\b\s*)?(?:more |other |additional )?"
    r"(?P<noun>[a-z][^,:;?!.\n]*)",
    re.IGNORECASE,
)


_MEASURE = Regex(
    r"\d+[- ]?(?:words?|paragraphs?|sentences?|lines?|pages?|minutes?|seconds?|characters?|"
    r"stanzas?|verses?)\b|"
    r"(?:one|two|three|four|five)[- ](?:words?|paragraphs?|sentences?|lines?|pages?|minutes?|"
    r"seconds?|stanzas?)\b",
    re.IGNORECASE,
)


_SMALL = ("one", "two", "three", "four", "five")


_LIST_NOUNS = {
    "idea": "ideas", "suggestion": "ideas", "option": "ideas", "topic": "ideas", "activity": "ideas",
    "gift": "gifts", "present": "gifts", "theme": "ideas", "concept": "ideas", "activitie": "ideas",
    "thing": "ideas", "project": "ideas", "name": "names", "brand": "names", "tip": "tips", "trick": "tips",
    "way": "tips", "hack": "tips", "piece": "tips", "advice": "tips", "strategy": "tips",
    "strategie": "tips", "practice": "tips", "recommendation": "tips", "step": "steps", "reason": "reasons",
    "benefit": "reasons", "advantage": "reasons", "pro": "reasons", "argument": "reasons",
    "question": "questions", "title": "titles", "headline": "titles", "heading": "titles",
    "tagline": "slogans", "slogan": "slogans", "motto": "slogans", "caption": "slogans",
    "subject": "titles", "hashtag": "hashtags", "keyword": "keywords", "tag": "keywords",
    "synonym": "keywords", "fact": "facts", "example": "examples", "use": "examples", "joke": "jokes",
    "drawback": "drawbacks", "con": "drawbacks", "disadvantage": "drawbacks", "downside": "drawbacks",
    "risk": "drawbacks", "challenge": "drawbacks", "mistake": "drawbacks", "goal": "goals",
    "objective": "goals", "hook": "titles",
}  # fmt: skip


_ARTICLE = Regex(r"(?:me |us )?(?:an?|another) (?!\w* ?list\b)", re.IGNORECASE)


_START = Regex(r"(?:me )?(?:an? )?", re.IGNORECASE)
_BOTH_SIDES = Regex(r"(?:the )?(?:pros and cons|advantages and disadvantages|benefits and drawbacks)\b", re.IGNORECASE)
_ASKING = Regex(r"ask(?:ing)?\s+(?:in|at|during|before|for|on|to)?\s*")
_LISTING = frozenset({"list", "name", "brainstorm", "what"})
_SUGGESTING = frozenset({"name", "suggest", "recommend", "propose"})
_SINGLE = frozenset({"names", "ideas", "gifts", "slogans", "titles", "tips", "questions", "hashtags"})


_LINK = Regex(r"\s(?:about|for|of|on|to|in|with|from|that|which|why|related to|when|by)\s", re.IGNORECASE)


def list_asked(line: Line) -> Ask | None:
    """give me 5 ideas for a party -> ideas, 5, a party."""
    found = _LISTED.match(line.rest)
    if not found or _is_measure(_START.sub("", line.rest)):
        return None
    phrase = subject_of(found["noun"].removeprefix("of "))
    link = _LINK.search(f" {phrase} ")
    named = phrase[: max(link.start() - 1, 0)] if link else phrase
    after = phrase[link.end() - 1 :].strip() if link else ""
    if not named:
        return None
    if _BOTH_SIDES.match(phrase):
        return Ask("proscons", after, clause=phrase)
    count = (found["count"] or ("several" if found["list"] else "one" if _ARTICLE.match(line.rest) else "")).lower()
    noun = _noun(named)
    if not _is_list(line.word, count, noun, named):
        return None
    if " about " in after:
        after = after.partition(" about ")[2]
    elif link and " to " in link[0]:
        after = _ASKING.sub("", after) if after.startswith("ask") else wording.gerund(after)
    if noun and not after:
        after = phrase.rpartition(" ")[0]
    size = min(listed(count), 100) if count not in {"", "the"} else 0
    return Ask("list", after, raw=found["noun"], clause=phrase, noun=noun or "items", other=named, size=size)


def _is_measure(text: str) -> bool:
    """Whether `text` begins with a length: "3 paragraphs", "two-minute"."""
    return (text[:1].isdecimal() or text[:5].lower().startswith(_SMALL)) and _MEASURE.match(text) is not None


def _noun(named: str) -> str:
    """The list of phrases that fits what is asked for, by its last telling word; "" if none does."""
    words = [word.rstrip("s") for word in named.lower().split()]
    if "gift" in words:
        return "gifts"
    return next((_LIST_NOUNS[word] for word in reversed(words) if word in _LIST_NOUNS), "")


def _is_list(verb: str, count: str, noun: str, named: str) -> bool:
    """Whether these words mean a list: "3 cats", "tips", "list rivers", "a name", but not "a cat"."""
    plural = named.lower().endswith(("s", "advice", "people", "children"))
    if count == "one" and not plural:
        return noun in _SINGLE or (verb in _SUGGESTING and not noun)
    if count:
        return bool(noun) or plural
    return plural and (bool(noun) or verb in _LISTING)
