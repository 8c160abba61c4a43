"""From a message to what it asks for.

`read` looks at the beginning and the end of a message only, so a huge one costs no more than a long one. It
finds the sentence that asks something, strips what is only polite, and lets the first word choose a reader.
What no reader knows is a statement.
"""

import re
from collections.abc import Mapping

from clevora_mock.models import wording
from clevora_mock.models.arithmetic import looks_arithmetic
from clevora_mock.models.ask import (
    ABOUT,
    WORD,
    Ask,
    Line,
    Reader,
    about,
    in_quotes,
    introduced,
    line_of,
    listed,
    subject_of,
    task,
)
from clevora_mock.models.kinds import named
from clevora_mock.models.listing import list_asked
from clevora_mock.models.orders import explained, given, shorter, shown, told, wanted, written
from clevora_mock.models.passages import (
    classified,
    echoed,
    extracted,
    finished,
    rewritten,
    summarized,
    translated,
)
from clevora_mock.models.questions import asked, compared, yes_no
from clevora_mock.models.regex import Regex

_HEAD = 1500


_TAIL = 300


_BODY = 20_000


def _helped(line: Line) -> Ask | None:
    return Ask("capability") if len(line.rest) < 20 else None


def _counted(line: Line) -> Ask | None:
    words = re.match(r"the words in\b[\s:]*(.*)", line.rest, re.IGNORECASE | re.DOTALL)
    if words:
        return Ask("echo", text=str(len((words[1] + " " + line.body).split())))
    found = re.match(
        r"(?:up |down )?(?:from )?(\w+)(?:\s*(?:to|-|through|until|up to)\s*(\w+))?|",
        line.rest.removeprefix("to "),
        re.IGNORECASE,
    )
    if not found or not found[1]:
        return None
    first, last = listed(found[1]), listed(found[2] or "")
    if not found[2]:
        first, last = 1, first
    return Ask("count", size=min(last, first + 199), other=str(first)) if 0 <= first < last else None


def _thanks(line: Line) -> Ask | None:
    return Ask("thanks") if len(line.whole) < 80 else None


def _farewell(line: Line) -> Ask | None:
    if line.word in {"see", "talk", "good"} and not re.match(
        r"(?:you|ya|night|to you later)\b", line.rest, re.IGNORECASE
    ):
        return _greeted(line) if line.word == "good" else None
    return Ask("goodbye")


_OPENINGS = frozenset({"greeting", "thanks"})
_GREETING = Regex(r"(?:hi|hello|hey|good (?:morning|afternoon|evening))\b", re.IGNORECASE)


def _greeted(line: Line) -> Ask | None:
    if line.word == "good" and not re.match(r"(?:morning|afternoon|evening|day)\b", line.rest, re.IGNORECASE):
        return None
    return Ask("greeting", introduced(line.whole + " " + line.body[:200])) if len(line.whole) < 60 else None


def _back(line: Line) -> Ask | None:
    """go on, continue, and?: only the conversation tells what about."""
    return Ask("more") if len(line.whole) < 40 else None


def _acknowledged(line: Line) -> Ask | None:
    return Ask("ack") if len(line.whole) < 24 and not line.body else None


def _praised(line: Line) -> Ask | None:
    """you are great"""
    praise = (
        r"(?:'re|\u2019re|are)?\s*(?:so |very |really |the |a |an )*(?:great|awesome|amazing|best|"
        r"helpful|wonderful|brilliant|smart|kind|nice|genius|cool|good)[\s!.]*$"
    )
    return Ask("compliment") if re.match(praise, line.rest, re.IGNORECASE) and len(line.whole) < 60 else None


def _pinged(line: Line) -> Ask | None:
    return Ask("ping") if len(line.whole) < 16 and not line.body else None


