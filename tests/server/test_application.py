"""`create_app()` returns a Starlette application that can be extended, mounted and served by any ASGI server."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clevora_mock import create_app
from clevora_mock.contract.endpoints import ENDPOINTS
from clevora_mock.control.export_file import export_sandboxes, import_sandboxes
from clevora_mock.core.errors import ApiError
from clevora_mock.core.id_tokens import Identity, issue
from clevora_mock.server.service import Service
from clevora_mock.settings import DEMO_KEY, Settings
from tests.support.raw_client import TIMEOUT_SECONDS
from tests.support.wait import wait_until

CHAT = "/v1/chat/completions"
HELLO = {"messages": [{"role": "user", "content": "Hello"}]}
HEADERS = {"authorization": f"Bearer {DEMO_KEY}"}

FROZEN = Settings(clock="frozen")


def client_of(app: ASGIApp, **options: Any) -> TestClient:
    """Return a client with a host name that the control plane accepts."""
    return TestClient(app, base_url="http://localhost", headers=HEADERS, **options)


def paths_of(app: Starlette) -> set[str]:
    return {route.path for route in app.routes if isinstance(route, Route)}


def signed_in(app: Starlette, name: str = "default") -> dict[str, str]:
    """Return headers of the demo user, signed in at the sandbox's present time."""
    now = app.state.sandboxes.get(name).clock.now()
    return {"authorization": f"Bearer {issue(Identity('demo', None), 'demo-clevora', now, 3600)}"}


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


# --- its routes -------------------------------------------------------------------------------------------------------


def test_it_is_a_starlette_application_with_a_route_for_every_path_of_the_contract() -> None:
    app = create_app()
    assert isinstance(app, Starlette)
    assert {path for endpoint in ENDPOINTS for path in endpoint.paths} <= paths_of(app)


def test_its_routes_list_the_control_plane() -> None:
    own = {"/", "/openapi.json", "/checkout/{id}", "/__mock/health", "/__mock/state", "/__mock/firestore/{path:path}"}
    assert own <= paths_of(create_app())


def test_its_routes_list_the_firebase_emulator() -> None:
    toolkit = "/identitytoolkit.googleapis.com/v1/accounts"
    firebase = {f"{toolkit}:signUp", f"{toolkit}:signInWithPassword", "/securetoken.googleapis.com/v1/token"}
    assert firebase <= paths_of(create_app())


@pytest.mark.parametrize(
    ("name", "parameters", "path"),
    [
        ("chat.completions", {}, "/v1/chat/completions"),
        ("keys.create", {}, "/v1/keys"),
        ("keys.list", {}, "/v1/keys"),
        ("keys.revoke", {"id": "key_1"}, "/v1/keys/key_1"),
        ("developer.usage", {}, "/api/developer/usage"),
    ],
)
def test_a_path_is_found_by_its_endpoints_name(name: str, parameters: dict[str, str], path: str) -> None:
    assert create_app().url_path_for(name, **parameters) == path


# --- extensions -------------------------------------------------------------------------------------------------------


class Marking:
    """Middleware that adds a header to every response."""

    def __init__(self, app: ASGIApp, mark: bytes) -> None:
        self.app = app
        self.mark = mark

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-mark", self.mark)]
            await send(message)

        await self.app(scope, receive, marked)


def test_added_middleware_runs_with_the_last_one_outermost() -> None:
    app = create_app()
    app.add_middleware(Marking, mark=b"inner")
    app.add_middleware(Marking, mark=b"outer")
    client = client_of(app)
    assert client.post(CHAT, json=HELLO).headers.get_list("x-mark") == ["inner", "outer"]
    assert client.get("/v1/nowhere").headers.get_list("x-mark") == ["inner", "outer"]


@pytest.mark.parametrize(
    ("handled", "method", "path"),
    [(404, "GET", "/v1/nowhere"), (405, "GET", CHAT), (ApiError, "POST", CHAT)],
    ids=["404", "405", "ApiError"],
)
def test_an_added_exception_handler_is_called(handled: int | type[Exception], method: str, path: str) -> None:
    async def handle(request: Request, error: Exception) -> Response:
        return JSONResponse({"handled": type(error).__name__}, 418)

    app = create_app()
    app.add_exception_handler(handled, handle)
    answer = client_of(app).request(method, path)
    assert answer.status_code == 418
    assert answer.json() == {"handled": "ApiError" if handled is ApiError else "HTTPException"}


