"""Faults behind nginx: it cannot pass a reset on, and passes valid HTTP unchanged."""

import httpx
import pytest

from clevora_mock.faults import FAULTS
from tests.external.deploy.mocks import SERVER, Site
from tests.external.deploy.requests import CHAT, CHATS, KEY, chat, entries

# nginx's own status when a server sends nothing, and the faults that pass unchanged.
BAD_GATEWAY = ("reset", "close")
PASSED = ("garbage", "empty_body", "wrong_content_type", "html_error")
SILENT = ("stall",)
CUT = ("truncate",)
SLOW = ("slow_body",)
# These change other answers: streams, and embeddings in base64.
OF_OTHERS = tuple(kind for kind, fault in FAULTS.items() if fault.requires is not None)
# These need options, which a header cannot give.
WITH_OPTIONS = ("missing_fields", "wrong_types")


def asked(kind: str) -> dict[str, str]:
    return {"x-clevora-mock-fault": kind}


def rule(**fault: object) -> dict[str, object]:
    """Return a scenario in which every response has a fault."""
    return {"name": "one fault", "rules": [{"name": "always", "when": {"endpoint": "*"}, "then": {"fault": fault}}]}


def test_every_fault_is_in_one_of_the_tables() -> None:
    others = (*SILENT, *CUT, *SLOW, *OF_OTHERS, *WITH_OPTIONS)
    assert sorted(FAULTS) == sorted((*BAD_GATEWAY, *PASSED, *others))


@pytest.mark.parametrize("kind", BAD_GATEWAY)
def test_an_answer_without_a_byte_becomes_nginxs_502(kind: str, http: httpx.Client) -> None:
    """The 502 has no header of a mock; the chat costs nothing, as without nginx."""
    answer = chat(http, asked(kind))
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html")
    assert SERVER not in answer.headers
    assert [entry["cost"] for entry in entries(http)] == [0]


@pytest.mark.parametrize("kind", BAD_GATEWAY)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_request_is_retried_on_another_server(
    kind: str, method: str, http: httpx.Client, pair: Site, sandbox: str
) -> None:
    """A request is not repeated to another server, even if it is idempotent."""
    http.put("/__mock/scenario", json=rule(kind=kind)).raise_for_status()
    answer = http.get("/llms.txt") if method == "GET" else chat(http)
    assert answer.status_code == 502
    assert len(entries(http)) == 1
    assert sandbox in pair.holder(sandbox).sandboxes()


def test_faults_move_no_sandbox(http: httpx.Client, pair: Site) -> None:
    """Many resets do not make nginx mark the server as failed."""
    with pair.client("bystander") as bystander:
        before = [chat(client).headers[SERVER] for client in (http, bystander)]
        for _ in range(50):
            for kind in BAD_GATEWAY:
                assert chat(http, asked(kind)).status_code == 502
        assert [chat(client).headers[SERVER] for client in (http, bystander)] == before


@pytest.mark.parametrize("kind", PASSED)
def test_valid_http_passes_unchanged(kind: str, http: httpx.Client, pair: Site, sandbox: str) -> None:
    found = chat(http, asked(kind))
    direct = httpx.Client(base_url=f"{pair.holder(sandbox).url}/sandbox/{sandbox}-direct", timeout=20)
    with direct:
        expected = chat(direct, asked(kind))
    assert (found.status_code, found.headers["content-type"]) == (
        expected.status_code,
        expected.headers["content-type"],
    )
    assert found.headers[SERVER] == expected.headers[SERVER]
    assert len(found.content) == len(expected.content)


@pytest.mark.parametrize("kind", CUT)
def test_a_truncated_body_arrives_truncated(kind: str, http: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        chat(http, asked(kind))


@pytest.mark.parametrize("fault", [{"kind": "reset"}, {"kind": "close"}], ids=["reset", "close"])
def test_a_cut_stream_is_not_terminated(fault: dict[str, object], http: httpx.Client) -> None:
    """The connection closes without the last chunk, never by a reset."""
    http.put("/__mock/scenario", json=rule(**fault, after_tokens=0)).raise_for_status()
    with http.stream("POST", CHATS, headers=KEY, json=CHAT | {"stream": True}) as answer:
        assert answer.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            answer.read()


@pytest.mark.parametrize("kind", SILENT)
def test_a_stall_is_passed_on(kind: str, http: httpx.Client) -> None:
    with pytest.raises(httpx.ReadTimeout):
        http.post(CHATS, headers=KEY | asked(kind), json=CHAT, timeout=1)


@pytest.mark.parametrize("kind", SLOW)
def test_a_slow_body_is_passed_on_at_once(kind: str, http: httpx.Client) -> None:
    http.put("/__mock/scenario", json=rule(kind=kind, bytes_per_second=10)).raise_for_status()
    with http.stream("POST", CHATS, headers=KEY, json=CHAT) as answer:
        first = next(answer.iter_raw())
        assert 0 < len(first) < int(answer.headers["content-length"])