def _acting(line: Line) -> Ask | None:
    """act as an interviewer [and …]"""
    found = re.match(
        r"(?:as|like|to be|that you are|you are|you're)\s+(?:if you (?:are|were)\s+)?"
        r"([^.,;:\n]{2,60}?)(?:(?:\s+and|[.,;:])\s+(.+))?[.!]*$",
        line.rest,
        re.IGNORECASE | re.DOTALL,
    )
    if not found:
        return None
    task = _known(found[2], line.body) if found[2] else None
    return task or Ask("role", subject_of(found[1]))


def _calculated(line: Line) -> Ask | None:
    text = line.rest or line.body
    text = re.sub(r"^(?:the (?:result|sum|product|value) of|for me|this)\s*:?", "", text, flags=re.IGNORECASE)
    if looks_arithmetic(text):
        return Ask("arithmetic", text=text)
    return about("explain", text) if text and line.word != "add" else None


def _readers() -> Mapping[str, Reader]:
    families: list[tuple[str, Reader]] = [
        ("write draft compose create generate produce craft author prepare design build implement", written),
        ("develop code need", written),
        ("make", shorter),
        ("give list suggest brainstorm provide recommend share name offer propose", given),
        ("show", shown),
        ("tell teach", told),
        ("explain describe define discuss elaborate outline clarify introduce analyze analyse", explained),
        ("compare contrast", compared),
        ("summarize summarise summary tl;dr tldr condense recap shorten sum abridge tl", summarized),
        ("translate", translated),
        ("classify categorize categorise label", classified),
        ("extract find identify parse", extracted),
        ("rewrite rephrase paraphrase proofread correct polish improve edit fix debug", rewritten),
        ("say repeat reply respond echo answer print output return", echoed),
        ("help", _helped),
        ("i i'd i'm", wanted),
        ("ok okay yes no yep nope sure lol haha cool", _acknowledged),
        ("wow hmm fine right alright yeah great perfect", _acknowledged),
        ("nice awesome k", _acknowledged),
        ("you you're", _praised),
        ("act pretend roleplay", _acting),
        ("ping test testing", _pinged),
        ("finish complete", finished),
        ("count", _counted),
        ("calculate compute solve evaluate add multiply", _calculated),
        ("what who when where why how which whose what's who's where's when's how's why's", asked),
        ("is are was were am do does did can could should would will may might has have", yes_no),
        ("thanks thank thx ty cheers", _thanks),
        ("bye goodbye farewell see cya", _farewell),
        ("good", _farewell),
        ("hi hello hey greetings howdy yo hiya sup", _greeted),
        ("continue go more and? elaborate? proceed", _back),
    ]  # fmt: skip
    return {word: reader for words, reader in families for word in words.split()}


_READERS = _readers()


def _known(sentence: str, body: str) -> Ask | None:
    line = line_of(sentence, body)
    reader = _READERS.get(line.word)
    if reader:
        return reader(line)
    # What was taken for politeness may have been the question: "can you swim?"
    whole = WORD.match(sentence)
    first = whole[0].lower() if whole and whole[0].lower() != line.word else ""
    if whole and first in {"can", "could", "would", "will"}:
        return yes_no(Line(first, sentence[whole.end() :].lstrip(), sentence, body))
    return None


_DEED = wording.word_set(
    "convert plan rate decide choose organize schedule review check fix debug pick book remind set "
    "update delete remove send open start stop order find change move prepare estimate predict simulate "
    "solve rank sort group merge split reverse format validate test improve optimize increase reduce "
    "build install configure connect upload download"
)
_NOUN_PHRASE = Regex(
    r"(?:the|a|an)\s(?!.*\b(?:is|are|was|were|has|have|had|will|can|does|did|won't|isn't)\b).+", re.IGNORECASE
)
_BEST_WAY = Regex(r"(?:the )?(?:best|easiest|fastest|quickest) ways? to (.+)", re.IGNORECASE)


