"""No output of a server has a secret that it was sent or gave out, in whatever spelling (K3).

One busy run sends every kind of secret to every place where a request can hold a text; then all that the server wrote
and shows is searched. Only what is asked for whole is given whole: a new key or token by the call that makes it, and by
``GET /`` the demo key and the webhook's secret, which are settings.
"""

import json
import re
import threading
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from clevora_mock.testing.clevora import Clevora
from clevora_mock.testing.report import report
from tests.support.firebase import TOKEN, TOOLKIT
from tests.support.product_tables import control_rows
from tests.support.program import StartedServer, serve_process
from tests.support.raw_client import TIMEOUT_SECONDS, connect, read_response
from tests.support.secrets import found_in, json_escaped, percent_encoded, spellings
from tests.support.tokens import jwt, valid_claims

pytestmark = [pytest.mark.slow, pytest.mark.clause("K3")]

OWN_KEY = "sk_live_00112233445566778899aabbccddeeff"
KEY_LINE = f"authorization: Bearer {OWN_KEY}"
OWN_SECRET = "whsec_" + b64encode(b"the server's own webhook secret").decode()
PASSWORD = 'horse "battery" \\ stäple&100%'
# What somebody else's configuration may send by mistake.
STRAY = {
    "stray key": "sk_live_fedcba98765432100123456789abcdef",
    "stray webhook secret": "whsec_" + b64encode(b"a webhook secret of somebody else").decode(),
    "stray ID token": jwt(valid_claims(1_767_225_600, "a-stray-uid", email="stray@clevora.example")),
    "stray refresh token": "AMf-" + b64encode(b"a refresh token of somebody else, long enough").decode(),
}
READ = sorted({row.path for row in control_rows() if row.method == "GET"} - {"/__mock/events"})
IDENTITY = {"email": "ann@clevora.example", "password": PASSWORD}


class BusyRun:
    """A run that uses everything; `outputs` has what it returned to no one in particular, by a name of its place."""

    def __init__(self, server: StartedServer) -> None:
        self.url = server.url
        host, port = server.url.removeprefix("http://").split(":")
        self.address = (host, int(port))
        self.http = httpx.Client(base_url=server.url, timeout=TIMEOUT_SECONDS)
        self.secrets = {"own key": OWN_KEY, "own webhook secret": OWN_SECRET, "password": PASSWORD} | STRAY
        self.outputs: dict[str, str] = {}

    def needles(self) -> dict[str, str]:
        """Return of each secret a part that masking may not show."""
        return {name: secret if secret == PASSWORD else secret[22:-4] for name, secret in self.secrets.items()}

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send a request; keep its answer's headers and, of an error, the body."""
        headers = {"authorization": f"Bearer {OWN_KEY}"} | more.pop("headers", {})
        answer = self.http.request(method, path, headers=headers, **more)
        self._keep(f"{method} {path}"[:80], str(answer.headers.raw) + (answer.text if answer.is_error else ""))
        return answer

    def get(self, method: str, path: str, **more: Any) -> Any:
        """Send a request; return the JSON of its answer, which must be a success."""
        return self.send(method, path, **more).raise_for_status().json()

    def send_raw(self, request: str) -> None:
        """Send bytes that no client would."""
        with connect(self.address) as connection:
            connection.sendall(request.encode())
            answer = read_response(connection)
        self._keep(f"raw {request[:60]!r}", f"{answer.headers}{answer.body!r}")

    def _keep(self, place: str, text: str) -> None:
        self.outputs[place] = self.outputs.get(place, "") + text


