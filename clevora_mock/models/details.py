"""The details a text holds: names, numbers, dates, addresses; found by shape, in a bounded part of it."""

from collections.abc import Iterable
from typing import NamedTuple

from clevora_mock.models import wording
from clevora_mock.models.regex import Regex

_MOST = 20_000
_EMAIL = Regex(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_URL = Regex(r"https?://[^\s<>\"')\]]{1,300}")
_DATE = Regex(
    r"\b(?:\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}/\d{2,4}|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|"
    r"Nov|Dec)[a-z]{0,6}\.? "
    r"\d{1,2}(?:st|nd|rd|th)?(?:, \d{4})?)\b"
)
_NUMBER = Regex(r"(?<![\w.@/-])[-]?\d{1,12}(?:,\d{3}){0,4}(?:\.\d{1,8})?(?![\w@-]|\.\d)")
_NAME = Regex(r"\b[A-Z][a-zà-ÿ'\u2019]{1,24}(?:[ -][A-Z][a-zà-ÿ'\u2019]{1,24}){0,2}\b")
_ORDINARY = wording.word_set(
    "the a an this that these those i we you he she it they my our your his her their and but or "
    "if so as at in on of for "
    "to from by with hello hi hey dear thanks thank please yes no not what why how when where "
    "who which is are was were "
    "do does did can could should would will extract find get give parse identify read return "
    "respond reply answer make "
    "create write generate provide convert use list text name age user email date json schema "
    "input output data "
    "monday tuesday wednesday thursday friday saturday sunday january february march april may "
    "june july august "
    "september october november december mr mrs ms dr there here let based also new classify "
    "summarize translate "
    "analyze analyse describe explain tell show"
)


class Details(NamedTuple):
    names: tuple[str, ...]
    numbers: tuple[str, ...]
    dates: tuple[str, ...]
    emails: tuple[str, ...]
    urls: tuple[str, ...]


def details(text: str) -> Details:
    """What stands out in `text`, each kind in order of appearance and without repeats."""
    part = text[:_MOST]
    return Details(
        names=_unique(_names(part)),
        numbers=_unique(found[0] for found in _NUMBER.finditer(_DATE.sub(" ", part))),
        dates=_unique(found[0] for found in _DATE.finditer(part)),
        emails=_unique(found[0] for found in _EMAIL.finditer(part)),
        urls=_unique(found[0].rstrip(".,;") for found in _URL.finditer(part)),
    )


def _names(text: str) -> Iterable[str]:
    for found in _NAME.finditer(text):
        words = found[0].split(" ")
        while words and words[0].lower() in _ORDINARY:
            words.pop(0)
        while words and words[-1].lower() in _ORDINARY:
            words.pop()
        if words:
            yield " ".join(words).removesuffix("'s").removesuffix("\u2019s")


def _unique(items: Iterable[str], most: int = 50) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))[:most]
