"""Numbered lists of exactly as many different entries as were asked for."""

from clevora_mock.core.chance import Draws
from clevora_mock.models import wording
from clevora_mock.models.ask import Ask
from clevora_mock.models.phrases import Phrases
from clevora_mock.models.slots import Slots, sample

_PETS = wording.word_set("pet pets dog cat puppy kitten rabbit hamster bird horse fish parrot")
_EMPTY = wording.word_set(
    "a an the my your our new small local it its this for to in of with and or company business startup"
)
_PLAIN = wording.word_set(
    "good great nice random different famous popular common other big small some the well-known classic basic"
)
_WHOLE = wording.word_set("planets continents oceans seasons days months")
_PEOPLE = wording.word_set("baby child boy girl character characters hero heroine people person son daughter")


def entries(ask: Ask, count: int, phrases: Phrases, draws: Draws) -> list[str]:
    """`count` different entries for a list request; for 0, all of a small category and otherwise five."""
    about = ask.subject or "it"
    slots = Slots({"about": about, "tag": _tag(about), "subject": about})
    pool = category(ask, phrases)
    if not count and pool and ask.other.lower() in _WHOLE:
        return list(pool)
    count = count or 5
    pool = pool or _pool(ask, phrases, draws)
    if ask.noun == "steps" and count <= len(pool):
        kept = sorted(sample(draws, range(len(pool)), count))
        items = [pool[at] for at in kept]
    else:
        items = sample(draws, pool, count) if count > 1 else [draws.choose(pool)]
    at = 0
    while len(items) < count:
        twist = phrases.twists[(at // len(pool)) % len(phrases.twists)]
        turn = at // (len(pool) * len(phrases.twists))
        items.append(_twisted(pool[at % len(pool)], twist if not turn else f"{twist} ({turn + 1})"))
        at += 1
    return [wording.upper_first(item.format_map(slots)) for item in items]


def numbered(items: list[str]) -> str:
    return "\n".join(f"{at}. {item}" for at, item in enumerate(items, 1))


def _pool(ask: Ask, phrases: Phrases, draws: Draws) -> tuple[str, ...]:
    if ask.noun != "names":
        return phrases.lists.get(ask.noun) or phrases.lists["items"]
    words = set(ask.clause.lower().split())
    if words & _PETS:
        return phrases.lists["petnames"]
    if words & _PEOPLE:
        return phrases.lists["names"]
    key = [word for word in (ask.subject or "").split() if word.isalpha() and word.lower() not in _EMPTY][:1]
    firsts = draws.shuffled([*phrases.lists["adjectives"], *map(wording.upper_first, key)])
    lasts = draws.shuffled(phrases.lists["nouns"])
    pairs = [
        f"{first} {lasts[(at + shift) % len(lasts)]}" for shift in range(len(lasts)) for at, first in enumerate(firsts)
    ]
    return tuple(pairs)


def category(ask: Ask, phrases: Phrases) -> tuple[str, ...]:
    """The things of a well-known category, if that is what is asked for: planets, dog breeds."""
    if ask.noun not in {"items", ""}:
        return ()
    words = ask.other.lower().split()
    for size in (2, 1):
        name = " ".join(words[-size:])
        for single in (name.removesuffix("s"), name.removesuffix("ies") + "y", name.removesuffix("es")):
            found = phrases.categories.get(single)
            if found and set(words[:-size]) <= _PLAIN:
                return found
    return ()


def _twisted(item: str, twist: str) -> str:
    """`item` varied by a few words, before its last punctuation."""
    end = item[-1] if item[-1] in ".?!" else ""
    return f"{item[: len(item) - len(end)]}, {twist}{end}"


def _tag(about: str) -> str:
    words = ["".join(char for char in word if char.isalnum()) for word in about.split()]
    return (
        "".join(
            map(
                wording.upper_first,
                [word for word in words if word.lower() not in {"the", "a", "an", "my", "your"}][:2],
            )
        )
        or "Ideas"
    )
