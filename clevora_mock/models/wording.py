"""English just good enough to take up somebody's words: clean them, turn them, fit them into a sentence.

"Why is my code so slow?" has to come back as "why your code is so slow". No parser is needed for that: a few
lists of small words say where a noun phrase ends, and wherever they do not, the caller quotes the question
instead of guessing. Every function here looks at a bounded piece of text.
"""

import re

from clevora_mock.models.regex import Regex


def word_set(text: str) -> frozenset[str]:
    """The words of `text`, to look others up in."""
    return frozenset(text.split())


_UNSEEN = Regex("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_END = Regex(
    r"(?<=[.!?。\uff01\uff1f])(?<![DM]r\.)(?<!Mrs\.)(?<!Ms\.)(?<!vs\.)(?<!St\.)(?<! "
    r"[A-Z]\.)[\"”\u2019)]*\s+|\n+"
)
_MARKS = ".!?。\uff01\uff1f"
_WORD = Regex(r"\w+")
_TURNED = Regex(
    r"\b(?:thank[ -]you|I am|I'm|I\u2019m|I was|I've|I\u2019ve|I'd|I\u2019d|I'll|I\u2019ll|I|me|my|mine|"
    r"myself|"
    r"am|our|ours|us|we|you are|you're|"
    r"your|yours|yourself|you)\b",
    re.IGNORECASE,
)
_TURN = {
    "i am": "you are",
    "i'm": "you're",
    "i was": "you were",
    "i've": "you've",
    "i'd": "you'd",
    "i'll": "you'll",
    "i": "you",
    "am": "are",
    "me": "you",
    "my": "your",
    "mine": "yours",
    "myself": "yourself",
    "our": "your",
    "ours": "yours",
    "us": "you",
    "we": "you",
    "you are": "I am",
    "you're": "I'm",
    "your": "my",
    "yours": "mine",
    "yourself": "myself",
    "you": "me",
}
_EDGE = " \t\r\n.,;:!?…。\uff01\uff1f\u3001*_`~'\"“”\u2018\u2019«»-\u2013—"
_QUOTES = {'"': '"', "“": "”", "«": "»", "'": "'", "\u2018": "\u2019", "`": "`"}

_LOWER_FIRST = word_set(
    "a an the this that these those my your our his her their its some any how why what when "
    "where who which "
    "is are do does can should it there in on for with to of and or if"
)
_DETERMINERS = word_set("a an the this that these those my your our his her their its some any no every")
_PREPOSITIONS = word_set(
    "in on at for to from with by about into over under after before between during without "
    "within against "
    "than as like since through if when because while and or"
)
_BE = frozenset({"is", "are", "was", "were", "am"})
_NOT_BE = frozenset({"isn't", "aren't", "wasn't", "weren't"})
_PRONOUNS = word_set("i you we they he she it there this that these those everyone people one")
_MANNER = word_set("so too very not still always never more less such really also often")
_VERBS = word_set(
    "add allow answer appear apply ask attract avoid be become begin believe bite boil break "
    "bring build burn buy "
    "call care carry cause change charge choose close come compare compile contain control convert cook cost "
    "count cover crash create cry cut dance deal depend deploy destroy develop die differ do "
    "dream drink drive "
    "drop eat eject end enable exist expand expect explain fail fall feed feel fight find fit float flow fly "
    "follow force form freeze get give glow go grow happen hate have hear heat help hide hit "
    "hold hurt include "
    "increase install invent invest keep kill know last laugh lead learn leave let lie lift like "
    "live look lose "
    "love make matter mean melt migrate move need offer open orbit own pay play prefer prevent "
    "produce protect "
    "provide purr push put reach read receive reduce remember remove replace require return rise "
    "rotate run save "
    "say see seem sell send serve shine show sing sink sit sleep smell sound speak spend spin "
    "stand start stay "
    "stop store stunt support survive swim switch take talk taste teach tell think throw travel "
    "treat try turn "
    "understand use visit wait wake walk want warm wash watch wear weigh win work write yawn"
)
_COMMANDS = _VERBS | frozenset(
    {"check", "fix", "tell", "email", "finish", "do", "review", "update", "share", "bring", "don't"}
)
_SINGULAR = word_set(
    "news physics mathematics maths economics politics ethics statistics kubernetes jenkins "
    "redis pandas athletics "
    "linguistics genetics electronics robotics series species css sass dns aws https ios tennis "
    "chess gas bus "
    "lens always perhaps thus this his its plus canvas atlas bias christmas texas paris"
)
_PERSONS = word_set("thank i me my mine myself am our ours us we you your yours yourself")
_PLURAL = word_set("people children men women mice geese teeth feet data criteria they we these those")
_JOINED = Regex(r"\s(?:of|in|on|for|to|from|with|by|at|about|that|which|who)\s")


