"""Every row of the contract: the situation, the request, and the expected response."""

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.api.rows import ROWS
from tests.api.rows.row import ABSENT, ENVELOPED, ERRORS, Row, differences
from tests.support.situations import CREDENTIALS, SIGNATURES, StoredValues, fill_in, set_up

if TYPE_CHECKING:
    from tests.support.world import World


@pytest.mark.parametrize("row", ROWS, ids=lambda row: re.sub(r"[^\w.,:]+", "-", row.title)[:90])
def test_a_row_of_the_contract_holds(world: "World", row: Row) -> None:
    memory: StoredValues = {}
    for step in row.given:
        set_up(world, memory, step)
    response = send(world, row, memory)
    wrong = [
        *check_common_headers(response),
        *(check_error(row, response) if row.code else []),
        *check_expectations(row, response),
    ]
    assert not wrong, "\n".join([f"{row.title}: {response.status_code} {response.text[:500]}", *wrong])


def send(world: "World", row: Row, memory: StoredValues) -> httpx.Response:
    content = row.raw
    if content is None and row.body is not None:
        content = httpx.Request("POST", "http://x", json=fill_in(row.body, memory)).content
    headers = {} if content is None else {"content-type": "application/json"}
    if row.credential in SIGNATURES:
        headers |= SIGNATURES[row.credential](world, content or b"")
    else:
        authorization = CREDENTIALS[row.credential](world, memory)
        headers |= {} if authorization is None else {"authorization": authorization}
    path = row.path.format_map(memory) if memory else row.path
    return world.http.request(row.method, path, headers=headers | dict(row.headers), content=content)


def check_common_headers(response: httpx.Response) -> list[str]:
    """Check the headers that every response has (W1, W2)."""
    wrong: list[str] = []
    if response.headers.get("content-type") != "application/json":
        wrong.append(f"content-type: {response.headers.get('content-type')}")
    if not re.fullmatch("req_[0-9a-f]{24}", response.headers.get("x-request-id", "")):
        wrong.append(f"x-request-id: {response.headers.get('x-request-id')}")
    return wrong


def check_error(row: Row, response: httpx.Response) -> list[str]:
    """Check an error against its row of the table: three keys, and the envelope where it applies."""
    status, kind = ERRORS[row.code or ""]
    body = response.json()
    wrong = [] if response.status_code == status else [f"status: wanted {status}"]
    enveloped = re.match(rf"({'|'.join(ENVELOPED)})(?![\w-])", row.path) is not None
    keys = {"status", "error"} if enveloped else {"error"}
    if body.keys() != keys:
        wrong.append(f"keys: wanted {keys}")
    if enveloped and body.get("status") != "error":
        wrong.append('status: wanted "error"')
    if "error" not in body:
        return wrong
    detail: dict[str, Any] = body["error"]
    if detail.keys() != {"message", "type", "code"}:
        wrong.append(f"error's keys: {sorted(detail)}")
    wrong += differences({"type": kind, "code": row.code}, detail, "error")
    message = detail.get("message")
    if not isinstance(message, str) or not message:
        return [*wrong, f"message: {message!r}"]
    if row.field and not message.startswith(f"{row.field}: "):
        wrong.append(f"message must begin with the field {row.field}")
    if row.code == "invalid_field" and not re.search(r": expected .+, got .+", message):
        wrong.append("message must say what was expected and what came")
    if row.message and not re.fullmatch(row.message, message, re.DOTALL):
        wrong.append(f"message must match {row.message}")
    return wrong


def check_expectations(row: Row, response: httpx.Response) -> list[str]:
    """Check the expectations of this row."""
    wrong: list[str] = []
    if row.code is None and response.status_code != row.status:
        return [f"status: wanted {row.status}"]
    for name, wanted in row.sends.items():
        found = response.headers.get(name)
        if wanted is ABSENT:
            wrong += [f"header {name} must be absent"] if found is not None else []
        else:
            wrong += differences(wanted, found, f"header {name}")
    if row.answer is not None:
        wrong += differences(row.answer, response.json())
    return wrong
