"""The mock as a Starlette application, for whoever serves, mounts or tests it in a program of their own.

The server of ``clevora-mock serve`` needs none of Starlette's application, whose imports take as long as all else that
it loads; every request goes the same way there, straight into the mock.
"""

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from clevora_mock.core.sandboxes import Sandboxes
from clevora_mock.mock import Mock
from clevora_mock.settings import Settings


class Application(Starlette):
    """A Starlette application whose HTTP is all the mock's, which does its own routing and rendering of errors.

    The two layers that Starlette puts around every router exist for errors that get past it; here none does.
    Middleware that is added still runs.
    """

    def __init__(self, mock: Mock) -> None:
        super().__init__()
        self.mock = mock

    @property
    def sandboxes(self) -> Sandboxes:
        return self.mock.sandboxes

    def build_middleware_stack(self) -> ASGIApp:
        async def inside(scope: Scope, receive: Receive, send: Send) -> None:
            await (self.mock.switch if scope["type"] == "http" else self.router)(scope, receive, send)

        app: ASGIApp = inside
        for middleware, args, kwargs in reversed(self.user_middleware):
            app = middleware(app, *args, **kwargs)
        return app


def create_app(settings: Settings | None = None) -> Application:
    """The mock as a Starlette application. Raises CatalogError or ScenarioError for a file that cannot be used."""
    return Application(Mock(settings or Settings()))
