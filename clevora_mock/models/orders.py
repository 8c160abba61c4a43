"""Orders: write, give, tell, explain. Which kind of text or explanation, and about what."""

import re

from msgspec import structs

from clevora_mock.models.ask import ABOUT, BACK, Ask, Line, about, by_rules, rules, subject_of
from clevora_mock.models.kinds import Named, named
from clevora_mock.models.listing import list_asked
from clevora_mock.models.passages import summarized
from clevora_mock.models.questions import compared, embedded
from clevora_mock.models.regex import Regex

_BLOG = Regex(r"\bblog\b", re.IGNORECASE)


_FOR = Regex(r"\b(?:for|of|to|with|in|that|which|where|from)\s+(.+)", re.IGNORECASE)


_ERRAND = Regex(
    r"\b(?:announcing|declining|requesting|confirming|cancel+ing|"
    r"to (?:announce|decline|request|confirm|cancel)) (?P<what>.+)|"
    r"\b(?:asking|inviting|thanking|apologi[sz]ing|reminding|telling|informing|congratulating|"
    r"to (?:ask|invite|thank|apologi[sz]e|remind|tell|inform|congratulate))\b"
    r"(?:(?: (?:my|our|the|a|his|her|their))? \w+){0,3}? (?:for|to|about|of|that|on) (?P<for>.+)",
    re.IGNORECASE,
)
_RECIPIENT = Regex(r"\b(?:to|asking|thanking|inviting|for) ((?:Mr|Mrs|Ms|Dr)\.? [A-Z]\w+|[A-Z][a-z]+)\b")


_ADDRESS = Regex(r"^\s*(?:to|for) (?:(?:my|our|the|a|his|her) )?[\w.]+(?: (?-i:[A-Z])\w+)?\s*", re.IGNORECASE)
_DETERMINER = Regex(r"^(?:me |us )?(?:a |an |some )?", re.IGNORECASE)
_ADJECTIVES = Regex(
    r"^(?:me |us |please )*(?:a |an |the |some |my )?(?:[\w-]*(?:short|long|little|quick|funny|brief|-word|"
    r"-sentence|"
    r"nice|professional|formal|friendly|polite|good|great|bedtime)\b\s*)*",
    re.IGNORECASE,
)
_CONCEPT = Regex(r"^(?:about |the (?:concept|idea|notion|term|word) (?:of )?)\s*", re.IGNORECASE)
_FOR_WHOM = Regex(
    r"^(?:like i'?m (?:five|5|a child)|to (?:a|an) (?:child|kid|beginner|\w+[- ]year[- ]old)|to (?:me|us)|"
    r"me|us|"
    r"in (?:simple|plain) (?:terms|words|english)|briefly)\b[\s,:]*",
    re.IGNORECASE,
)


def _text_named(text: str) -> Named | None:
    """Where the kind of text is named; "a one-sentence story" is a story."""
    first = None
    for found in named(text):
        if found.kind != "paragraph":
            return found if not first or " about " not in text[first.end : found.start] else first
        first = first or found
    return first


def written(line: Line) -> Ask | None:
    """write/draft/compose …: which kind of text, and about what."""
    found = _text_named(line.rest[:160])
    kind = found.kind if found else ""
    many = list_asked(line)
    if many and many.size != 1 and many.noun != "items" and kind not in {"code", "email"}:
        return many
    if not found:
        return many or about("paragraph", _DETERMINER.sub("", line.rest))
    if kind == "code":
        if line.rest.strip("?.! ").lower() == "code":
            return Ask("capability")
        return Ask("code", subject_of(line.rest), raw=line.rest)
    if kind == "tweet" and _BLOG.search(line.rest[:160]):
        kind = "blog"
    phrase = _theme(line.rest, found, kind)
    who = _RECIPIENT.search(line.rest)
    subject = subject_of(phrase, turned=False)
    return Ask(kind, subject, raw=phrase, clause=line.rest, other=who[1] if who else "")


def _theme(rest: str, found: Named, kind: str) -> str:
    """What a text is to be about: after its name if it says so, otherwise before it ("a cat poem")."""
    after = rest[found.end :]
    if kind == "email":
        errand = _ERRAND.search(after)
        if errand:
            return str(errand["what"] or errand["for"])
        after = _ADDRESS.sub("", after)
    theme = ABOUT.search(after) or _FOR.search(after)
    if kind == "email" and not theme:
        return ""
    return theme[1] if theme else _ADJECTIVES.sub("", rest[: found.start])


