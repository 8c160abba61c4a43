"""Questions: what a sentence with a question word, or one that begins with a verb, wants to know.

Each is turned into something that fits inside an answer: a noun phrase ("the capital of France"), a task
("change your oil"), or a clause ("why the sky is blue"). Where the grammar is unclear, the question is quoted
instead.
"""

import re

from msgspec import structs

from clevora_mock.models import wording
from clevora_mock.models.arithmetic import looks_arithmetic
from clevora_mock.models.ask import (
    AUXILIARIES,
    SUBJECT,
    WORD,
    Ask,
    Line,
    about,
    by_rules,
    in_quotes,
    line_of,
    rules,
    subject_of,
    task,
)
from clevora_mock.models.listing import list_asked
from clevora_mock.models.regex import Regex

_VERSUS = Regex(r"(.+?)\s+(?:vs\.?|versus|and|or|with|to|from|against)\s+(.+)", re.IGNORECASE)


_QUANTITY = wording.word_set(
    "many much long far old tall big often fast high deep large heavy expensive hot cold late early wide soon"
)


_SHORTENED = {"what's": "is", "who's": "is", "where's": "is", "when's": "is", "how's": "is", "why's": "is"}


def embedded(line: Line, rest: str) -> Ask:
    """explain how X works, tell me why …: the clause is there already."""
    inner = line_of(rest, line.body)
    aux = WORD.match(inner.rest)
    if aux and aux[0].lower() in AUXILIARIES and inner.word in {"what", "why", "how", "who", "when", "where"}:
        return asked(inner) or about("explain", rest)
    howto = re.match(r"how to (.+)", rest, re.IGNORECASE)
    if howto:
        return task(howto[1])
    works = re.match(r"how (.+?) works?\W*$", rest, re.IGNORECASE)
    if works:
        return about("explain", works[1])
    what = re.match(r"what (.+?) (?:is|are|means?|does|do)\W*$", subject_of(rest, turned=False), re.IGNORECASE)
    if what:
        return about("what", what[1])
    clause = subject_of(rest)
    return Ask("why" if inner.word == "why" else "clause", clause, raw=rest, clause=clause)


def compared(line: Line) -> Ask | None:
    rest = re.sub(
        (
            r"^.*?\b(?:differences? between|difference of|compare|contrast|is better|should i (?:use|"
            r"choose|pick))\b[\s,:]*"
        ),
        "",
        line.rest,
        flags=re.IGNORECASE,
    )
    rest = re.sub(r"^(?:and contrast|between|the)\s+", "", rest, flags=re.IGNORECASE)
    rest = re.sub(r"\s+(?:for|in terms of|with respect to|as)\s+.*$|[?.!]+$", "", rest)
    found = _VERSUS.match(rest)
    if not found:
        return about("explain", rest)
    first, second = subject_of(found[1]), subject_of(found[2])
    return Ask("compare", first, raw=rest, clause=f"{first} and {second}", other=second) if first and second else None


def _how(line: Line) -> Ask | None:
    ask = by_rules(_HOW, line)
    if ask:
        return ask
    amount = WORD.match(line.rest)
    return _quantity(line) if amount and amount[0].lower() in _QUANTITY else _clause(line, "how")


_HOW = rules(
    (
        r"(?:(?:are|is|r) (?:you|u|it going|things|everything|your day)\b.{0,30}$|is it going|do you feel)",
        lambda _, __: Ask("smalltalk"),
    ),
    (
        r"(?:do|would) (?:you|i|we) say (.+?) in ([a-z]+)\W*$",
        lambda _, found: Ask("translate", text=wording.unquote(found[1]), other=found[2].capitalize()),
    ),
    (
        (
            r"(?:to|(?:do|can|could|should|would|might|must) (?:i|we|you|one|someone|people)(?: best)?"
            r"|does one)\s+(.+)"
        ),
        lambda _, found: task(found[1]),
    ),
    (r"(?:do|does|did) (.+?) works?\W*$", lambda _, found: about("explain", found[1])),
    (r"much is (?=[\d(-])(.+)", lambda _, found: Ask("arithmetic", text=found[1])),
    (r"about\b\s*(.*)", lambda _, found: about("also", found[1])),
)


def _quantity(line: Line) -> Ask:
    words = line.rest.rstrip("?.! ").split()
    at = next((i for i, word in enumerate(words) if word.lower() in AUXILIARIES), 0)
    clause = ""
    if 0 < at <= 3:
        said = wording.declare(words[at], " ".join(words[at + 1 :]))
        if words[at].lower() in {"is", "are", "was", "were"} and not said and len(words) > at + 1:
            said = wording.turn(" ".join([*words[at + 1 :], words[at]]))
        elif (
            words[at].lower() in {"is", "are"}
            and wording.declare(words[at], " ".join(words[at + 1 :])).split()[-1:] != words[at : at + 1]
        ):
            said = _be_last(words[at], words[at + 1 :])
        clause = " ".join(["how", *words[:at], said]) if said else ""
    elif not at:
        clause = "how " + wording.turn(" ".join(words))
    return Ask("quantity", in_quotes(line), raw=line.rest, clause=clause or in_quotes(line))


