"""Makes a demo catalog: hand-written vocabulary put together by hashed draws, with people's names from Faker.

Patterns hold slots such as ``{theme}`` and are filled from a subject's words. Each pattern and each word
waits in a deck: a deck is shuffled, dealt to its end and shuffled again, so nothing comes twice before
everything came once. That is what makes a page of the catalog look varied. Patterns of the subject's own
alternate with patterns that all subjects share.

The same size and seed give the same bytes, as long as Faker's lists of names stay the same; the shipped
catalog is a committed file, so at run time Faker is not even needed.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal
from unicodedata import normalize

import msgspec

from clevora_mock.core.chance import Draws, digest
from clevora_mock.models import grammar, subjects
from clevora_mock.models.catalog import Item
from clevora_mock.models.subjects import Subject
from clevora_mock.models.words import STOP, stem, words
from clevora_mock.resources import fixture

Kind = Literal["video", "podcast"]
Lines = tuple[str, ...]
Names = Sequence[tuple[str, str]]

SIZE = 720
SEED = 0

_KINDS: tuple[Kind, Kind] = ("video", "podcast")
_LOCALES = ("en_US", "en_GB", "en_IN", "en_US", "es_ES", "de_DE", "fr_FR")
_FIRST_DAY = datetime(2018, 3, 1, tzinfo=UTC)
_DAYS = 2830  # to the end of November 2025
_MONTHS = ("March", "April", "May", "June", "August", "September", "October")
_PROMISED = re.compile(r"\b(\d+|Five|Ten|Twelve|Fifteen|Twenty|Sixty)(?: Slow)? Minutes\b")
_NUMBERS = {"Five": 5, "Ten": 10, "Twelve": 12, "Fifteen": 15, "Twenty": 20, "Sixty": 60}
_SLOT = re.compile(r"\{(\w+)\}")
_MEASURE = re.compile(r"^(?:pair|set|book) of ")


class Patterns(msgspec.Struct, frozen=True):
    """What all subjects share: titles, and the sentences and tags that go with what a title is about."""

    videos: Lines
    podcasts: Lines
    openings: dict[Kind, dict[str, Lines]]
    guests: Lines
    closings: dict[Kind, Lines]
    forms: dict[Kind, dict[str, Lines]]


class Deck:
    """Deals lines in a shuffled order, and shuffles again when all are dealt."""

    def __init__(self, lines: Sequence[str], draws: Draws) -> None:
        self._lines = lines
        self._draws = draws
        self._left: list[str] = []

    def deal(self) -> str:
        if not self._left:
            self._left = self._draws.shuffled(self._lines)
        return self._left.pop()


class Title(msgspec.Struct, frozen=True):
    """A title, what it is about (which decides the description), and what its slots were filled with."""

    text: str
    about: Literal["theme", "skill", "thing", "plain"]
    slots: dict[str, str]
    guest: bool
    stutters: bool


class Desk:
    """One subject's desk: the decks it deals from and the titles it has used."""

    def __init__(self, subject: Subject, patterns: Patterns, names: Names, draws: Draws) -> None:
        self._subject = subject
        self._patterns = patterns
        self._draws = draws
        self._own = {"video": self._deck(subject.videos), "podcast": self._deck(subject.podcasts)}
        self._shared = {"video": self._deck(patterns.videos), "podcast": self._deck(patterns.podcasts)}
        self._openings = {
            (kind, about): self._deck(lines)
            for kind, by_slot in patterns.openings.items()
            for about, lines in by_slot.items()
        }
        self._notes = {
            "video": self._deck(subject.notes + subject.video_notes),
            "podcast": self._deck(subject.notes),
        }
        self._themes = self._deck(subject.themes)
        self._skills = self._deck(subject.skills)
        self._things = self._deck(subject.things)
        self._settings = self._deck(subject.settings)
        self._eras = self._deck(subject.eras)
        self._guests = self._deck([f"{first} {last}" for first, last in names])
        self._creators = {
            "video": self._deck(_creators(subject.channels, names, draws)),
            "podcast": self._deck(_creators(subject.shows, names, draws)),
        }
        self._used: Counter[str] = Counter()
        self._turn: Counter[Kind] = Counter()

    def item(self, kind: Kind, identity: str) -> Item:
        """One more item, never with a title this desk has used."""
        made = self._title(kind)
        text = self._unused(made, kind)
        slug = _slug(text)
        path = "v" if kind == "video" else "p"
        return Item(
            id=f"{kind[:3]}_{identity}",
            title=text,
            type=kind,
            description=self._description(kind, made),
            creator=self._creator(kind, text),
            url=f"https://media.clevora.example/{path}/{slug}-{identity[:8]}",
            thumbnail_url=f"https://images.clevora.example/{path}/{identity}.jpg",
            duration_seconds=self._duration(kind, text),
            published_at=self._published(),
            tags=self._tags(kind, made),
            subject=self._subject.name,
        )

    def _deck(self, lines: Sequence[str]) -> Deck:
        return Deck(lines, self._draws)

    def _unused(self, made: Title, kind: Kind) -> str:
        text = made.text
        self._used[text] += 1
        if self._used[text] == 1:
            return text
        part = self._used[text]
        mark = " " if text[-1] in "?.!" else ", "
        return f"{text}{mark}{'Part' if kind == 'video' else 'Episode'} {part}"

    def _title(self, kind: Kind) -> Title:
        made = self._attempt(kind)
        for _ in range(8):
            if made.text not in self._used and not made.stutters:
                break
            made = self._attempt(kind)
        return made

    def _attempt(self, kind: Kind) -> Title:
        self._turn[kind] += 1
        pattern = (self._own if self._turn[kind] % 2 else self._shared)[kind].deal()
        slots = self._slots(pattern)
        about: Literal["theme", "skill", "thing", "plain"] = "plain"
        if "theme" in slots:
            about = "theme"
        elif "skill" in slots:
            about = "skill"
        elif "thing" in slots:
            about = "thing"
        text = grammar.title(pattern.format_map(slots))
        return Title(text, about, slots, "guest" in slots, _stutters(pattern, slots))

    def _slots(self, pattern: str) -> dict[str, str]:
        slots = {
            "person": self._subject.person,
            "people": self._subject.people,
            "a_person": grammar.with_article(self._subject.person),
            "n": str(3 + self._draws.below(10)),
        }
        if "{theme}" in pattern:
            slots["theme"] = self._themes.deal()
        if "{skill}" in pattern or "{doing}" in pattern:
            slots["skill"] = self._skills.deal()
            slots["doing"] = grammar.doing(slots["skill"])
        if "thing}" in pattern:
            slots["thing"] = self._things.deal()
            slots["a_thing"] = grammar.with_article(slots["thing"])
        if "{setting}" in pattern:
            slots["setting"] = self._settings.deal()
        if "{era}" in pattern:
            slots["era"] = self._eras.deal()
        if "{month}" in pattern:
            slots["month"] = self._draws.choose(_MONTHS)
        if "{guest}" in pattern:
            slots["guest"] = self._guests.deal()
        return slots

    def _description(self, kind: Kind, made: Title) -> str:
        opening = self._openings[kind, made.about].deal().format_map(made.slots)
        sentences = [grammar.capital(opening)]
        if kind == "podcast" and not made.guest and self._draws.below(3) == 0:
            guest = self._draws.choose(self._patterns.guests)
            sentences.append(guest.format(guest=self._guests.deal()))
        sentences.append(self._notes[kind].deal())
        if self._draws.below(2):
            sentences.append(self._draws.choose(self._patterns.closings[kind]))
        return " ".join(sentences)

    def _creator(self, kind: Kind, text: str) -> str:
        if kind == "podcast":
            for show in self._subject.shows:
                if text.startswith((f"{show}: ", f"{show} ")):
                    return show
        return self._creators[kind].deal()

    def _duration(self, kind: Kind, text: str) -> int:
        promised = _PROMISED.search(text)
        if promised and kind == "video":
            minutes = _NUMBERS.get(promised[1]) or int(promised[1])
            return 60 * minutes + self._draws.below(50)
        spread = self._draws.below(1300) + self._draws.below(1300)
        return 190 + spread if kind == "video" else 1260 + 2 * spread

    def _published(self) -> str:
        day = _FIRST_DAY + timedelta(days=self._draws.below(_DAYS))
        moment = day + timedelta(hours=6 + self._draws.below(14), minutes=15 * self._draws.below(4))
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def _tags(self, kind: Kind, made: Title) -> Lines:
        tags = list(self._subject.tags[: 2 + self._draws.below(2)])
        if made.about in {"theme", "thing"}:
            tags.append(_MEASURE.sub("", made.slots[made.about]))
        tags.append("interview" if made.guest else self._draws.choose(self._patterns.forms[kind][made.about]))
        return tuple(dict.fromkeys(tags))


