"""The kinds of text that an order may name, found by looking words up.

A regular expression for them all would take longer to compile than everything else that a first answer needs.
"""

from collections.abc import Iterator

from msgspec import Struct

from clevora_mock.models.regex import Regex

_WORD = Regex(r"\w+")

# The longest name has so many words.
_MOST_WORDS = 3

# By kind; a name in brackets may be left off, and "s" at its end as well.
_NAMES = {
    "code": "function(s) python javascript typescript java golang rust bash sql regex html css algorithm unit_test(s) "
    "code program(s) class dockerfile query queries react_component api_endpoint snippet",
    "cover": "cover_letter(s) application_letter(s)",
    "email": "email(s) e-mail(s) letter(s) memo note(s) invitation(s) message(s)",
    "haiku": "haiku(s)",
    "poem": "poem(s) poetry sonnet limerick song lyrics rap ode verse",
    "intro": "(youtube,video,channel,podcast)intro(s) (youtube,video,channel,podcast)introduction(s) hook(s) opening",
    "script": "(youtube,video,podcast,tiktok)script(s)",
    "story": "story stories tale fable fairy_tale",
    "tweet": "tweet(s) (instagram,linkedin,facebook,social_media)post(s) "
    "(instagram,linkedin,facebook,social_media)caption(s)",
    "blog": "blog blog_post(s) article(s) essay(s) newsletter report review",
    "product": "product_description(s) description(s) ad(s) advert(s) advertisement(s) landing_page pitch",
    "slogan": "slogan(s) tagline(s) motto(s) headline(s) title(s)",
    "speech": "speech toast eulogy",
    "recipe": "recipe(s)",
    "plan": "plan(s) outline(s) itinerary itineraries schedule(s) agenda checklist roadmap",
    "joke": "joke(s) pun(s) riddle(s)",
    "paragraph": "paragraph(s) sentence(s) summary text bio something",
}


class Named(Struct, frozen=True):
    """A kind, and where its name stands."""

    kind: str
    start: int
    end: int


def _spelled(name: str) -> Iterator[str]:
    """Every way to write `name`."""
    before, _, rest = name[1:].partition(")") if name.startswith("(") else ("", "", name)
    stem, plural, _ = rest.partition("(s)")
    for prefix in ("", *(f"{word} " for word in before.split(",") if word)):
        for ending in ("", "s") if plural else ("",):
            yield f"{prefix}{stem}{ending}".replace("_", " ")


_KINDS = {written: kind for kind, names in _NAMES.items() for name in names.split() for written in _spelled(name)}


def named(text: str) -> Iterator[Named]:
    """The kinds that `text` names, from left to right."""
    words = list(_WORD.finditer(text))
    end = 0
    for at, word in enumerate(words):
        if word.start() < end:
            continue
        for last in reversed(words[at : at + _MOST_WORDS]):
            name = text[word.start() : last.end()].lower()
            kind = _KINDS.get(name)
            # "A post about a blog" is about the blog.
            if kind is None or (name.endswith(("post", "posts")) and kind == "tweet" and _of_blog(text[last.end() :])):
                continue
            end = last.end()
            yield Named(kind, word.start(), end)
            break


def _of_blog(rest: str) -> bool:
    return rest[:13].lower() == " about a blog"
