"""Any state reached by public means goes out and in again: also a restored one with numbers at their bounds."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.bounded_states import CHANGES, State
from tests.support.control import chat, control, snapshot_of
from tests.support.examples import examples
from tests.support.server import RunningServer
from tests.support.world import World, fresh_world

_VIEWS = ("requests", "conduct", "ledger?uid=demo", "accounts", "checkouts", "clock", "scenario", "sandboxes", "health")


def _pay(world: World) -> Any:
    return control(world, f"POST checkouts/{world.open_checkout()}/pay")


# Each changes what a snapshot counts.
STEPS: dict[str, Callable[[World], Any]] = {
    "chat": chat,
    "end": lambda world: control(world, "DELETE scenario"),
    "balance": lambda world: control(world, "PATCH accounts/demo", json={"balance": 1}),
    "scenario": lambda world: control(world, "PUT scenario", content=b"name: low\naccount: {balance: -1000000000}"),
    "account": lambda world: control(world, "POST accounts", json={}),
    "pay": _pay,
    "advance": lambda world: world.http.patch("/__mock/clock", json={"advance": 1}),
    "start": lambda world: control(world, "PATCH clock", json={"now": "1970-01-01T00:00:00Z"}),
    "freeze": lambda world: control(world, "PATCH clock", json={"mode": "frozen"}),
}


@pytest.fixture
def whole(frozen_server: RunningServer) -> State:
    """Provide the snapshot of a sandbox with a request, a payment and a key."""
    world = fresh_world(frozen_server)
    chat(world)
    _pay(world)
    return snapshot_of(world)


def check(server: RunningServer, whole: State, changes: list[str], steps: list[str]) -> None:
    """Check that a changed snapshot is taken, and that what the steps make of it is taken again and is the same."""
    world, other = fresh_world(server), fresh_world(server)
    state = _copy(whole)
    for change in changes:
        CHANGES[change](state)
    control(world, "PUT state", json=state)
    for step in steps:
        STEPS[step](world)
    for view in _VIEWS:
        control(world, f"GET {view}")
    control(world, "PATCH clock", json={"mode": "frozen"})
    after = snapshot_of(world)
    control(other, "PUT state", json=after)
    assert snapshot_of(other) == after
    # The server lives on, whatever a sandbox's clock is.
    control(other, "DELETE scenario")


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(one) for key, one in value.items()}
    return [_copy(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "change",
    [pytest.param(name, marks=[pytest.mark.slow] if name == "a full ledger" else []) for name in CHANGES],
)
def test_a_state_at_a_bound_goes_out_and_in_again(frozen_server: RunningServer, whole: State, change: str) -> None:
    for steps in ([], ["chat"], ["end", "chat"], ["account", "pay"], ["balance", "scenario", "end"], ["start"]):
        check(frozen_server, whole, [change], steps)


@pytest.mark.slow
@examples(150)
@given(
    changes=st.lists(st.sampled_from([*CHANGES]), min_size=1, max_size=4),
    steps=st.lists(st.sampled_from([*STEPS]), max_size=6),
)
def test_any_state_at_its_bounds_goes_out_and_in_again(
    frozen_server: RunningServer, whole: State, changes: list[str], steps: list[str]
) -> None:
    check(frozen_server, whole, changes, steps)