def test_an_answer_of_an_added_exception_handler_is_recorded_by_its_status() -> None:
    async def handle(request: Request, error: Exception) -> Response:
        return PlainTextResponse("another shape", 418)

    app = create_app()
    app.add_exception_handler(ApiError, handle)
    client = client_of(app)
    client.post(CHAT, json={})
    (entry,) = client.get("/__mock/requests").json()["requests"]
    assert (entry["status"], entry["path"], entry["account"], entry["cost"]) == (418, CHAT, "demo", 0)


def test_an_added_route_answers_beside_the_mocks_own() -> None:
    app = create_app()
    app.router.routes.append(Route("/hello/{name}", hello, name="greeting"))
    client = client_of(app)
    assert app.url_path_for("greeting", name="you") == "/hello/you"
    assert client.get("/hello/you").text == "hello"
    assert client.get("/sandbox/mine/hello/you").text == "hello"
    assert client.post("/hello/you").status_code == 405
    assert client.post(CHAT, json=HELLO).status_code == 200


@pytest.mark.parametrize("status", [404, 405])
def test_an_added_route_may_refuse_after_it_has_read_the_body(status: int) -> None:
    async def refuse(request: Request) -> Response:
        await request.json()
        raise HTTPException(status, "no such item", headers={"x-mine": "1"})

    app = create_app()
    app.router.routes.append(Route("/items", refuse, methods=["POST"]))
    answer = client_of(app).post("/items", json={"a": 1})
    assert (answer.status_code, answer.headers["x-mine"]) == (status, "1")
    assert answer.json()["error"]["message"] == "no such item"


def test_an_added_route_that_fails_is_a_500_in_the_contracts_shape() -> None:
    async def fail(request: Request) -> Response:
        raise RuntimeError("a bug")

    app = create_app()
    app.router.routes.append(Route("/fail", fail))
    answer = TestClient(app, base_url="http://localhost", raise_server_exceptions=False).get("/fail")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")


def test_a_message_that_an_added_application_keeps_is_not_changed() -> None:
    start = {"type": "http.response.start", "status": 200, "headers": []}

    async def constant(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start)
        await send({"type": "http.response.body", "body": b"x"})

    app = create_app()
    app.router.routes.append(Mount("/constant", constant))
    client = client_of(app)
    assert [len(client.get("/constant/").headers.get_list("x-request-id")) for _ in range(3)] == [1, 1, 1]
    assert start["headers"] == []


