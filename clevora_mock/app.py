"""The mock as a Starlette application."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.middleware import Middleware

from clevora_mock.api.routes import build_api_routes, load_operations, make_family
from clevora_mock.api.stream_pacing import StreamPacing
from clevora_mock.clock import wall_micros
from clevora_mock.contract_file import ContractFile, read_contract
from clevora_mock.control.endpoint import ControlAction, ControlListener
from clevora_mock.control.origin_check import LocalOnly
from clevora_mock.control.routes import ControlContext, build_control_routes, build_control_table
from clevora_mock.control.webhook_sender import WebhookSender
from clevora_mock.core.errors import ApiError
from clevora_mock.core.journal import JournalListener, JournalMemory, RequestListener
from clevora_mock.core.metrics import RequestMetrics
from clevora_mock.core.sandbox import Sandbox, StartupScenario
from clevora_mock.core.sandboxes import MAX_KEPT_BYTES, Limit, Sandboxes
from clevora_mock.core.scenario import DEFAULT, Scenario
from clevora_mock.evidence import read_evidence
from clevora_mock.firebase.routes import build_firebase_routes
from clevora_mock.resources import scenarios
from clevora_mock.scenarios.file_watcher import FileWatcher
from clevora_mock.scenarios.store import ScenarioStore
from clevora_mock.settings import Settings
from clevora_mock.web.background import LONG, Background
from clevora_mock.web.error_handlers import ErrorHandlers, RefusalListener
from clevora_mock.web.header_overrides import PlanResolver
from clevora_mock.web.middleware import SandboxMiddleware
from clevora_mock.web.operation import ApiFamily, Operation
from clevora_mock.web.pipeline import OperationEndpoint
from clevora_mock.web.routing import EndpointMaker, TrailingSlashRoute

if TYPE_CHECKING:
    from clevora_mock.recordings.setup import LiveApi

# ruff: noqa: PLC0415 - few servers use the live API, or what was recorded of it

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def create_app(
    settings: Settings | None = None,
    on_request: RequestListener | None = None,
    on_cleared: JournalListener | None = None,
    on_change: ControlListener | None = None,
) -> Starlette:
    """Return the mock as a Starlette application, with its `Sandboxes` in ``state.sandboxes``.

    ``state.background`` is the thread for its long work.
    ``state.live_api`` is how it uses the live API, or what was recorded of it; None if it does not.

    `on_request` is called with each request to an emulated API, `on_change` with each change that is made through the
    control plane and each request to it that is refused, and, in the thread for long work, `on_cleared` with each
    journal that is cleared, as at a reset or a removal. Raises SettingsError for settings of which one needs or
    excludes another, UnusableFileError for a catalog, scenario, contract, evidence or recording that cannot be used,
    and UpstreamUnavailableError without httpx.
    """
    chosen = settings or Settings()
    chosen.require_consistent()
    store = ScenarioStore(scenarios(), Path(chosen.scenarios) if chosen.scenarios else None)
    startup = StartupScenario(store.load(chosen.scenario) if chosen.scenario else DEFAULT)
    contract = read_contract(Path(chosen.contract)) if chosen.contract else ContractFile()
    metrics = RequestMetrics()
    background = Background()
    make = _sandbox_maker(chosen, contract, startup, metrics, on_request, _in_thread(background, on_cleared))
    sandboxes = Sandboxes(make, _eviction_logger(chosen), chosen.max_sandboxes)
    live_api = _connect(chosen, background)
    context = ControlContext(
        sandboxes=sandboxes,
        metrics=metrics,
        store=store,
        sender=WebhookSender(),
        operations=_operations(chosen, contract),
        background=background,
        overrides=contract.overrides(),
        evidence=read_evidence(Path(chosen.evidence)) if chosen.evidence else None,
        recordings=None if live_api is None else live_api.recordings,
        server=_start_name(chosen.server_name),
    )
    family = make_family(contract.error_specs)
    app = Starlette(
        routes=_routes(chosen, context, family, live_api, on_change),
        middleware=[
            Middleware(SandboxMiddleware, sandboxes=sandboxes, latency=chosen.latency_micros, server=context.server),
            *_live_middleware(live_api),
        ],
        exception_handlers=_exception_handlers(family, on_change),
        lifespan=_closing(live_api, _lifespan(chosen, context, startup)),
    )
    # The mock's routes take a trailing slash themselves (W3).
    app.router.redirect_slashes = False
    app.state.sandboxes = sandboxes
    app.state.live_api = live_api
    app.state.background = background
    return app


def _in_thread(background: Background, on_cleared: JournalListener | None) -> Callable[[Sandbox], None]:
    """Return what has the listener get a sandbox's journal when it is cleared, whose length is that of the work."""

    def listen(sandbox: Sandbox) -> None:
        # Not the sandbox itself, which would then be freed only when the collection of garbage finds the circle.
        name, clock = sandbox.name, sandbox.clock
        if on_cleared is not None:
            sandbox.journal.on_cleared = lambda entries: background.start(
                partial(on_cleared, name, entries, clock.is_wall_time)
            )

    return listen


def _operations(settings: Settings, contract: ContractFile) -> list[Operation]:
    catalog = Path(settings.catalog) if settings.catalog else None
    pacing = StreamPacing(settings.tokens_per_second) if settings.tokens_per_second else None
    return load_operations(catalog, pacing, contract.tokenizer, contract.embeddings.dimensions)


