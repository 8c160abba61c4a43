"""A generator of demo catalogs from the subjects' vocabularies, with people's names from Faker (H4).

The slots of title patterns are filled with the subject's words; its own patterns alternate with shared ones. Words are
used in the order of the vocabulary, the most important ones first, and shuffled once all were used. The same size and
seed give the same bytes, unless Faker's names change.
"""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

import msgspec

from clevora_mock.catalog.items import CatalogItem, MediaType
from clevora_mock.catalog.subjects import Lines, Subject, TitlePatterns, load_patterns, load_subjects
from clevora_mock.catalog.title_case import capital, title_case
from clevora_mock.core.rng import RandomStream, stable_hash
from clevora_mock.text.words import STOP, stem, words

Names = Sequence[tuple[str, str]]

SIZE = 1680
SEED = 0

_KINDS: tuple[MediaType, MediaType] = ("video", "podcast")
_LOCALES = ("en_US", "en_GB", "en_IN", "en_US", "es_ES", "de_DE", "fr_FR")
_FIRST_DAY = datetime(2018, 3, 1, tzinfo=UTC)
_DAYS = 2830  # to the end of November 2025
_LENGTH_IN_TITLE = re.compile(r"\b(\d+)(?: Slow)? Minutes\b")
_SLOT = re.compile(r"\{(\w+)\}")
_QUANTITY = re.compile(r"^(?:pair|set|rack) of ")
_TITLE_ATTEMPTS = 12
# As in *What I Learned Trying to Check Your Oil*.
_MIXED_PERSONS = re.compile(r"\b(?:I|Me|We)\b.*\bYour\b")


class Title(msgspec.Struct, frozen=True):
    """A title with its slots, the main one of them (or "plain"), a tag for its form, and keywords, both if any."""

    text: str
    slots: dict[str, str]
    about: str
    form: str
    keywords: str


class ShuffledPool:
    """A source of lines, in their order at first, then shuffled anew each time."""

    def __init__(self, lines: Sequence[str], rng: RandomStream) -> None:
        self._lines = lines
        self._rng = rng
        self._left = [*reversed(lines)]

    def deal(self) -> str:
        if not self._left:
            self._left = self._rng.shuffled(self._lines)
        return self._left.pop()

    def put_back(self, line: str) -> None:
        self._left.append(line)


class SubjectBuilder:
    """A generator of the items of one subject, with unique titles."""

    def __init__(self, subject: Subject, patterns: TitlePatterns, names: Names, rng: RandomStream) -> None:
        self._subject = subject
        self._patterns = patterns
        self._rng = rng
        pools: dict[str, Sequence[str]] = {
            "theme": subject.themes,
            "skill": subject.skills,
            "thing": subject.things,
            "setting": rng.shuffled(subject.settings),
            "guest": rng.shuffled([f"{first} {last}" for first, last in names]),
            "own video": subject.videos,
            "own podcast": subject.podcasts,
            "shared video": rng.shuffled([*patterns.videos]),
            "shared podcast": rng.shuffled([*patterns.podcasts]),
            "video note": subject.notes + subject.video_notes,
            "podcast note": subject.notes,
            "video creator": _creators(subject.channels, names, rng),
            "podcast creator": _creators(subject.shows, names, rng),
        }
        for kind, openings in patterns.openings.items():
            pools |= {f"{kind} {about}": lines for about, lines in openings.items()}
        self._pools = {name: ShuffledPool(lines, rng) for name, lines in pools.items()}
        self._used: Counter[str] = Counter()
        self._turn: Counter[MediaType] = Counter()

    def item(self, kind: MediaType, identity: str) -> CatalogItem:
        """Return a new item with `identity` (16 hex digits) in its id and URLs."""
        title = self._title(kind)
        text = self._numbered(title.text, kind)
        return CatalogItem(
            id=f"{kind[:3]}_{identity}",
            title=text,
            type=kind,
            description=self._description(kind, title),
            creator=self._creator(kind, text),
            url=f"https://media.clevora.example/{kind[0]}/{identity}",
            thumbnail_url=f"https://images.clevora.example/{kind[0]}/{identity}.jpg",
            duration_seconds=self._duration(kind, text),
            published_at=self._published(),
            tags=self._tags(title),
            keywords=f"{self._subject.keywords} {title.keywords}".strip(),
        )

    def _title(self, kind: MediaType) -> Title:
        """Return a title; the last attempt may be a known one, or repeat a word."""
        self._turn[kind] += 1
        patterns = self._pools[f"{'own' if self._turn[kind] % 2 else 'shared'} {kind}"]
        for _ in range(_TITLE_ATTEMPTS):
            pattern = patterns.deal()
            names = [name for name in dict.fromkeys(_SLOT.findall(pattern)) if name in self._pools]
            dealt = {name: self._pools[name].deal() for name in names}
            title = self._fill(pattern, dealt)
            mixed = _MIXED_PERSONS.search(title.text)
            if title.text not in self._used and not mixed and not _stutters(pattern, title.slots):
                break
            for name, line in dealt.items():
                self._pools[name].put_back(line)
        return title

    def _fill(self, pattern: str, dealt: dict[str, str]) -> Title:
        slots = {name: line.partition(" | ")[0] for name, line in dealt.items()}
        slots |= {"n": str(3 + self._rng.randbelow(10)), "people": self._subject.people}
        about = next((about for about in ("theme", "skill", "thing") if about in dealt), "plain")
        forms = self._patterns.videos | self._patterns.podcasts
        form = forms[pattern] if pattern in forms else _evident_form(pattern)
        keywords = " ".join(line.partition(" | ")[2] for line in dealt.values())
        return Title(title_case(pattern.format_map(slots)), slots, about, form, keywords.strip())

    def _numbered(self, text: str, kind: MediaType) -> str:
        self._used[text] += 1
        part = self._used[text]
        if part == 1:
            return text
        mark = " " if text[-1] in "?.!" else ", "
        return f"{text}{mark}{'Part' if kind == 'video' else 'Episode'} {part}"

    def _description(self, kind: MediaType, title: Title) -> str:
        opening = self._pools[f"{kind} {title.about}"].deal()
        sentences = [capital(opening.format_map(title.slots))]
        sentences.append(self._pools[f"{kind} note"].deal())
        if self._rng.randbelow(2):
            sentences.append(self._rng.choice(self._patterns.closings[kind]))
        return " ".join(sentences)

    def _creator(self, kind: MediaType, text: str) -> str:
        shows = self._subject.shows if kind == "podcast" else ()
        named = next((show for show in shows if text.startswith((f"{show}: ", f"{show} "))), "")
        return named or self._pools[f"{kind} creator"].deal()

    def _duration(self, kind: MediaType, text: str) -> int:
        promised = _LENGTH_IN_TITLE.search(text)
        if promised and kind == "video":
            return 60 * int(promised[1]) + self._rng.randbelow(50)
        spread = self._rng.randbelow(1300) + self._rng.randbelow(1300)
        return 190 + spread if kind == "video" else 1260 + 2 * spread

    def _published(self) -> str:
        day = _FIRST_DAY + timedelta(days=self._rng.randbelow(_DAYS))
        moment = day + timedelta(hours=6 + self._rng.randbelow(14), minutes=15 * self._rng.randbelow(4))
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def _tags(self, title: Title) -> Lines:
        named = title.slots.get("theme") or title.slots.get("thing") or ""
        tags = [*self._subject.tags, _QUANTITY.sub("", named), title.form]
        return tuple({tag.lower(): tag for tag in tags if tag}.values())


