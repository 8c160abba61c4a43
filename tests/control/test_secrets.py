"""No secret in journal, snapshot, findings, headers or messages, however it was written."""

import json
from typing import Any

import pytest

from tests.support.control import control
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
        ("pass%77ord=hunter%26two2&a=b", "two2"),
    ],
)
def test_a_password_is_masked_however_it_is_written(world: World, body: str, secret: str) -> None:
    world.http.post(f"{TOOLKIT}/accounts:signInWithPassword?key=local&password={secret}", content=body)
    world.http.post("/v1/search", headers=world.headers, content=body)
    assert leaks(world, secret) == []


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