def _be_last(be: str, words: list[str]) -> str:
    """(how far) is the moon from Earth -> the moon is from Earth; without a preposition, the moon is."""
    stops = {"from", "in", "at", "than", "when", "if"}
    at = next((i for i, word in enumerate(words) if word.lower() in stops), len(words))
    return wording.turn(" ".join([*words[:at], be, *words[at:]]))


def _clause(line: Line, word: str) -> Ask:
    """why is the sky blue -> why the sky is blue."""
    kind = {"why": "why", "who": "who", "when": "when", "where": "where"}.get(word, "clause")
    aux, _, rest = line.rest.rstrip("?.! ").partition(" ")
    clause = ""
    if aux.lower() in AUXILIARIES:
        last = aux.lower() in {"is", "are", "was", "were"} and word in {"where", "when", "how"} and rest
        said = "" if last and word != "how" else wording.declare(aux, rest)
        said = said or (_be_last(aux, rest.split()) if last else "")
        clause = f"{word} {said}" if said else ""
    elif aux:
        clause = f"{word} {wording.turn(line.rest.rstrip('?.! '))}"
    if len(clause) > SUBJECT + 30:
        clause = ""
    return Ask(kind, subject_of(rest or aux), raw=line.rest, clause=clause or in_quotes(line))


def _why(line: Line) -> Ask | None:
    rest = line.rest.lower().strip("?!. ")
    return Ask("why_back") if len(rest) < 4 or rest in {"is that", "is it"} else _clause(line, "why")


_IDENTITY = Regex(
    r"(?:are|is) (?:you|your name|this|u)\W*$|(?:are|is) your name|(?:model|llm|ai|version) "
    r"(?:are|is) (?:you|this)|can you do|kind of (?:ai|model)",
    re.IGNORECASE,
)


_LIVE = Regex(
    r"\b(?:weather|temperature outside|forecast|time is it|(?:is|was) the (?:current |exact "
    r")?(?:time|date)\b|today'?s date|day is (?:it|today)|"
    r"current (?:price|president|time|date)|stock price|latest news|news today)",
    re.IGNORECASE,
)


_NAME = Regex(r"(?:is|was|'s) my name\b|my name\W*$|who am i\b|am i called", re.IGNORECASE)


def _what(line: Line) -> Ask | None:
    """what is X, what does X mean, what should I do, what color is the sky …"""
    ask = _what_known(line) or by_rules(_WHAT, line)
    if ask:
        return ask
    if not line.rest:
        return Ask("more")
    aux = line.rest.partition(" ")[0].lower()
    return _clause(line, "what") if aux in AUXILIARIES else _what_noun(line)


_WHAT = rules(
    (r"(?:is|are|was|were) (.+)", lambda line, found: _what_is(line, found[1])),
    (r"do(?:es)? (?!you\b)(.+?) (?:mean|do|stand for)\W*$", lambda _, found: about("what", found[1])),
    (
        r"(?:should|can|could|would|shall) (?:i|we)\b",
        lambda line, _: structs.replace(_clause(line, "what"), kind="advice"),
    ),
    (r"do you (?:think|know|feel) (?:about|of) (.+)", lambda _, found: about("opinion", found[1])),
    (r"about\s+(.+)", lambda _, found: about("also", found[1])),
    (r"(if\b.+)", lambda _, found: about("also", found[1])),
)


def _what_known(line: Line) -> Ask | None:
    """The questions about the conversation itself, and those nothing here can know."""
    rest = line.rest[:80]
    low = rest.lower()
    if _NAME.search(low[:40]):
        return Ask("my_name")
    if ("you" in low or "model" in low or "this" in low) and _IDENTITY.search(low[:60]):
        return Ask("identity")
    if _LIVE.search(low):
        return Ask("live", subject_of(re.sub(r"^(?:is|are|'s)\s+", "", line.rest, flags=re.IGNORECASE)))
    if "difference" in low[:60] or "is better" in low[:60]:
        return compared(line)
    return by_rules(_KNOWN, line)


_KNOWN = rules(
    (r"(?:(?:is|are) )?(?:new|up|going on)\W*$", lambda _, __: Ask("smalltalk")),
    (r"did (?:i|we|you) (?:just )?(?:say|ask|tell|talk|write)", lambda _, __: Ask("recall")),
)


def _what_is(line: Line, phrase: str) -> Ask | None:
    if looks_arithmetic(phrase):
        return Ask("arithmetic", text=phrase)
    return by_rules(_WHAT_IS, Line("what", phrase, phrase, line.body)) or about("what", phrase)