def _routes(
    settings: Settings,
    context: ControlContext,
    family: ApiFamily,
    live_api: "LiveApi | None",
    on_change: ControlListener | None,
) -> list[TrailingSlashRoute]:
    local_only = LocalOnly((*settings.allowed_hosts, settings.host.lower()), settings.control)
    background = context.background
    plan = PlanResolver(context.store, background)
    return [
        *build_api_routes(context.operations, family, plan, background, _endpoint_maker(live_api)),
        *build_control_routes(build_control_table(context), local_only, on_change),
        *build_firebase_routes(background),
    ]


def _exception_handlers(family: ApiFamily, on_change: ControlListener | None) -> dict[Any, Any]:
    errors = ErrorHandlers(family, None if on_change is None else _refusal_listener(on_change))
    return {
        ApiError: errors.api_error,
        Exception: errors.server_error,
        404: errors.not_found,
        405: errors.method_not_allowed,
    }


def _connect(settings: Settings, background: Background) -> "LiveApi | None":
    if settings.record is None and settings.replay is None and not settings.diff:
        return None
    from clevora_mock.recordings.setup import connect

    return connect(settings, _log, background)


def _endpoint_maker(live_api: "LiveApi | None") -> EndpointMaker:
    """Return the maker of the emulated API's endpoints: with recordings if there are some."""
    if live_api is None or live_api.recordings is None:
        return OperationEndpoint
    from clevora_mock.recordings.recorded_endpoint import RecordedEndpoint

    return partial(RecordedEndpoint, recordings=live_api.recordings, client=live_api.client)


def _live_middleware(live_api: "LiveApi | None") -> list[Middleware]:
    if live_api is None or live_api.drift is None:
        return []
    from clevora_mock.recordings.drift import DriftMiddleware

    return [Middleware(DriftMiddleware, report=live_api.drift)]


def _closing(live_api: "LiveApi | None", lifespan: Lifespan) -> Lifespan:
    @asynccontextmanager
    async def closing(app: Starlette) -> AsyncIterator[None]:
        async with lifespan(app):
            yield
            if live_api is not None:
                await live_api.close()

    return closing


def _sandbox_maker(
    settings: Settings,
    contract: ContractFile,
    startup: StartupScenario,
    metrics: RequestMetrics,
    on_request: RequestListener | None,
    listen: Callable[[Sandbox], None],
) -> Callable[[str], Sandbox]:
    config = settings.sandbox_config()
    journals = JournalMemory()
    limits = config.limits if settings.no_rate_limit else contract.key_limits
    config = replace(config, limits=limits, counting=contract.counting)

    def make(name: str) -> Sandbox:
        sandbox = Sandbox(name, config, settings.make_clock(), startup, journals)
        sandbox.journal.listeners.append(metrics.add)
        if on_request is not None:
            sandbox.journal.listeners.append(partial(on_request, name))
        listen(sandbox)
        return sandbox

    return make


def _refusal_listener(on_change: ControlListener) -> RefusalListener:
    def tell(sandbox: Sandbox, method: str, path: str, error: str) -> None:
        on_change(sandbox.name, ControlAction(sandbox.clock.now(), method, path, b"", error))

    return tell


def _lifespan(settings: Settings, context: ControlContext, startup: StartupScenario) -> Lifespan:
    sandboxes, background = context.sandboxes, context.background

    async def replace(scenario: Scenario) -> None:
        if await _replace_startup_scenario(startup, scenario, sandboxes):
            _log(f"scenario {scenario.name} reloaded")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        """Schedule the pending events of imported sandboxes, watch the scenario's file, and end what has begun."""
        for sandbox in sandboxes.all():
            context.sender.resume(app, sandbox)
        watching: asyncio.Task[None] | None = None
        if settings.watch and settings.scenario is not None:
            file = context.store.file_of(settings.scenario)
            watching = asyncio.create_task(FileWatcher(file, replace, _log, partial(background.run, LONG)).run())
        yield
        if watching is not None:
            watching.cancel()
        await background.finish()

    return lifespan


async def _replace_startup_scenario(startup: StartupScenario, scenario: Scenario, sandboxes: Sandboxes) -> bool:
    """Start `scenario` in the sandboxes that run the previous startup scenario, unless both mean the same."""
    before, startup.scenario = startup.scenario, scenario
    if scenario.means_the_same(before):
        return False
    for sandbox in sandboxes.all():
        if sandbox.scenario_run.scenario.means_the_same(before):
            sandbox.start_scenario(scenario)
            # Other requests go on between two of many sandboxes.
            await asyncio.sleep(0)
    return True


def _start_name(name: str | None) -> str | None:
    """Return the server's name with its start time in milliseconds, which is unique for each process."""
    return None if name is None else f"{name}-{wall_micros() // 1000:x}"


def _eviction_logger(settings: Settings) -> Callable[[str, Limit], None]:
    reasons: dict[Limit, str] = {
        "sandboxes": f"the least recently used of {settings.max_sandboxes:,}; raise --max-sandboxes to keep more",
        "memory": f"the least recently used large one; the sandboxes keep more than {MAX_KEPT_BYTES // 1024**2} MiB",
    }

    def log(name: str, limit: Limit) -> None:
        if not settings.quiet:
            _log(f"sandbox {name} evicted, {reasons[limit]}")

    return log


def _log(message: str) -> None:
    sys.stderr.write(f"clevora-mock: {message}\n")
