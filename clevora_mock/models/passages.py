"""Requests that bring their own text: summarize, translate, classify, extract, rewrite, repeat, finish."""

import re

from msgspec import structs

from clevora_mock.models import wording
from clevora_mock.models.ask import BACK, Ask, Line, quoted, subject_of
from clevora_mock.models.regex import Regex

_COLON = Regex(r":(?=\s|[\"“'])")


_SAID_IN = Regex(
    r"(.{1,80}?) in (french|spanish|german|italian|portuguese|japanese|dutch|chinese|korean|russian)\W*$",
    re.IGNORECASE,
)
_TARGET = Regex(r"\b(?:in)?to\s+(?:the\s+)?([A-Z][a-z]+|[a-z]{4,12})(?:\s+language)?\b")


_ECHO = Regex(
    r"(?:(?:back )?(?:to me )?(?:after me)?\s*(?:(?:only|just|exactly|simply)\s+)*(?:with|the "
    r"(?:exact )?(?:word|words|phrase|"
    r"text|following|string|sentence))?\s*(?:(?:only|just|exactly|simply|the)\s+)*(?:(?:word|"
    r"words|phrase|text|string|following|"
    r"sentence|letter|number)\b)?\s*(?:(?:exactly|only|verbatim)\b)?\s*[:,]?\s*)(?P<text>.+)",
    re.IGNORECASE | re.DOTALL,
)


_ECHO_TAIL = Regex(
    r"\s+(?:and )?(?:nothing else|only|exactly|verbatim|back to me|without anything else|in return)\W*$",
    re.IGNORECASE,
)


def summarized(line: Line) -> Ask:
    return _on_text(
        line,
        "summary",
        r"(?:(?:up|me|us|a|an|the|this|that|these|following|above|below|text|article|passage|paragraph|story|"
        r"conversation|document|email|message|summary|overview|tl;?dr|short|quick|brief|of|it|content|"
        r"for|in \w+ "
        r"(?:\w+ )?(?:sentences?|words?|bullet points|bullets|paragraphs?|lines?))\b[\s:,]*)*",
    )


def _on_text(line: Line, kind: str, leading: str) -> Ask:
    """A request about a text: the text stands in quotes, after a colon, on the next lines, or right there."""
    skipped = re.match(leading, line.rest, re.IGNORECASE)
    # "The plot of Hamlet" keeps its article; "the following text" has none worth keeping.
    only_article = skipped is not None and skipped[0].lower() == "the "
    rest = line.rest[skipped.end() :] if skipped and not only_article else line.rest
    colon = _COLON.search(line.whole, 0, 200)
    head, tail = (line.whole[: colon.start()], line.whole[colon.end() :]) if colon else (line.rest, "")
    inline = quoted(line.rest)
    if line.body and len(line.body) > len(rest):
        after = tail.strip() if colon else ""
        text = (after + "\n" + line.body).strip()
    elif inline:
        text = inline
    else:
        text = tail.strip() if colon and tail.strip() else rest.strip()
    return Ask(kind, subject_of(rest), raw=head, clause=line.rest, text=text)


def translated(line: Line) -> Ask:
    ask = _on_text(line, "translate", r"(?:(?:the|this|following|text|sentence|phrase|word|me|it|please)\b[\s:,]*)*")
    named = _TARGET.search(line.rest)
    text = ask.text
    if not quoted(line.rest) and text:
        text = re.sub(r"\s*\b(?:in)?to\s+[A-Za-z]+\s*(?:language)?\s*[:.!?]*\s*$", "", text)
        text = re.sub(r"^(?:in)?to\s+[A-Za-z]+\s*[:,]*\s*", "", text)
    return structs.replace(ask, text=wording.unquote(text), other=(named[1] if named else "").capitalize())


def classified(line: Line) -> Ask:
    ask = _on_text(
        line,
        "classify",
        r"(?:(?:the|this|that|following|sentiment|of|text|review|tweet|sentence|message)\b[\s:,]*)*",
    )
    options = re.search(
        r"\b(?:as|into|one of|either)\b:?\s*(?:either |one of (?:these )?)?([^:.\n?!]{3,120})",
        line.rest + " " + line.body[:200],
    )
    named = re.split(r"\s*,\s*(?:or\s+|and\s+)?|\s+or\s+|\s+and\s+|\s*/\s*", options[1].strip()) if options else []
    return structs.replace(ask, other="|".join(named) if len(named) > 1 else "")


def extracted(line: Line) -> Ask | None:
    if line.word == "find" and not (line.body or ":" in line.rest):
        return None
    return _on_text(line, "extract", r"")


def rewritten(line: Line) -> Ask | None:
    leading = (
        r"(?:(?:the|this|that|following|my|grammar|spelling|and|sentence|text|paragraph|email|in|of|"
        r"errors?|mistakes?|to be|more|make|it|"
        r"politely|formally|professional\w*|formal|polite|better|clearer|concise\w*|shorter|"
        r"simpler)\b[\s:,]*)*"
    )
    ask = _on_text(line, "rewrite", leading)
    if line.word == "debug" or (
        line.word == "fix" and re.search(r"\b(?:code|bug|function|script)\b", line.rest[:60], re.IGNORECASE)
    ):
        return structs.replace(ask, kind="code_fix", text=line.whole.partition(":")[2].strip() or line.body)
    if not ask.text or wording.trim(ask.text).lower() in BACK | {"sounds", "sound"}:
        return Ask("rewrite")
    return ask


def echoed(line: Line) -> Ask | None:
    """say/repeat/reply with X -> X."""
    strict = bool(
        re.search(
            r"\b(?:exactly|only|just|verbatim|after me|back|with|following|word|words|phrase|nothing else)\b",
            line.rest[:80],
            re.IGNORECASE,
        )
    )
    foreign = _SAID_IN.match(line.rest)
    if foreign:
        return Ask("translate", text=wording.unquote(foreign[1]), other=foreign[2].capitalize())
    text = quoted(line.rest)
    if line.body and (
        line.rest.rstrip().endswith(":")
        or re.search(r"\b(?:following|after me|exactly|verbatim)\W*$", line.rest, re.IGNORECASE)
    ):
        return Ask("echo", text=line.body[:4000])
    if not text:
        found = _ECHO.match(line.rest)
        text = _ECHO_TAIL.sub("", found["text"]) if found else ""
    if not text or (line.word in {"answer", "respond", "return", "output", "print"} and not strict):
        return None
    if line.word in {"reply", "respond", "answer"} and re.match(
        r"(?:in|as|to|if|when|using|a|an|one|your)\b", text, re.IGNORECASE
    ):
        return None
    if wording.trim(text).lower() in BACK | {"again", "last", "hello back"}:
        return Ask("again")
    whole = wording.unquote(text)
    if not strict and whole == text:
        whole = re.sub(r"^(?:this is)\b", "This is", whole)
        whole = re.sub(r"^(?:me |us )?(?:to )?(?:the )?", "", whole) or whole
        whole = wording.upper_first(whole)
    return Ask("echo", text=whole[:4000])


def finished(line: Line) -> Ask | None:
    ask = _on_text(line, "finish", r"(?:(?:this|the|following|my|sentence|story|text|phrase)\b[\s:,]*)*")
    return (
        structs.replace(ask, text=wording.upper_first(wording.shorten(ask.text.strip(" ._…"), 300)))
        if len(ask.text) > 3
        else Ask("more")
    )