def make(size: int = SIZE, seed: int = SEED) -> list[Item]:
    """`size` items over all subjects, videos and podcasts alike, no two with the same id or title."""
    known = subjects.load()
    patterns = msgspec.json.decode(fixture("patterns.json").read_bytes(), type=Patterns)
    names = _names(seed, 400 + size // 20)
    desks = [Desk(subject, patterns, names, Draws(digest("desk", seed, subject.name))) for subject in known]
    order = Draws(digest("order", seed))
    pages = (order.shuffled([(desk, kind) for desk in desks for kind in _KINDS]) for _ in range(size))
    return _first(size, pages, seed)


def _first(size: int, pages: Iterable[list[tuple[Desk, Kind]]], seed: int) -> list[Item]:
    items: list[Item] = []
    titles: set[str] = set()
    for page in pages:
        for desk, kind in page:
            if len(items) == size:
                return items
            item = desk.item(kind, digest("item", seed, len(items)).hex()[:16])
            while item.title in titles:  # two subjects may hit on the same words
                item = desk.item(kind, digest("item", seed, len(items)).hex()[:16])
            titles.add(item.title)
            items.append(item)
    return items


def _names(seed: int, count: int) -> list[tuple[str, str]]:
    """First and last names; Faker is asked here and nowhere else."""
    try:
        from faker import Faker  # noqa: PLC0415 - an optional extra, and slow to import
    except ImportError as error:
        raise RuntimeError("making a catalog needs Faker: pip install 'clevora-mock[catalog]'") from error
    fakers = [Faker(locale) for locale in _LOCALES]
    for number, faker in enumerate(fakers):
        faker.seed_instance(seed * len(fakers) + number)
    draws = Draws(digest("names", seed))
    chosen = (draws.choose(fakers) for _ in range(count))
    return [(faker.first_name(), faker.last_name()) for faker in chosen]


def _creators(named: Lines, names: Names, draws: Draws) -> list[str]:
    """The subject's own channels or shows, and as many people again who publish under their names."""
    filled = []
    for pattern in named:
        first, last = draws.choose(names)
        filled.append(pattern.format(first=first, last=last))
    people = [draws.choose(names) for _ in range(2 + len(names) // 200)]
    return list(dict.fromkeys(filled + [f"{first} {last}" for first, last in people]))


def _stutters(pattern: str, slots: dict[str, str]) -> bool:
    """Whether two parts of a title share a word, as in *Game of the Day: Famous Games*."""
    filled = [slots[slot] for slot in _SLOT.findall(pattern) if slot != "n"]
    parts = [{stem(word) for word in words(part)} - STOP for part in [_SLOT.sub(" ", pattern), *filled]]
    return len(set().union(*parts)) < sum(map(len, parts))


def _slug(text: str) -> str:
    plain = normalize("NFKD", text).encode("ascii", "ignore").decode().lower().replace("'", "")
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return slug if len(slug) <= 60 else slug[:60].rpartition("-")[0]