def test_an_added_application_may_answer_without_headers() -> None:
    async def bare(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    app = create_app()
    app.mount("/bare", bare)
    answer = client_of(app).get("/bare/")
    assert (answer.status_code, answer.headers["x-request-id"][:4]) == (204, "req_")


def test_a_mounted_application_answers_beside_the_mocks_routes() -> None:
    app = create_app()
    app.mount("/files", Starlette(routes=[Route("/", hello), Route("/deep/", hello)]))
    client = client_of(app)
    assert [client.get(path).status_code for path in ("/files/", "/files/deep/")] == [200, 200]
    assert client.get("/sandbox/mine/files/deep/").text == "hello"
    assert client.post(CHAT, json=HELLO).status_code == 200


def test_a_404_that_an_added_route_raises_keeps_its_words() -> None:
    async def refuse(request: Request) -> Response:
        raise HTTPException(404, "No such report")

    app = create_app()
    app.router.routes.append(Route("/reports/{name}", refuse))
    assert client_of(app).get("/reports/last").json()["error"]["message"] == "No such report"


def test_an_error_of_the_api_that_an_added_route_raises_has_the_contracts_shape() -> None:
    async def refuse(request: Request) -> Response:
        raise ApiError("insufficient_balance")

    app = create_app()
    app.router.routes.append(Route("/poor", refuse))
    answer = client_of(app).get("/poor")
    assert (answer.status_code, answer.json()["error"]["code"]) == (402, "insufficient_balance")
    assert answer.headers["x-request-id"].startswith("req_")


# --- its lifespan -----------------------------------------------------------------------------------------------------


def test_a_watched_scenario_is_reloaded_while_the_lifespan_lasts(tmp_path: Path) -> None:
    file = tmp_path / "watched.yaml"
    file.write_text("name: before", encoding="utf-8")
    app = create_app(Settings(scenario=str(file), watch=True))
    with client_of(app) as client:
        file.write_text("name: afterwards", encoding="utf-8")
        wait_until(lambda: client.get("/__mock/scenario").json()["name"] == "afterwards")


def test_an_imported_payment_that_is_due_later_is_delivered(tmp_path: Path) -> None:
    """The lifespan schedules the events that were pending at the export."""
    file = tmp_path / "state.json"
    app = create_app(FROZEN)
    client = client_of(app)
    client.put("/__mock/scenario", content="name: late\npayments: {delay: 1h}")
    checkout = top_up(client, signed_in(app)).rpartition("/")[2]
    assert client.post(f"/__mock/checkouts/{checkout}/pay").json()["webhookStatus"] is None
    export_sandboxes(app.state.sandboxes, file)

    app = create_app(FROZEN)
    import_sandboxes(app.state.sandboxes, file)
    with client_of(app) as client:
        before = client.get("/__mock/accounts/demo").json()["balance"]
        client.patch("/__mock/clock", json={"advance": 3600})
        wait_until(lambda: client.get("/__mock/accounts/demo").json()["balance"] == before + 50)


@pytest.mark.parametrize(
    ("then", "status"), [({"delay": "5ms"}, 200), ({"fault": "slow_body"}, 200), ({"fault": "reset"}, 0)]
)
def test_a_payment_is_credited_despite_a_fault_on_its_events_response(then: dict[str, str], status: int) -> None:
    app = create_app()
    client = client_of(app)
    checkout = top_up(client, signed_in(app)).rpartition("/")[2]
    client.put("/__mock/scenario", json={"rules": [{"when": {"endpoint": "dodo.webhook"}, "then": then}]})
    assert client.post(f"/__mock/checkouts/{checkout}/pay").json()["webhookStatus"] == status
    assert client.get("/__mock/accounts/demo").json()["balance"] == 150


# --- below a prefix ---------------------------------------------------------------------------------------------------


def top_up(client: TestClient, headers: dict[str, str], prefix: str = "") -> str:
    """Open a checkout of $50, and return its URL."""
    answer = client.post(f"{prefix}/api/developer/topup", json={"amount": 50}, headers=headers)
    return str(answer.json()["data"]["checkoutUrl"])


@pytest.fixture
def mounted() -> Iterator[tuple[TestClient, Starlette]]:
    """Provide a client of an application with the mock mounted at ``/clevora``, and the mock itself."""
    mock = create_app(FROZEN)
    with client_of(Starlette(routes=[Mount("/clevora", mock), Route("/hello", hello)])) as client:
        yield client, mock


@pytest.mark.parametrize("sandbox", ["", "/sandbox/mine"])
def test_a_mounted_mock_answers_in_every_sandbox(mounted: tuple[TestClient, Starlette], sandbox: str) -> None:
    client, _ = mounted
    assert client.post(f"/clevora{sandbox}{CHAT}", json=HELLO).json()["object"] == "chat.completion"
    assert client.get("/hello").text == "hello"


@pytest.mark.parametrize(("sandbox", "name"), [("", "default"), ("/sandbox/mine", "mine")])
def test_a_checkout_of_a_mounted_mock_can_be_opened_and_paid(
    mounted: tuple[TestClient, Starlette], sandbox: str, name: str
) -> None:
    client, mock = mounted
    prefix = f"/clevora{sandbox}"
    url = top_up(client, signed_in(mock, name), prefix)
    assert url.startswith(f"http://localhost{prefix}/checkout/cks_")
    before = client.get(f"{prefix}/__mock/accounts/demo").json()["balance"]
    page = client.get(url)
    assert (page.status_code, "Pay $50.00" in page.text) == (200, True)
    paid = client.post(url, data={"outcome": "succeeded"}, headers={"origin": "http://localhost"})
    assert (str(paid.url), paid.status_code) == (url, 200)
    assert "Paid and credited." in paid.text
    assert client.get(f"{prefix}/__mock/accounts/demo").json()["balance"] == before + 50


def test_documents_of_a_mounted_mock_have_the_prefix(mounted: tuple[TestClient, Starlette]) -> None:
    client, _ = mounted
    for path in ("/openapi.json", "/__mock/openapi.json"):
        document = client.get(f"/clevora/sandbox/mine{path}").json()
        assert document["servers"] == [{"url": "http://localhost/clevora/sandbox/mine"}]
        assert not any(path.startswith("/clevora") for path in document["paths"])


def test_the_journal_of_a_mounted_mock_has_paths_without_the_prefix(mounted: tuple[TestClient, Starlette]) -> None:
    client, _ = mounted
    for path in (CHAT, "/v1/nowhere"):
        client.post(f"/clevora/sandbox/mine{path}", json=HELLO)
    journal = client.get("/clevora/sandbox/mine/__mock/requests").json()["requests"]
    assert [entry["path"] for entry in journal] == ["/v1/nowhere", CHAT]


def test_unknown_paths_and_methods_of_a_mounted_mock_have_the_contracts_shape(
    mounted: tuple[TestClient, Starlette],
) -> None:
    client, _ = mounted
    unknown, wrong = client.get("/clevora/v1/nowhere"), client.get(f"/clevora{CHAT}")
    assert unknown.json() == {
        "error": {"message": "No route GET /v1/nowhere", "type": "not_found_error", "code": "not_found"}
    }
    assert unknown.status_code == 404
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert wrong.json()["error"]["code"] == "method_not_allowed"


def test_a_mounted_mock_finds_paths_by_name(mounted: tuple[TestClient, Starlette]) -> None:
    outer = Starlette(routes=[Mount("/clevora", mounted[1], name="clevora")])
    assert outer.url_path_for("clevora:chat.completions") == f"/clevora{CHAT}"


# --- on servers -------------------------------------------------------------------------------------------------------


def test_a_service_serves_the_application_that_create_app_makes() -> None:
    """The same request at the same time in the same state has one response, in process and over a socket."""
    with_port = Settings(port=0, quiet=True, clock=FROZEN.clock)
    service = Service(with_port)
    assert isinstance(service.app, Starlette)
    ready: list[httpx.Response] = []

    def ask() -> None:
        asyncio.get_running_loop().run_in_executor(None, ask_by_socket)

    def ask_by_socket() -> None:
        try:
            ready.append(httpx.post(f"{service.url}{CHAT}", json=HELLO, headers=HEADERS, timeout=TIMEOUT_SECONDS))
        finally:
            service.stop()

    service.run(ask)
    in_process = client_of(create_app(with_port)).post(CHAT, json=HELLO)
    assert [(answer.status_code, answer.json()) for answer in ready] == [(200, in_process.json())]
    assert service.app.state.sandboxes.default.journal.total == 1


@pytest.mark.parametrize("kind", ["reset", "close"])
def test_a_server_without_connection_control_reports_the_fault_as_an_error(kind: str) -> None:
    answer = client_of(create_app()).post(CHAT, json=HELLO, headers={"x-clevora-mock-fault": kind})
    assert answer.status_code == 500
    assert answer.json()["error"] == {
        "message": f"This server cannot {kind} a connection; clevora-mock serve can",
        "type": "server_error",
        "code": "internal_error",
    }


def test_faults_within_http_work_on_every_server() -> None:
    answer = client_of(create_app()).post(CHAT, json=HELLO, headers={"x-clevora-mock-fault": "html_error"})
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html")


def test_a_stream_works_on_every_server() -> None:
    answer = client_of(create_app()).post(CHAT, json=HELLO | {"stream": True})
    events = answer.text.removesuffix("\n\n").split("\n\n")
    assert events[-1] == "data: [DONE]"
    assert json.loads(events[0].removeprefix("data: "))["object"] == "chat.completion.chunk"