def clean(text: str) -> str:
    """`text` without what cannot be seen or encoded."""
    return text if text.isascii() and text.isprintable() else _UNSEEN.sub("", text)


def encodable(text: str) -> str:
    """`text` without lone surrogates, which no encoding has."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def sentences(text: str, most: int = 400) -> list[str]:
    """The sentences (or lines) of `text`, at most `most`."""
    whole = text.strip()
    if "\n" not in whole and not any(mark in whole[:-1] for mark in _MARKS):
        # As most requests are: one sentence, which needs no dear pattern.
        return [whole] if whole else []
    return [part for raw in _END.split(text, maxsplit=most)[:most] if (part := raw.strip())]


def shorten(text: str, most: int = 80) -> str:
    """`text` if it is short; otherwise its beginning, cut between words, with an ellipsis."""
    if len(text) <= most:
        return text
    cut = text[:most]
    at = cut.rfind(" ")
    return cut[: at if at > most // 2 else most].rstrip(_EDGE) + "…"


def trim(text: str) -> str:
    """`text` on one line, without the quotes and punctuation around it."""
    line = " ".join(text.split())
    bare = line.strip(_EDGE)
    # "C++", "(x)" and the like keep their ends; an unmatched bracket loses it.
    if bare.endswith(")") and "(" not in bare:
        bare = bare[:-1].rstrip(_EDGE)
    return bare or line


def unquote(text: str) -> str:
    """`text` without one pair of quotes that encloses all of it."""
    bare = text.strip()
    if len(bare) > 1 and _QUOTES.get(bare[0]) == bare[-1]:
        return bare[1:-1].strip()
    return bare


def turn(text: str) -> str:
    """`text` as the one who answers would say it: my is your, you are me."""
    if _PERSONS.isdisjoint(_WORD.findall(text.lower())):
        return text
    return _TURNED.sub(lambda found: _TURN.get(found[0].lower().replace("\u2019", "'"), found[0]), text)


def lower_first(text: str) -> str:
    """`text` as it reads inside a sentence: a small word that opened one loses its capital."""
    first = text.split(" ", 1)[0]
    if first.lower() in _LOWER_FIRST and first != "I":
        return text[:1].lower() + text[1:]
    return text


def upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def plural(phrase: str) -> bool:
    """Whether a noun phrase seems to be plural."""
    head = _JOINED.split(phrase.lower(), maxsplit=1)[0]
    if " and " in head:
        return not head.endswith("ing")
    word = head.rsplit(" ", 1)[-1]
    if word in _PLURAL:
        return True
    first = head.split(" ", 1)[0]
    if first in {"a", "an", "this", "every", "each"} or word in _SINGULAR or first.endswith("ing"):
        return False
    return len(word) > 3 and word.isalpha() and word.endswith("s") and not word.endswith(("ss", "us", "is", "as", "os"))


def third_person(verb: str) -> str:
    """go -> goes, carry -> carries."""
    irregular = {"have": "has", "be": "is", "do": "does", "go": "goes"}
    if verb in irregular:
        return irregular[verb]
    if verb.endswith(("s", "x", "z", "ch", "sh")):
        return verb + "es"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + "s"


def gerund(phrase: str) -> str:
    """A verb phrase as a noun phrase: bake bread -> baking bread."""
    verb, space, rest = phrase.partition(" ")
    low = verb.lower()
    if low.endswith("ie"):
        stem = low[:-2] + "y"
    elif low.endswith("e") and not low.endswith(("ee", "oe", "ye")) and low != "be":
        stem = low[:-1]
    elif re.fullmatch(r"[^aeiou]*[aeiou][bdgklmnprt]", low) or low in {
        "begin",
        "forget",
        "commit",
        "submit",
        "refer",
        "admit",
        "prefer",
    }:
        stem = low + low[-1]
    else:
        stem = low
    return stem + "ing" + space + rest


def _preposition(words: list[str], start: int) -> int:
    """Where the first preposition at or after `start` is, or the number of words."""
    return next((at for at in range(start, len(words)) if words[at].lower() in _PREPOSITIONS), len(words))


def _after_be(words: list[str]) -> int:
    """Where the predicate of "(is) the sky blue" begins; 0 if that is unclear."""
    least = 2 if words[0].lower() in _DETERMINERS else 1
    for at in range(least, len(words)):
        low = words[at].lower()
        if low in _MANNER or (low in _DETERMINERS and words[at - 1].lower() not in _PREPOSITIONS | {"of"}):
            return at
    end = _preposition(words, least)
    if end == len(words):
        return end - 1 if end > least else 0
    return max(least, end - 1)


def _verb(words: list[str]) -> int:
    """Where the verb of "(does) bread rise" is; 0 if that is unclear."""
    least = 2 if words[0].lower() in _DETERMINERS else 1
    for at in range(least, min(len(words), least + 4)):
        if words[at].lower() in _VERBS:
            return at
    end = _preposition(words, least)
    return end - 1 if end - 1 == least else 0


def declare(auxiliary: str, rest: str) -> str:
    """The statement in a question: ("is", "the sky blue") -> "the sky is blue"; "" where it is unclear."""
    words = rest.split()
    aux = auxiliary.lower().replace("\u2019", "'")
    if not words or len(words) > 24:
        return ""
    first = words[0].lower()
    if first in _PRONOUNS and not (first in {"this", "that", "these", "those"} and len(words) > 2):
        return _with_pronoun(aux, first, turn(" ".join(words[1:])).split())
    if aux == "did":
        return ""
    words = turn(rest).split()
    return " ".join(words) if aux == "do" else _with_noun(aux, words)


def _with_noun(aux: str, words: list[str]) -> str:
    at = _after_be(words) if aux in _BE or aux in _NOT_BE else _verb(words)
    if not at:
        return ""
    if aux == "does":
        return " ".join([*words[:at], third_person(words[at].lower()), *words[at + 1 :]])
    return " ".join([*words[:at], aux, *words[at:]])


def _with_pronoun(aux: str, pronoun: str, rest: list[str]) -> str:
    if aux == "aren't":
        aux = {"you": "am not", "i": "aren't"}.get(pronoun, aux)
    who = {"i": "you", "we": "you", "you": "I"}.get(pronoun, pronoun)
    if aux == "do":
        return " ".join([who, *rest])
    if aux == "does":
        return " ".join([who, third_person(rest[0].lower()), *rest[1:]]) if rest else ""
    if aux in _BE:
        past = aux in {"was", "were"}
        if who == "you":
            aux = "were" if past else "are"
        elif who == "I":
            aux = "was" if past else "am"
    return " ".join([who, aux, *rest]) if rest or aux in _BE else ""


def polished(text: str, *, polite: bool = False) -> str:
    """`text` with capitals, spaces and punctuation in order; commands are requests if it is to be polite."""
    made = []
    for sentence in sentences(clean(text), 60):
        line = re.sub(r"\s+([,.;:!?])", r"\1", " ".join(sentence.split()))
        line = re.sub(r"\bi\b(?!\.)", "I", line)
        line = upper_first(line.strip('"“”'))
        first = line.split(" ", 1)[0].lower()
        if polite and first in _COMMANDS:
            line = "Could you please " + (line[:1].lower() + line[1:]).rstrip(".!") + "?"
        made.append(line if line[-1:] in ".!?…:" else line + ".")
    return " ".join(made)


def title(phrase: str) -> str:
    """A phrase as a heading has it: Capitals Except on the Small Words."""
    small = {
        "a",
        "an",
        "the",
        "and",
        "or",
        "but",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "from",
        "with",
        "by",
        "as",
    }
    words = phrase.split(" ")
    return " ".join(word if at and word.lower() in small else upper_first(word) for at, word in enumerate(words))
