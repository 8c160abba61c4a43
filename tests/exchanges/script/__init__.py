"""The script: every exchange, in order, by the servers that see them."""

from collections import Counter

from tests.exchanges.script import control, faults, firebase, http, models, money, settings
from tests.exchanges.steps import Part, Session, request, steps_of

_HTTP = (http.paths, http.heads, http.origins, http.bodies, http.framing, http.connections, http.not_http, http.names)
_MONEY = (money.keys, money.dashboard, money.checkouts, money.webhooks)
_CONTROL = (
    control.places,
    control.clock,
    control.accounts,
    control.journal,
    control.events,
    control.scenarios,
    control.matching,
    control.replies,
)


def script() -> list[Part]:
    """All parts."""
    parts = [*_frozen(), *settings.parts(faults.waited())]
    times = Counter(step.name for part in parts for step in part.steps)
    twice = [name for name, count in times.items() if count > 1]
    if twice:
        raise ValueError(f"steps of one name: {', '.join(twice)}")
    return parts


def _frozen() -> list[Part]:
    """What a server with a frozen clock sees."""
    idle = Session("an idle connection", "idle")
    idle.raw("it is used", request("GET /llms.txt", prefix=idle.prefix), on="idle")
    ended = Session("an idle connection at last", "idle")
    ended.raw("it has ended", on="idle", patience=15)
    general = [
        idle,
        models.twice("default sandbox", None),
        models.twice("other sandbox", "other"),
        *models.requests(),
        models.credentials(),
        *models.gates(),
        *models.limits(),
        *(make() for make in _HTTP),
        ended,
    ]
    trouble = [
        *faults.by_header(),
        *faults.by_scenario(),
        *faults.charges(),
        faults.refusals(),
        faults.asked_by_header(),
        faults.streams(),
        faults.broken_off(),
        faults.paced(),
        faults.standing(),
        *control.shipped(),
    ]
    pages = [*(make() for make in (*_MONEY, *_CONTROL)), *control.state(), firebase.firebase()]
    return [
        Part("general", settings.FROZEN, steps_of(*general)),
        Part("trouble", settings.FROZEN, steps_of(*trouble)),
        Part("pages", settings.FROZEN, steps_of(*pages)),
    ]
