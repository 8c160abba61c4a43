"""The mock itself: everything is built and wired here, once, from the settings."""

import asyncio
import sys
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from clevora_mock.api.direction import Direction
from clevora_mock.api.gate import Gate
from clevora_mock.api.routes import dashboard_routes, model_routes
from clevora_mock.api.routing import Route, Switch
from clevora_mock.api.stream import Pace
from clevora_mock.clock import wall
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.sandboxes import Sandboxes
from clevora_mock.core.scenario import DEFAULT, Scenario
from clevora_mock.scenarios.course import begin
from clevora_mock.settings import Settings

if TYPE_CHECKING:
    from clevora_mock.control.delivery import Delivery
    from clevora_mock.log import Watcher
    from clevora_mock.scenarios.shelf import Shelf
    from clevora_mock.scenarios.watching import Watch


class Mock:
    """All that one server has: `switch` is the way in, an ASGI application for HTTP.

    `watcher` is told of each request, with its sandbox's name; `retired` sees each sandbox that goes.
    Raises CatalogError or ScenarioError for a catalog or scenario that cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        watcher: "Watcher | None" = None,
        retired: Callable[[Sandbox], None] | None = None,
    ) -> None:
        self._settings = settings
        self._watcher = watcher
        if settings.scenarios:
            # A folder that cannot be used should be told at the start.
            self._shelf  # noqa: B018
        self._opening = Opening(self._shelf.load(settings.scenario) if settings.scenario else DEFAULT)
        self._beginning = settings.beginning()
        self._server = _this_start(settings.server_name)
        # Carries payments' events to the webhook; made with the first payment.
        self._delivery: Delivery | None = None
        self._watch = self._watched()
        self._watching: asyncio.Task[None] | None = None
        self.sandboxes = Sandboxes(self._make, _mourn, settings.max_sandboxes, retired)
        catalog = Path(settings.catalog) if settings.catalog else None
        pace = Pace(settings.tokens_per_second) if settings.tokens_per_second else None
        gate = Gate(Direction(self._named), settings.latency, self._server)
        self.switch = Switch(self.sandboxes, gate, model_routes(catalog, pace), self._further_routes)

    def started(self) -> None:
        """The event loop runs: take up what imported sandboxes wait for, and watch the scenario's file."""
        for sandbox in self.sandboxes.all():
            if any(checkout.due is not None for checkout in sandbox.checkouts.by_id.values()):
                self.deliver().resume(sandbox)
        if self._watch is not None:
            self._watching = asyncio.get_running_loop().create_task(self._watch.run())

    def deliver(self) -> "Delivery":
        """What finishes checkouts, here and on the mock's own pages."""
        if self._delivery is None:
            from clevora_mock.control.delivery import Delivery  # noqa: PLC0415 - few servers see a payment

            self._delivery = Delivery(self.switch)
        return self._delivery

    @cached_property
    def _shelf(self) -> "Shelf":
        """The scenarios that there are; most servers are asked for none."""
        from clevora_mock.data import scenarios  # noqa: PLC0415
        from clevora_mock.scenarios.shelf import Shelf  # noqa: PLC0415

        own = self._settings.scenarios
        return Shelf(scenarios(), Path(own) if own else None)

    def _named(self, name: str) -> Scenario:
        return self._shelf.named(name)

    def _make(self, name: str) -> Sandbox:
        sandbox = Sandbox(name, self._beginning, self._settings.clock.make(), self._opening)
        if self._watcher is not None:
            sandbox.journal.watchers.append(partial(self._watcher, name))
        return sandbox

    def _further_routes(self) -> list[Route]:
        from clevora_mock.control.guard import Guard  # noqa: PLC0415 - most clients never ask for these
        from clevora_mock.control.routes import Parts, control_routes  # noqa: PLC0415
        from clevora_mock.firebase.routes import firebase_routes  # noqa: PLC0415

        parts = Parts(self.sandboxes, self._shelf, self.deliver(), self._opening, self._server)
        guard = Guard(self._settings.allowed_host)
        return [*dashboard_routes(), *control_routes(guard, parts), *firebase_routes()]

    def _watched(self) -> "Watch | None":
        chosen = self._settings
        if not chosen.watch or chosen.scenario is None:
            return None
        from clevora_mock.scenarios.watching import Watch  # noqa: PLC0415 - few servers watch anything

        def replace(changed: Scenario) -> None:
            self._opening.replace(changed, self.sandboxes)

        return Watch(self._shelf.file_of(chosen.scenario), replace, _say)


class Opening:
    """The scenario that sandboxes start with."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    def __call__(self, sandbox: Sandbox) -> None:
        begin(sandbox, self.scenario)

    def replace(self, scenario: Scenario, sandboxes: Sandboxes) -> None:
        """Begin `scenario` wherever the one that it takes the place of is running."""
        before, self.scenario = self.scenario, scenario
        for sandbox in sandboxes.all():
            if sandbox.course.scenario == before:
                begin(sandbox, scenario)
        _say(f"scenario {scenario.name} reloaded")


def _this_start(name: str | None) -> str | None:
    """The server's name and, since state ends with the process, something that no other start of it has: its time."""
    return None if name is None else f"{name}-{wall() // 1000:x}"


def _mourn(name: str) -> None:
    _say(f"sandbox {name} was used least recently and had to go")


def _say(what: str) -> None:
    sys.stderr.write(f"clevora-mock: {what}\n")