_WHAT_IS = rules(
    (
        r"(?:the|a|an|some) (?:best|easiest|fastest|right|good|simplest|most \w+|great)? ?ways? to (.+)",
        lambda _, found: task(found[1]),
    ),
    (
        (
            r"(?:some|the (?:top )?\d|\d|the (?:main|key|pros|advantages|benefits)|a few|"
            r"the \w+s (?:of|to|for)\b)"
        ),
        lambda line, _: list_asked(line),
    ),
    (
        r"your (?:opinion|view|take|thoughts?)\s+(?:(?:on|about|of)\s+)?(.+)",
        lambda _, found: about("opinion", found[1]),
    ),
)


def _what_noun(line: Line) -> Ask:
    """what color is the sky -> what color the sky is."""
    words = line.rest.rstrip("?.! ").split()
    at = next((i for i, word in enumerate(words[:5]) if word.lower() in AUXILIARIES), 0)
    if at:
        aux, rest = words[at], words[at + 1 :]
        said = (
            _be_last(aux, rest)
            if aux.lower() in {"is", "are", "was", "were"} and rest
            else wording.declare(aux, " ".join(rest))
        )
        clause = " ".join([line.word, *words[:at], said]) if said else in_quotes(line)
    else:
        clause = wording.turn(f"{line.word} {' '.join(words)}")
    if len(clause) > SUBJECT + 30:
        clause = in_quotes(line)
    return Ask(
        "advice" if "should" in line.rest[:60].lower() else "clause",
        subject_of(" ".join(words)),
        raw=line.rest,
        clause=clause,
    )


def _who(line: Line) -> Ask | None:
    rest = line.rest
    if re.match(r"am i\b", rest, re.IGNORECASE):
        return Ask("my_name")
    if _IDENTITY.search(rest[:40]) or re.match(r"(?:made|created|built) you", rest, re.IGNORECASE):
        return Ask("identity")
    found = re.match(r"(?:is|are|was|were) (.+)", rest, re.IGNORECASE)
    if found:
        return about("who", found[1], clause=f"who {_be_last(rest.split()[0], found[1].rstrip('?.! ').split())}")
    return _clause(line, "who")


def asked(line: Line) -> Ask | None:
    """A question, by its first word."""
    word = line.word.replace("\u2019", "'")
    if word in _SHORTENED:
        line = Line(word[:-2], f"{_SHORTENED[word]} {line.rest}", line.whole, line.body)
        word = line.word
    if word == "what":
        return _what(line)
    if word == "who":
        return _who(line)
    if word == "how":
        return _how(line)
    if word == "why":
        return _why(line)
    if word == "which":
        return (
            compared(line)
            if re.search(r"\bis better\b|\bshould i\b", line.rest, re.IGNORECASE) and " or " in line.rest
            else _what_noun(line)
        )
    return _clause(line, word)


def yes_no(line: Line) -> Ask | None:
    """is/do/can/should …: a statement asked about."""
    rest = line.rest.rstrip("?.! ")
    if _is_order(line, rest):
        return None
    ask = by_rules(_YES_NO, structs.replace(line, rest=f"{line.word} {rest}"))
    if ask:
        return ask
    said = wording.declare(line.word, rest)
    if not said or len(said) > SUBJECT + 30:
        return Ask("yesno", in_quotes(line), raw=rest, clause=in_quotes(line))
    kind = "personal" if rest.lower().startswith("you ") else "yesno"
    return Ask(kind, subject_of(rest), raw=rest, clause="whether " + said, other=said)


def _is_order(line: Line, rest: str) -> bool:
    """ "Do the dishes" and "May is warm" ask nothing."""
    if line.word not in {"have", "do", "will", "has", "may", "might"} or line.whole.rstrip().endswith("?"):
        return False
    return not re.match(r"(?:i|you|we|they|it)\b", rest, re.IGNORECASE)


_YES_NO = rules(
    (
        r"(?:is|will) it (?:going to )?(?:be )?(?:rain|snow|sunny|cold|hot|warm|windy)",
        lambda _, __: Ask("live", "the weather"),
    ),
    (
        (
            r"(?:are|is) you (?:an? )?(?:ai|bot|human|robot|real|chatgpt|gpt\S*|claude|llm|"
            r"clevora\S*|sure|there)\b"
        ),
        lambda _, __: Ask("identity"),
    ),
    (r"\w+ (?:you (?:remember|know|recall) my name|i tell you my name)", lambda _, __: Ask("my_name")),
    (
        r"(?:can|could) you (?:elaborate|continue|explain(?: (?:more|that|it|further))?|expand|go on)\b",
        lambda _, __: Ask("more"),
    ),
    (
        r"(?:should|would|is) i (?:use|learn|choose|pick|buy|get) (.* or .*)",
        lambda line, found: compared(Line("which", found[1], line.whole, "")),
    ),
)