def _stated(text: str) -> Ask:
    """A statement, turned around; but an order nobody knows and a mere topic are no statements."""
    said = wording.sentences(text[:400], 3)
    first = wording.trim(line_of(said[0]).whole) if said else ""
    best = _BEST_WAY.match(first)
    if best:
        return task(best[1])
    if len(text) < 160 and first.partition(" ")[0].lower() in _DEED and " " in first:
        return task(first[:1].lower() + first[1:])
    if len(first) < 60 and _NOUN_PHRASE.fullmatch(first) and len(first.split()) > 1:
        return about("what", first)
    if re.match(r"you\b", first, re.IGNORECASE) and not re.match(r"you(?:'re|\u2019re| are)\b", first, re.IGNORECASE):
        first = "I" + first[3:]
        return Ask("statement", first, raw=text, clause=wording.shorten(first, 140))
    claim = wording.turn(wording.lower_first(first))
    return Ask("statement", subject_of(first), raw=text, clause=claim if len(claim) <= 140 else "", text=text)


_JSON_LIST = Regex(
    r"\b(?:an? )?(?:valid )?json (?:array|list|object) (?:of|for|describing|about) |\bin json\b:?\s?",
    re.IGNORECASE,
)


def read(text: str) -> Ask:
    """What `text` asks for."""
    bare = text.strip()
    if "json" in bare[:_HEAD].lower():
        bare = _JSON_LIST.sub("", bare[:_HEAD]) + bare[_HEAD:]
    head = wording.clean(bare[:_HEAD])
    if not head.strip():
        return Ask("empty")
    if looks_arithmetic(head):
        return Ask("arithmetic", text=head)
    ask = _sought(bare, head)
    name = introduced(head) if len(head) < 120 and _GREETING.match(head) else ""
    if name and (not ask or ask.kind == "greeting"):
        return Ask("greeting", name)
    return ask or _loose(head)


def _sought(bare: str, head: str) -> Ask | None:
    """The first request in a message's head, or the one at its very end; failing both, a greeting."""
    start, hello = 0, None
    for part in wording.sentences(head, 8):
        start = bare.find(part, start) + len(part)
        ask = _known(part, bare[start : start + _BODY].strip() if start < len(bare) else "")
        if ask and ask.kind not in _OPENINGS:
            return ask
        hello = hello or ask
    if len(bare) > _HEAD:
        last = wording.sentences(wording.clean(bare[-_TAIL:]), 20)
        ask = _known(last[-1], bare[: -len(last[-1])][:_BODY]) if last else None
        if ask and ask.kind not in _OPENINGS:
            return ask
    return hello


def _loose(head: str) -> Ask:
    """What is left: "A vs B", "tips for X", a question without a question word, or a statement."""
    ask = _compared(head) if " v" in head.lower() else None
    if not ask and len(head) < 120:
        ask = _elliptic(head)
    if ask:
        return ask
    if not any(map(str.isalnum, head[:400])):
        return Ask("odd", wording.shorten(" ".join(head.split()), 12))
    if head.endswith("?") and len(head) < 200 and head[0].isascii():
        question = in_quotes(line_of(head))
        return Ask("clause", question, raw=head, clause=question)
    return _stated(head)


def _compared(head: str) -> Ask | None:
    versus = re.match(r"([^.?!\n]{1,60}?)\s+(?:vs\.?|versus)\s+([^.?!\n]{1,60})[?.!]*$", head, re.IGNORECASE)
    if not versus:
        return None
    first, second = subject_of(versus[1]), subject_of(versus[2])
    return Ask("compare", first, raw=head, clause=f"{first} and {second}", other=second)


def _elliptic(head: str) -> Ask | None:
    """A list or a text that is only named: "names for a cat", "YouTube intro about cooking"."""
    line = line_of(head)
    many = list_asked(Line(line.word, line.whole, line.whole, ""))
    if many and (many.noun != "items" or line.word.isdecimal()):
        return many
    found = next(named(head[:60]), None)
    told_about = found and found.kind != "code" and found.start < 25 and ABOUT.search(head)
    return written(Line("write", head, head, "")) if told_about else None
