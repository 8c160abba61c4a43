"""The script: every exchange, in order, by server."""

from collections import Counter

from tests.exchanges.script import control, faults, firebase, keys, models, settings
from tests.exchanges.steps import Part, steps_of


def script() -> list[Part]:
    """Return all parts."""
    parts = [*_frozen(), *settings.parts(faults.waited())]
    times = Counter(step.name for part in parts for step in part.steps)
    twice = [name for name, count in times.items() if count > 1]
    if twice:
        raise ValueError(f"steps of one name: {', '.join(twice)}")
    return parts


def _frozen() -> list[Part]:
    """Return the steps of a server with a frozen clock."""
    answers = [
        models.twice("default sandbox", None),
        models.twice("other sandbox", "other"),
        *models.requests(),
        models.last_request(),
        *models.limits(),
    ]
    broken = [*faults.by_header(), faults.streams(), faults.broken_off(), faults.paced(), *control.shipped()]
    state = [keys.keys(), control.events(), control.matching(), control.replies(), *control.state()]
    return [
        Part("answers", settings.FROZEN, steps_of(*answers)),
        Part("faults", settings.FROZEN, steps_of(*broken)),
        Part("state", settings.FROZEN, steps_of(*state, firebase.firebase())),
    ]