def sign_in_and_pay(run: BusyRun) -> None:
    """Sign up, sign in, refresh; make, use and revoke keys; top up and pay."""
    token = run.get("POST", "/__mock/tokens", json={"uid": "demo"})["idToken"]
    signed = {"authorization": f"Bearer {token}"}
    made = run.get("POST", "/v1/keys", headers=signed, json={"name": f"not {STRAY['stray key']}"})["data"]
    account = run.get("POST", "/__mock/accounts", json={"email": "bob@clevora.example", "password": PASSWORD})
    ann = run.get("POST", f"{TOOLKIT}/accounts:signUp?key=local", json=IDENTITY)
    run.send("POST", f"{TOOLKIT}/accounts:signInWithPassword?key=local", json=IDENTITY)
    run.send("POST", f"{TOOLKIT}/accounts:signInWithPassword?key=local", json=IDENTITY | {"email": "no@x.example"})
    run.send("POST", f"{TOOLKIT}/accounts:lookup?key=local", json={"idToken": ann["idToken"]})
    update = {"idToken": ann["idToken"], "password": PASSWORD}
    stray = STRAY["stray key"]
    named = {"displayName": f"Ann {stray}", "photoUrl": f"https://x.example/?a={quote(stray)}"}
    ann |= run.get("POST", f"{TOOLKIT}/accounts:update?key=local", json=update | named)
    grant = {"grant_type": "refresh_token", "refresh_token": ann["refreshToken"]}
    fresh = run.get("POST", f"{TOKEN}?key=local", data=grant)
    run.send("POST", f"{TOKEN}?key=local", json=grant)
    checkout = run.get("POST", "/api/developer/topup", headers=signed, json={"amount": 25})["data"]["checkoutUrl"]
    run.send("POST", checkout, data={"outcome": "succeeded"})
    payload = {"type": "payment.succeeded", "data": {"payment_id": stray, "metadata": {"note": stray}}}
    event = run.get("POST", "/__mock/webhooks/sign", json={"payload": payload})
    run.send("POST", "/api/dodo/webhook", headers=event["headers"], content=event["body"])
    run.send("DELETE", f"/v1/keys/{made['key']}", headers=signed)
    run.send("POST", "/v1/search", headers={"authorization": f"Bearer {made['key']}"}, json={"query": "revoked"})
    run.secrets |= {
        "ID token": token,
        "made key": made["key"],
        "account's key": account["apiKey"],
        "Firebase's ID token": ann["idToken"],
        "Firebase's refresh token": ann["refreshToken"],
        "fresh ID token": fresh["id_token"],
    }


def send_everywhere(run: BusyRun, text: str) -> None:
    """Send a spelling, as it stands in a JSON string's source, in every part of requests to every endpoint."""
    plain = json.loads(f'"{text}"')
    place = quote(plain, safe="%")
    field = f'"{text}"'
    message = f'"messages": [{{"role": "user", "content": {field}}}]'
    wanted = '"response_format": {"type": "json_schema", "json_schema":'
    schema = f'{{"type": "object", "required": [{field}], "properties": {{{field}: {{"const": {field}}}}}}}'
    bodies = {
        "/v1/chat/completions": [
            f"{{{message}}}",
            f'{{{message}, "stream": true}}',
            f'{{{message}, {field}: 1, "metadata": {{{field}: {field}}}}}',
            f'{{{message}, "model": {field}}}',
            f'{{{message}, "temperature": {field}}}',
            f'{{{message}, "a": 1, "a": {field}',
            f"{{{message}, {field}: 1, {field}: 2}}",
            f'{{"messages": [{{"role": {field}, "content": "a"}}]}}',
            f'{{"messages": [{{"role": "user", "content": [{{"type": "text", "text": {field}}}]}}]}}',
            f'{{{message}, {wanted} {{"name": {field}, "schema": {schema}}}}}}}',
            f'{{{message}, {wanted} {{"schema": {{"type": {field}}}}}}}}}',
        ],
        "/v1/embeddings": [f'{{"input": {field}}}', f'{{"input": ["a", {field}], "encoding_format": {field}}}'],
        "/v1/search": [f'{{"query": {field}}}', f'{{"query": "a", "limit": {field}}}', f"a={text}&b=c", text],
        "/v1/scripts/generate": [f'{{"topic": {field}}}', f'{{"topic": "a", "style": {field}}}'],
        f"{TOOLKIT}/accounts:signUp?key=x": [
            f'{{"email": {field}, "password": "secret-1"}}',
            f'{{"localId": {field}}}',
        ],
        f"{TOOLKIT}/accounts:lookup?key=x": [f'{{"idToken": {field}}}'],
        f"{TOKEN}?key=x": [f'{{"grant_type": {field}}}', f"grant_type=refresh_token&refresh_token={place}"],
        "/api/dodo/webhook": [f'{{"type": {field}}}'],
        "/__mock/accounts": [f'{{"email": {field}, "balance": {field}}}', f"{{{field}: 1}}"],
        "/__mock/tokens": [f'{{"uid": "a", "expiresIn": {field}}}'],
        "/__mock/reset": [f'{{"only": {field}}}'],
        "/__mock/webhooks/sign": [f'{{"payload": {field}}}'],
    }
    for path, contents in bodies.items():
        for content in contents:
            run.send("POST", path, content=content)
    for method, path, content in (
        ("PUT", "/__mock/scenario", f'{{"name": {field}}}'),
        ("PUT", "/__mock/scenario", f'{{"rules": [{{"when": {{"endpoint": {field}}}, "then": {{{field}: 1}}}}]}}'),
        ("PUT", "/__mock/scenario", f"rules: {text}"),
        ("PUT", "/__mock/state", f'{{"version": 1, {field}: {field}}}'),
        ("PATCH", "/__mock/clock", f'{{"now": {field}}}'),
        ("PATCH", "/__mock/accounts/demo", f'{{"balance": {field}}}'),
    ):
        run.send(method, path, content=content)
    for path in (
        f"/v1/{place}/nothing",
        f"/{place}",
        f"/sandbox/{place}/v1/keys",
        f"/v1/keys/{place}",
        f"/checkout/{place}",
        f"/api/developer/usage?range={place}&{place}=1",
        f"/__mock/accounts/{place}",
        f"/__mock/ledger?uid={place}",
        f"/__mock/firestore/{place}/{place}",
        f"/__mock/requests?limit={place}&{place}=1",
        f"/__mock/requests?since={place}",
    ):
        run.send("GET", path)
    run.send("POST", f"/__mock/checkouts/{place}/pay")
    header = plain.replace("\n", "")
    for name in ("user-agent", "content-encoding", "authorization", "webhook-id", "webhook-signature"):
        run.send("POST", "/api/dodo/webhook", headers={name: header, "webhook-timestamp": "1"}, content=b"{}")
        run.send("POST", "/v1/search", headers={name: header}, content=b'{"query": "a"}')
    for name in ("error", "fault", "delay", "scenario"):
        run.send("POST", "/v1/search", headers={f"x-clevora-mock-{name}": header}, content=b"{}")
    run.send("GET", "/__mock/clock", headers={"host": header.replace(" ", "")})
    run.send("POST", "/__mock/reset", headers={"origin": header}, json={"only": "scenario"})


