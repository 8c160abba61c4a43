"""No secret in journal, snapshot, findings, headers or messages, however it was written."""

import json
from typing import Any

import httpx
import pytest

from tests.support.control import chat, control, start_scenario
from tests.support.firebase import TOOLKIT
from tests.support.raw_client import connect, read_response
from tests.support.world import World

DIGITS = "0123456789abcdef0123456789abcdef"
KEY = f"sk_live_{DIGITS[::-1]}"
ESCAPED = "".join(f"\\u{ord(character):04x}" for character in KEY)
ENCODED = "".join(f"%{ord(character):02x}" for character in KEY)
PLACES = ("requests", "state", "conduct", "firestore/clevora_developer_logs", "ledger?uid=demo", "accounts/demo")


def leaks(world: World, *secrets: str) -> list[str]:
    """Return the places where one of `secrets` is found in whatever spelling."""
    found = []
    for place in PLACES:
        answer = world.http.get(f"/__mock/{place}")
        text = answer.text.lower().replace("\\u005f", "_").replace("%5f", "_")
        found += [f"{place}: {secret}" for secret in secrets if secret.lower() in text]
    return found


def post(world: World, body: str, **more: Any) -> Any:
    return world.http.post(
        "/v1/chat/completions", headers=world.headers | more.pop("headers", {}), content=body, **more
    )


@pytest.mark.clause("K3")
@pytest.mark.parametrize("key", [KEY, ESCAPED, "sk\\u005flive_" + KEY[8:], ENCODED, KEY.title()], ids=range(5))
def test_a_key_in_a_request_is_masked(world: World, key: str) -> None:
    message = f'"messages": [{{"role": "user", "content": "{key}"}}]'
    answers = [
        post(world, f'{{{message}, "{key}": 1}}'),
        post(world, f'{{{message}, "{"x" * 30}{key}": 1}}'),
        post(world, f'{{{message}, "model": "{"x" * 30} {key}"}}'),
        post(world, f'{{{message}, "a": {{"{key}": 1, "{key}": 2}}}}'),
        post(world, f'{{{message}, "{key}'),
        world.http.post(f"/v1/nothing?key={key}", headers={"user-agent": key}, content=f"a={key}&b=c"),
        world.http.get(f"/v1/{key}/nothing"),
    ]
    titled = {"topic": f"{'words ' * 20} {json.loads(chr(34) + key + chr(34))}"}
    world.http.post("/v1/scripts/generate", headers=world.headers, json=titled)
    world.http.post("/v1/scripts/generate", headers=world.headers, content=f'{{"topic": "{key}"}}')
    assert leaks(world, KEY, KEY[8:], ESCAPED, ENCODED) == []
    for answer in answers:
        shown = str(answer.headers) + (answer.text if answer.is_error else "")
        assert KEY[8:] not in shown.lower()
        assert ENCODED not in shown.lower()


@pytest.mark.clause("K3")
def test_a_key_as_a_keys_name_is_masked(world: World) -> None:
    made = world.http.post("/v1/keys", headers=world.signed_in(), json={"name": f"old {KEY}"}).json()["data"]
    assert made["name"] == f"old {KEY[:20]}...{KEY[-2:]}"
    assert KEY not in world.http.get("/v1/keys", headers=world.signed_in()).text
    assert leaks(world, KEY, KEY[8:], made["key"]) == []


@pytest.mark.parametrize(
    ("body", "secret"),
    [
        ('{"pass\\u0077ord": "hunter2", "email": "a@x.example"}', "hunter2"),
        ('{"password": "hun\\"ter2", "email": "a@x.example"}', "ter2"),
        ('{"password": 987654321, "email": "a@x.example"}', "987654321"),
        ('{"password": "hunter2', "hunter2"),
        ('{"a": "{\\"password\\": \\"hunter2\\"}"}', "hunter2"),
        ('{"a": "whsec_abcd\\/hunter2=="}', "hunter2"),
        ("password=hunter2&a=b", "hunter2"),
        ('{"password": [["a"], "hunter2"]}', "hunter2"),
        ('{"password": {"old": {"v": 1}, "new": "hunter2"}}', "hunter2"),
        ('{"a": "{\\"password\\": [\\"hunter2\\"]}"}', "hunter2"),
        ('{"aws_secret_access_key": "hunter2"}', "hunter2"),
        ("{'password': 'hunter2'}", "hunter2"),
        ("DB_PASSWORD=hunter2", "hunter2"),
        ('form-data; name="password"\r\n\r\nhunter2', "hunter2"),
        ("pass%77ord=hunter%26two2&a=b", "two2"),
    ],
)
def test_a_password_is_masked_however_it_is_written(world: World, body: str, secret: str) -> None:
    world.http.post(f"{TOOLKIT}/accounts:signInWithPassword?key=local&password={secret}", content=body)
    world.http.post("/v1/search", headers=world.headers, content=body)
    assert leaks(world, secret) == []


@pytest.mark.parametrize("name", ["x-api-key", "cookie", "authorization"])
def test_a_credential_in_a_header_that_a_rule_missed_is_masked(world: World, name: str) -> None:
    start_scenario(world, f'rules: [{{when: {{header: {{{name}: "hunter3"}}}}, then: {{error: 500}}}}]')
    sent = {name: f"{world.headers['authorization']} hunter2"} if name != "authorization" else {}
    post(world, "{}", headers=sent)
    (entry,) = control(world, "GET requests")["requests"]
    assert (entry["nearMisses"][0]["expected"], entry["nearMisses"][0]["got"]) == ("***", "another value")
    assert leaks(world, "hunter2", world.api_key) == []


def test_a_scenarios_error_code_is_masked_in_the_journal(world: World) -> None:
    """The scenario itself stays as its user wrote it: a snapshot restores it."""
    start_scenario(world, f"rules: [{{then: {{error: {{status: 500, code: {KEY}}}}}}}]")
    chat(world)
    assert control(world, "GET requests")["count"] == 1
    assert KEY not in world.http.get("/__mock/requests").text


def test_a_key_in_the_place_of_a_sandboxs_name_is_masked(world: World) -> None:
    dashed = KEY.replace("_", "-")
    refused = httpx.get(f"{world.server.url}/sandbox/{KEY}/v1/x")
    assert refused.status_code == 404
    assert DIGITS[::-1] not in refused.text + str(refused.headers)
    httpx.get(f"{world.server.url}/sandbox/{dashed}/v1/x")
    assert dashed not in httpx.get(f"{world.server.url}/__mock/sandboxes").text
    httpx.delete(f"{world.server.url}/sandbox/{dashed}")


def test_a_key_in_an_overriding_header_is_masked(world: World) -> None:
    for name in ("error", "fault", "delay", "scenario"):
        answer = post(world, "{}", headers={f"x-clevora-mock-{name}": f"aaaa {KEY}"})
        assert answer.status_code == 400
        assert KEY[8:28] not in answer.text + str(answer.headers)
    assert leaks(world, KEY[8:]) == []


def test_a_key_in_a_raw_path_is_masked(world: World) -> None:
    with connect(world.address) as connection:
        connection.sendall(f"GET /sandbox/{world.name}/v1%2F{ENCODED} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        answer = read_response(connection)
    assert answer.status == 404
    assert KEY[8:].encode() not in answer.body
    assert control(world, "GET requests")["count"] == 1
    assert leaks(world, KEY[8:], ENCODED) == []