def given(line: Line) -> Ask | None:
    """give/suggest/show …: a list if it is one, a text if it names one, an explanation otherwise."""
    many = list_asked(line)
    if many:
        return Ask("joke") if many.noun == "jokes" and many.size == 1 else many
    ask = by_rules(_GIVEN, line)
    return ask or (written(line) if next(named(line.rest[:160]), None) else told(line))


_GIVEN = rules(
    (
        r"(?:me |us )?(?:an? |another |the )?(?:quick |short |simple )?(?:summary|overview|tl;?dr)\b",
        lambda line, _: summarized(line),
    ),
    (r"(?:me |us )?(?:an |another |one )?(?:more )?examples?\W*$", lambda _, __: Ask("example")),
    (
        r"(?:me |us )?(?:an |another |one )?examples? (?:of|for) (.+)",
        lambda _, found: about("example", found[1]),
    ),
    (
        r"(?:me |us )?(?:some |your )?(?:feedback|thoughts|comments) (?:on|about) .{0,60}?[:\n]\s*(.+)",
        lambda line, found: Ask("statement", raw=found[1] + "\n" + line.body),
    ),
)


def told(line: Line) -> Ask | None:
    """tell me …: a joke, a story, a fact, more, or about something."""
    rest = re.sub(r"^(?:me|us)\b\s*", "", line.rest, flags=re.IGNORECASE)
    ask = by_rules(_TOLD, structs.replace(line, rest=rest))
    if ask:
        return ask
    theme = ABOUT.match(rest)
    return about("what", theme[1] if theme else _CONCEPT.sub("", rest))


def _more(line: Line, _: re.Match[str]) -> Ask:
    theme = ABOUT.search(line.rest)
    return about("explain", theme[1]) if theme and subject_of(theme[1]) not in BACK else Ask("more")


def _fun_fact(line: Line, _: re.Match[str]) -> Ask:
    theme = ABOUT.search(line.rest)
    return about("funfact", theme[1] if theme else "")


_TOLD = rules(
    (r"(?:more|again|me more|further)\b(?!.*\babout \w+ \w)", _more),
    (r".{0,40}\b(?:fun|interesting|random|surprising|cool) facts?\b", _fun_fact),
    (r"(?:a|an|another|one)\b.{0,30}\b(?:joke|pun|riddle)\b", lambda _, __: Ask("joke")),
    (r"(?:a|an|another|one|me)\b.{0,40}\b(?:story|poem|tale|haiku)\b", lambda line, _: written(line)),
    (r"(?:what|why|how|who|when|where|if|whether|which)\s", lambda line, _: embedded(line, line.rest)),
    (r"about (?:yourself|you)\W*$", lambda _, __: Ask("identity")),
)


def explained(line: Line) -> Ask | None:
    """explain/describe/define …: how something works, or what it is."""
    rest = _FOR_WHOM.sub("", line.rest) or line.body
    if not rest:
        return Ask("more")
    ask = by_rules(_EXPLAINED, structs.replace(line, rest=rest))
    kind = "what" if line.word in {"describe", "define", "introduce"} else "explain"
    return ask or about(kind, _CONCEPT.sub("", rest))


_EXPLAINED = rules(
    (
        r"(?:what )?(?:this|the following) (?:code|function|script|snippet|program)\b",
        lambda _, __: about("explain", "this code"),
    ),
    (r"yourself\b", lambda _, __: Ask("identity")),
    (r"(?:the difference|differences)", lambda line, _: compared(line)),
    (r"(?:what|why|how|who|when|where|whether)\b", lambda line, _: embedded(line, line.rest)),
)


def shorter(line: Line) -> Ask | None:
    rest = line.rest.lower()
    if re.match(r"(?:it|this|that|them)\b.{0,12}\b(?:shorter|brief|briefer|concise|simpler|short)", rest):
        return Ask("shorter")
    if re.match(r"(?:it|this|that|them)\b", rest):
        return Ask("rewrite")
    return written(line)


def shown(line: Line) -> Ask | None:
    return given(line) if re.match(r"(?:me|us|how|a|an|the|some|\d)\b", line.rest, re.IGNORECASE) else None


def wanted(line: Line) -> Ask | None:
    """I need a name for …"""
    found = re.match(r"(?:need|want|would like|am looking for|'d like|m looking for)\s+(.+)", line.rest, re.IGNORECASE)
    return list_asked(Line("give", found[1], line.whole, line.body)) if found else None