def build(size: int = SIZE, seed: int = SEED) -> list[CatalogItem]:
    """Return `size` items of all subjects and both types, with unique ids and titles."""
    patterns = load_patterns()
    names = _names(seed, 400 + size // 20)
    builders = [
        SubjectBuilder(subject, patterns, names, RandomStream(stable_hash("subject", seed, subject.name)))
        for subject in load_subjects()
    ]
    order = RandomStream(stable_hash("order", seed))
    items: dict[str, CatalogItem] = {}
    while len(items) < size:
        for builder, kind in order.shuffled([(builder, kind) for builder in builders for kind in _KINDS]):
            identity = stable_hash("item", seed, len(items)).hex()[:16]
            # Two subjects can produce the same title.
            item = next(item for _ in count() if (item := builder.item(kind, identity)).title not in items)
            items[item.title] = item
    return [*items.values()][:size]


def _names(seed: int, count: int) -> list[tuple[str, str]]:
    """Return first and last names from Faker."""
    try:
        from faker import Faker  # noqa: PLC0415 - an optional extra, and slow to import
    except ImportError as error:
        raise RuntimeError("a catalog is built with Faker: pip install faker") from error
    fakers = [Faker(locale) for locale in _LOCALES]
    for number, faker in enumerate(fakers):
        faker.seed_instance(seed * len(fakers) + number)
    rng = RandomStream(stable_hash("names", seed))
    chosen = (rng.choice(fakers) for _ in range(count))
    return [(faker.first_name(), faker.last_name()) for faker in chosen]


def _creators(patterns: Lines, names: Names, rng: RandomStream) -> list[str]:
    """Return the subject's channels or shows, and names of people."""
    chosen = [rng.choice(names) for _ in range(len(patterns) + 2 + len(names) // 200)]
    named = [pattern.format(first=first, last=last) for pattern, (first, last) in zip(patterns, chosen, strict=False)]
    return [*dict.fromkeys(named + [f"{first} {last}" for first, last in chosen[len(patterns) :]])]


def _evident_form(pattern: str) -> str:
    """Return the form that a subject's own pattern names, if any."""
    if "with {guest}" in pattern or "{guest} on " in pattern:
        return "interview"
    return "tutorial" if "How to {skill}" in pattern else ""


def _stutters(pattern: str, slots: dict[str, str]) -> bool:
    """Tell whether a title repeats a word, as in *Game of the Day: Famous Games*."""
    parts = [_SLOT.sub(" ", pattern), *(slots[slot] for slot in _SLOT.findall(pattern) if slot != "n")]
    stems = [{stem(word) for word in words(part)} - STOP for part in parts]
    return len(set().union(*stems)) < sum(map(len, stems))
