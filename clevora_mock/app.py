"""The application: everything is built and wired here, once, from the settings."""

import asyncio
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from starlette.applications import Starlette
from starlette.types import ASGIApp

from clevora_mock import contract
from clevora_mock.api import developer, keys, payments
from clevora_mock.api.answers import Json
from clevora_mock.api.chat import Chat, Recording
from clevora_mock.api.direction import Direction
from clevora_mock.api.embeddings import Embeddings
from clevora_mock.api.gate import Answer, Gate, Work
from clevora_mock.api.routing import Route, Switch
from clevora_mock.api.scripts import Scripts
from clevora_mock.api.search import Search
from clevora_mock.api.stream import Pace
from clevora_mock.core.call import Call
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.sandboxes import Sandboxes
from clevora_mock.data import fixture, scenarios
from clevora_mock.log import Watcher
from clevora_mock.models.library import Library
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
        app: ASGIApp = self.router
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
            if sandbox.course.scenario is before:
                begin(sandbox, scenario)
        _say(f"scenario {scenario.name} reloaded")


def create_app(settings: Settings | None = None, watcher: Watcher | None = None) -> Application:
    """The mock as an ASGI application; `watcher` is told of each request, with its sandbox's name.

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

    sandboxes = Sandboxes(make, dropped, chosen.max_sandboxes)

    def own_routes() -> list[Route]:
        from clevora_mock.control.guard import Guard  # noqa: PLC0415 - clients of the API never ask for these
        from clevora_mock.control.routes import Parts, control_routes  # noqa: PLC0415

        return control_routes(Guard(chosen.allowed_host), Parts(sandboxes, shelf, app.deliver(), opening))

    switch = Switch(sandboxes, Gate(Direction(shelf.named), chosen.latency), emulated_routes(chosen), own_routes)
    app = Application(switch, _watch(chosen, shelf, opening, sandboxes))
    return app


def _watch(chosen: Settings, shelf: Shelf, opening: Opening, sandboxes: Sandboxes) -> Watch | None:
    if not chosen.watch or chosen.scenario is None:
        return None
    return Watch(shelf.file_of(chosen.scenario), lambda changed: opening.replace(changed, sandboxes), _say)


def _say(what: str) -> None:
    sys.stderr.write(f"clevora-mock: {what}\n")


def emulated_routes(settings: Settings) -> list[Route]:
    """A route for each path of each endpoint in the contract's table."""
    library = Library(Path(settings.catalog) if settings.catalog else None)
    if settings.catalog is not None:
        # A mistake in it should be told at the start, not at the first search.
        library.index  # noqa: B018
    recordings = msgspec.json.decode(fixture("recorded.json").read_bytes(), type=list[Recording])
    pace = Pace(settings.tokens_per_second) if settings.tokens_per_second else None
    works: dict[str, Work] = {
        "chat.completions": Chat(library, recordings, pace),
        "embeddings": Embeddings(library),
        "search": Search(library),
        "scripts.generate": Scripts(library),
        "keys.create": keys.create,
        "keys.list": keys.show,
        "keys.revoke": keys.revoke,
        "developer.activate": developer.activate,
        "developer.account": developer.account,
        "developer.topup": developer.topup,
        "developer.transactions": developer.transactions,
        "developer.usage": developer.usage,
        "dodo.webhook": payments.webhook,
        "docs.llms": llms,
    }
    return [
        Route(endpoint.method, path, works[endpoint.name], endpoint)
        for endpoint in contract.ENDPOINTS
        for path in endpoint.paths
    ]


async def llms(call: Call) -> Answer:
    """``/docs/llms``, ``/llms.txt``, ``/llms.json`` (W7)."""
    from clevora_mock.api.llms import payload  # noqa: PLC0415 - built when somebody asks

    answer = Json(payload())
    answer.headers["cache-control"] = "public, max-age=300"
    return answer