def send_oddly(run: BusyRun, secret: str) -> None:
    """Send a secret as a method, a header's name, a version, in pieces, and in what a rule compares."""
    chunks = "".join(f"1\r\n{character}\r\n" for character in f"a={secret}") + "0\r\n\r\n"
    for request in (
        f"{secret} / HTTP/1.1\r\nhost: x\r\n\r\n",
        f"GET {secret} HTTP/1.1\r\nhost: x\r\n\r\n",
        f"GET / {secret}\r\nhost: x\r\n\r\n",
        f"GET /v1/keys HTTP/1.1\r\nhost: localhost\r\n{secret}: {secret}\r\nconnection: close\r\n\r\n",
        (
            f"POST /v1/search HTTP/1.1\r\nhost: localhost\r\n{KEY_LINE}\r\nx-clevora-mock-{secret}: 1\r\n"
            "content-length: 2\r\nconnection: close\r\n\r\n{}"
        ),
        f"GET /v1%2F{percent_encoded(secret)} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
        f"POST /v1/search HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n{chunks}",
    ):
        run.send_raw(request)
    halves = [{"type": "text", "text": part} for part in (secret[:28], secret[28:])]
    body = {"messages": [{"role": "user", "content": halves}]}
    run.send("POST", "/v1/chat/completions", json=body)
    run.send("POST", "/v1/chat/completions", json=body | {"stream": True})
    before = "x" * (16 * 1024 - 60)
    for padding in range(0, 60, 20):
        text = before + "x" * padding + secret
        run.send("POST", "/v1/chat/completions", json={"messages": [{"role": "user", "content": text}]})


def send_passwords(run: BusyRun) -> None:
    """Send a password in every spelling, under its name in JSON, in a form and in a query."""
    spelled = json.dumps(PASSWORD)
    objects = [
        f'{{"password": {spelled}, "email": "x"}}',
        f'{{"pass\\u0077ord": "{json_escaped(PASSWORD)}"}}',
        f'{{"newPassword": {spelled}',
        f'{{"a": [{{"client_secret": {spelled}}}]}}',
    ]
    objects += [json.dumps({"inner": inner}) for inner in objects]
    objects += [json.dumps({"inner": b64encode(inner.encode()).decode()}) for inner in objects[:4]]
    texts = [*objects, f"a=1&password={quote(PASSWORD)}", f"password={percent_encoded(PASSWORD)}"]
    for text in texts:
        run.send("POST", f"{TOOLKIT}/accounts:signInWithPassword?key=x", content=text)
        run.send("POST", "/v1/search", content=text)
        run.send("POST", "/__mock/accounts", content=text)
        run.send("GET", f"/v1/search?{text if text.startswith(('a=', 'pass')) else 'q=' + quote(text)}")


def meet_faults(run: BusyRun, secret: str) -> None:
    """Let rules compare secrets, and faults befall answers that quote one."""
    when = {"endpoint": "*", "message": "other", "header": {"user-agent": "other"}, "body": {"password": "other"}}
    run.send("PUT", "/__mock/scenario", json={"rules": [{"name": "r", "when": when, "then": {"error": 500}}]})
    body = {"messages": [{"role": "user", "content": f"say {secret}"}]}
    for then in ("reset", "truncate", "error_frame", "garbage", "html_error", "no_done"):
        try:
            run.send(
                "POST", "/v1/chat/completions", headers={"x-clevora-mock-fault": then}, json=body | {"stream": True}
            )
        except httpx.TransportError:
            continue
    run.send("POST", "/v1/chat/completions", headers={"user-agent": secret}, json=body | {"password": PASSWORD})
    run.send("DELETE", "/__mock/scenario")


