"""The application: everything is built and wired here, once, from the settings."""

import asyncio
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.types import ASGIApp

from clevora_mock.api.direction import Direction
from clevora_mock.api.gate import Gate
from clevora_mock.api.routes import dashboard_routes, model_routes
from clevora_mock.api.routing import Route, Switch
from clevora_mock.api.stream import Pace
from clevora_mock.clock import wall
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.sandboxes import Sandboxes
from clevora_mock.data import scenarios
from clevora_mock.log import Watcher
from clevora_mock.scenarios.course import begin
from clevora_mock.scenarios.scenario import DEFAULT, Scenario
from clevora_mock.scenarios.shelf import Shelf
from clevora_mock.scenarios.watching import Watch
from clevora_mock.settings import Settings

if TYPE_CHECKING:
    from clevora_mock.control.delivery import Delivery


class Application(Starlette):
    """A Starlette application whose own router does the routing and the rendering of errors.

    The two layers that Starlette puts around every router exist for errors that get past it; here none does.
    Middleware that is added still runs.
    """

    def __init__(self, switch: Switch, watch: Watch | None) -> None:
        super().__init__()
        self.router = switch
        self.sandboxes = switch.sandboxes
        # Carries payments' events to the webhook; made with the first payment.
        self.delivery: Delivery | None = None
        self._watch = watch
        self._watching: asyncio.Task[None] | None = None

    def build_middleware_stack(self) -> ASGIApp:
        app: ASGIApp = self.router.app
        for middleware, args, kwargs in reversed(self.user_middleware):
            app = middleware(app, *args, **kwargs)
        return app

    def started(self) -> None:
        """The event loop runs: take up what imported sandboxes wait for, and watch the scenario's file."""
        for sandbox in self.sandboxes.all():
            if any(checkout.due is not None for checkout in sandbox.checkouts.by_id.values()):
                self.deliver().resume(sandbox)
        if self._watch is not None:
            self._watching = asyncio.get_running_loop().create_task(self._watch.run())

    def deliver(self) -> "Delivery":
        """What finishes checkouts, here and on the mock's own pages."""
        if self.delivery is None:
            from clevora_mock.control.delivery import Delivery  # noqa: PLC0415 - few servers see a payment

            self.delivery = Delivery(self)
        return self.delivery


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


def create_app(
    settings: Settings | None = None,
    watcher: Watcher | None = None,
    retired: Callable[[Sandbox], None] | None = None,
) -> Application:
    """The mock as an ASGI application.

    `watcher` is told of each request, with its sandbox's name; `retired` sees each sandbox that goes.
    Raises CatalogError or ScenarioError for a catalog or scenario that cannot be used.
    """
    chosen = settings or Settings()
    beginning = chosen.beginning()
    shelf = Shelf(scenarios(), Path(chosen.scenarios) if chosen.scenarios else None)
    opening = Opening(shelf.load(chosen.scenario) if chosen.scenario else DEFAULT)

    def make(name: str) -> Sandbox:
        sandbox = Sandbox(name, beginning, chosen.clock.make(), opening)
        if watcher is not None:
            sandbox.journal.watchers.append(partial(watcher, name))
        return sandbox

    def dropped(name: str) -> None:
        _say(f"sandbox {name} was used least recently and had to go")

    sandboxes = Sandboxes(make, dropped, chosen.max_sandboxes, retired)

    def further_routes() -> list[Route]:
        from clevora_mock.control.guard import Guard  # noqa: PLC0415 - most clients never ask for these
        from clevora_mock.control.routes import Parts, control_routes  # noqa: PLC0415
        from clevora_mock.firebase.routes import firebase_routes  # noqa: PLC0415

        parts = Parts(sandboxes, shelf, app.deliver(), opening, server)
        return [*dashboard_routes(), *control_routes(Guard(chosen.allowed_host), parts), *firebase_routes()]

    server = _this_start(chosen.server_name)
    catalog = Path(chosen.catalog) if chosen.catalog else None
    pace = Pace(chosen.tokens_per_second) if chosen.tokens_per_second else None
    gate = Gate(Direction(shelf.named), chosen.latency, server)
    switch = Switch(sandboxes, gate, model_routes(catalog, pace), further_routes)
    app = Application(switch, _watch(chosen, shelf, opening, sandboxes))
    return app


def _this_start(name: str | None) -> str | None:
    """The server's name and, since state ends with the process, something that no other start of it has: its time."""
    return None if name is None else f"{name}-{wall() // 1000:x}"


def _watch(chosen: Settings, shelf: Shelf, opening: Opening, sandboxes: Sandboxes) -> Watch | None:
    if not chosen.watch or chosen.scenario is None:
        return None
    return Watch(shelf.file_of(chosen.scenario), lambda changed: opening.replace(changed, sandboxes), _say)


def _say(what: str) -> None:
    sys.stderr.write(f"clevora-mock: {what}\n")
