"""A form filled in: pieces drawn from its parts, and the user's words put in their places."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from clevora_mock.core.chance import Draws
from clevora_mock.models import wording
from clevora_mock.models.phrases import Part

T = TypeVar("T")

_AGREEING = {
    "it": "they",
    "its": "their",
    "them": "them",
    "is": "are",
    "has": "have",
    "does": "do",
}


class Slots(dict[str, str]):
    """The values of slots; ``{Subject}`` is ``{subject}`` with a capital, and verbs agree with it."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self._plural: bool | None = None

    def __missing__(self, name: str) -> str:
        if name == "title":
            return wording.title(self["subject"])
        if name[:1].isupper():
            return wording.upper_first(self[name.lower()])
        if self._plural is None:
            self._plural = wording.plural(self.get("subject", ""))
        if not self._plural:
            return name
        return _AGREEING.get(name, name.removesuffix("s"))


def sample(draws: Draws, pool: Sequence[T], take: int) -> list[T]:
    """`take` different items of `pool` (all of them if there are fewer), in random order."""
    if take == 1:
        return [draws.choose(pool)]
    places = list(range(len(pool)))
    taken = []
    for _ in range(min(take, len(pool))):
        at = draws.below(len(places))
        taken.append(pool[places[at]])
        places[at] = places[-1]
        places.pop()
    return taken


def compose(parts: Sequence[Part], slots: Mapping[str, str], draws: Draws) -> str:
    """One text from `parts`, in order; a part that draws nothing leaves no gap."""
    made = ""
    for part in parts:
        picked = draws.choose(part.pool) if part.take == 1 else part.join.join(sample(draws, part.pool, part.take))
        if picked:
            made += (part.before if made else "") + picked
    return made.format_map(slots)