def collect(run: BusyRun) -> None:
    """Read everything that can be read, also as JSON that stands in a file."""
    paths = [path.replace("{uid}", "demo").replace("{path:path}", "clevora_developer_logs") for path in READ]
    for path in [
        *paths,
        "/__mock/requests?limit=10000",
        "/__mock/ledger?uid=demo",
        "/v1/keys",
        "/api/developer/account",
    ]:
        run.outputs[f"GET {path}"] = run.http.get(path).text
    run.outputs["GET / as a page"] = run.http.get("/", headers={"accept": "text/html"}).text
    for checkout in run.http.get("/__mock/checkouts").json()["checkouts"]:
        run.outputs[checkout["url"]] = run.http.get(checkout["url"]).text
    for log in run.http.get("/__mock/firestore/clevora_developer_logs").json()["documents"][:50]:
        run.outputs[f"log {log}"] = run.http.get(f"/__mock/firestore/clevora_developer_logs/{log}").text
    run.outputs["a failed test's report"] = report(Clevora(run.url))


def start_reading(server: StartedServer) -> Callable[[], str]:
    """Read the log as it is written, since a server drops lines that nobody reads; return a function for all of it."""
    lines: list[str] = []
    stream = server.process.stderr
    assert stream is not None
    reader = threading.Thread(target=lambda: lines.extend(stream), daemon=True)
    reader.start()

    def end() -> str:
        reader.join(TIMEOUT_SECONDS)
        return "".join(lines)

    return end


def listen(run: BusyRun) -> Callable[[], None]:
    """Keep the events of the run; return a function that waits for the last."""
    started = threading.Event()

    def read() -> None:
        with run.http.stream("GET", "/__mock/events") as answer:
            started.set()
            for line in answer.iter_lines():
                run.outputs["events"] = run.outputs.get("events", "") + line + "\n"
                if '"reset":"scenario"' in line.replace(" ", ""):
                    return

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    assert started.wait(TIMEOUT_SECONDS)

    def end() -> None:
        run.send("POST", "/__mock/reset", json={"only": "scenario"})
        reader.join(TIMEOUT_SECONDS)

    return end


@pytest.fixture(scope="module", params=["text", "json"])
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> BusyRun:
    """Provide a run that is over, with everything that its server ever wrote."""
    file: Path = tmp_path_factory.mktemp("export") / "state.json"
    settings = {"api-key": OWN_KEY, "webhook-secret": OWN_SECRET, "log-format": request.param, "export-on-exit": file}
    flags = [part for name, value in settings.items() for part in (f"--{name}", str(value))]
    with serve_process("serve", "--no-rate-limit", "--clock", "frozen", *flags) as server:
        run = BusyRun(server)
        log = start_reading(server)
        end = listen(run)
        sign_in_and_pay(run)
        for secret in STRAY.values():
            for text in spellings(secret).values():
                send_everywhere(run, text)
            send_oddly(run, secret)
            meet_faults(run, secret)
        send_passwords(run)
        end()
        collect(run)
        run.http.close()
        server.process.terminate()
        run.outputs["the log"] = log()
        assert server.process.wait(TIMEOUT_SECONDS) == 0
    run.outputs["the export"] = file.read_text(encoding="utf-8")
    return run


@pytest.mark.parametrize("name", STRAY)
def test_the_search_finds_a_secret_in_each_spelling(name: str) -> None:
    needles = {name: STRAY[name][22:-4]}
    missed = [spelling for spelling, text in spellings(STRAY[name]).items() if not found_in(f"a{text}b", needles)]
    assert missed == []


def test_every_output_was_searched(ran: BusyRun) -> None:
    assert len(ran.outputs) > 500
    assert {"events", "the log", "the export", "a failed test's report"} <= ran.outputs.keys()
    assert len(ran.outputs["the log"].splitlines()) > 3000
    assert len(ran.secrets) == 13


def test_no_output_has_a_secret(ran: BusyRun) -> None:
    needles = ran.needles()
    shown = {"own key", "own webhook secret"}
    leaks = {
        (place, name)
        for place, text in ran.outputs.items()
        for name in found_in(text, needles)
        if not (name in shown and re.fullmatch("GET /( as a page|console)?", place))
    }
    assert leaks == set()
