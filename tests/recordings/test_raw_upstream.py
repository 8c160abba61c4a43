"""Answers that are not as httpx or the contract would have them: over TLS, compressed, cut, with odd statuses."""

import gzip
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.live_api import CHAT, ask, lines_of, serve_recorder, serve_replay
from tests.support.program import run_program
from tests.support.raw_client import connect
from tests.support.raw_upstream import AUTHORITY, serve_bytes
from tests.support.world import TLS

JSON = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
PARTS = (b'data: {"choices":[{"delta":{"content":"caf\xc3', b'\xa9"}}]}\r\n\r\n: hi\r\n\r\n', b"data: [DONE]\r\n\r\n")


def chunked(*parts: bytes) -> list[bytes]:
    return [*(b"%x\r\n%s\r\n" % (len(part), part) for part in parts), b"0\r\nx-trailer: 1\r\n\r\n"]


def exchange(directory: Path, *parts: bytes, **more: Any) -> httpx.Response:
    """Record one answer that consists of these bytes; return what the client got."""
    with serve_bytes(*parts, **more) as live, serve_recorder(live.url, directory) as server:
        return ask(server)


def recorded(directory: Path) -> list[dict[str, Any]]:
    file = directory / "default.jsonl"
    return lines_of(file) if file.exists() else []


class TestTls:
    @pytest.fixture
    def trusted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have the environment trust the tests' authority."""
        monkeypatch.setenv("SSL_CERT_FILE", str(AUTHORITY))

    def test_a_stream_passes_byte_for_byte_and_is_replayed(self, tmp_path: Path, trusted: None) -> None:
        with (
            serve_bytes(EVENTS + b"transfer-encoding: chunked\r\n\r\n", *chunked(*PARTS), tls=True) as live,
            serve_recorder(live.url, tmp_path) as server,
            httpx.stream("POST", server.url + CHAT, json={"a": 1}, verify=TLS) as answer,
        ):
            assert tuple(answer.iter_raw()) == PARTS
        with serve_replay(tmp_path) as server:
            assert httpx.post(server.url + CHAT, json={"a": 1}, verify=TLS).content == b"".join(PARTS)

    def test_a_client_that_leaves_ends_the_request(self, tmp_path: Path, trusted: None) -> None:
        head = EVENTS + b"\r\n"
        with (
            serve_bytes(head, b": wait\n\n", tls=True, endless=True) as live,
            serve_recorder(live.url, tmp_path) as server,
        ):
            with httpx.stream("POST", server.url + CHAT, json={}, verify=TLS) as answer:
                next(answer.iter_raw())
            assert live.left.wait(2)
        assert recorded(tmp_path) == []

    def test_an_authority_that_is_not_trusted_is_a_502_that_says_so(self, tmp_path: Path) -> None:
        answer = exchange(tmp_path, JSON + b"content-length: 2\r\n\r\n{}", tls=True)
        assert answer.status_code == 502
        assert "certificate verify failed" in answer.json()["error"]["message"]

    @pytest.mark.parametrize(
        ("variable", "value", "message"),
        [
            (
                "SSL_CERT_FILE",
                "/nowhere.pem",
                "the certificates of SSL_CERT_FILE or SSL_CERT_DIR cannot be read: No such",
            ),
            ("SSL_CERT_FILE", __file__, "the certificates of SSL_CERT_FILE or SSL_CERT_DIR cannot be read: "),
            ("HTTPS_PROXY", "ftp://127.0.0.1", "Unknown scheme for proxy URL"),
        ],
    )
    def test_an_environment_that_cannot_be_used_is_a_usage_error(
        self, tmp_path: Path, variable: str, value: str, message: str
    ) -> None:
        command = ["serve", "--port", "0", "--upstream", "https://api.example/v1", "--record", str(tmp_path)]
        ended = run_program(*command, **{variable: value})
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr.startswith(f"clevora-mock: --upstream: {message}")
        assert ended.stderr.count("\n") == 1


class TestEncodings:
    def test_a_compressed_stream_is_passed_on_and_recorded_plain(self, tmp_path: Path) -> None:
        packed = gzip.compress(b"".join(PARTS))
        answer = exchange(tmp_path, EVENTS + b"content-encoding: gzip\r\n\r\n", packed[:20], packed[20:])
        assert answer.content == b"".join(PARTS)
        assert "".join(text for _, text in recorded(tmp_path)[0]["stream"]).encode() == b"".join(PARTS)

    @pytest.mark.parametrize("kept", [-9, 12, 4])
    def test_a_compressed_answer_that_is_cut_is_cut_and_not_recorded(self, tmp_path: Path, kept: int) -> None:
        """Although nothing in HTTP says that its bytes are not all."""
        packed = gzip.compress(os.urandom(2000).hex().encode())
        with pytest.raises(httpx.RemoteProtocolError):
            exchange(tmp_path, JSON + b"content-encoding: gzip\r\n\r\n", packed[:kept])
        assert recorded(tmp_path) == []

    def test_an_encoding_that_cannot_be_read_is_a_502_that_says_so(self, tmp_path: Path) -> None:
        answer = exchange(tmp_path, JSON + b"content-encoding: br\r\ncontent-length: 2\r\n\r\n\x0b\x00")
        assert answer.status_code == 502
        assert answer.json()["error"]["message"].endswith(" answered in the encoding br, which was not asked for")
        assert recorded(tmp_path) == []


class TestFraming:
    def test_http_1_0_is_passed_on(self, tmp_path: Path) -> None:
        answer = exchange(tmp_path, EVENTS.replace(b"1.1", b"1.0") + b"\r\n", *PARTS)
        assert answer.content == b"".join(PARTS)
        assert len(recorded(tmp_path)[0]["stream"]) == len(PARTS)

    def test_informational_answers_are_passed_over(self, tmp_path: Path) -> None:
        early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n"
        assert exchange(tmp_path, early + JSON + b"content-length: 2\r\n\r\n{}").content == b"{}"

    def test_an_answer_without_a_body_is_replayed_without_one(self, tmp_path: Path) -> None:
        assert exchange(tmp_path, b"HTTP/1.1 204 No Content\r\n\r\n").status_code == 204
        with serve_replay(tmp_path) as server:
            assert (ask(server).status_code, ask(server).status_code) == (204, 502)

    @pytest.mark.parametrize("status", [600, 999])
    def test_a_status_that_does_not_exist_is_a_502_that_says_so(self, tmp_path: Path, status: int) -> None:
        answer = exchange(tmp_path, b"HTTP/1.1 %d What\r\ncontent-length: 2\r\n\r\n{}" % status)
        assert answer.status_code == 502
        assert answer.json()["error"]["message"].endswith(f" answered {status}, which is no status of HTTP")

    def test_what_is_no_http_is_quoted_without_its_secrets(self, tmp_path: Path) -> None:
        key = "sk_live_0011223344556677889900aabbccddee"
        message = exchange(tmp_path, b"hello " + key.encode() + b"x" * 5000 + b"\r\n\r\n").json()["error"]["message"]
        assert "illegal status line" in message
        assert key not in message
        assert len(message) < 300

    def test_what_is_no_http_is_quoted_without_the_credential_of_the_request(self, tmp_path: Path) -> None:
        key = "live-Zq7-upstream-key-123"
        # The key ends where the quotation is cut.
        head = b"x" * 120 + key.encode() * 20 + b"\r\n\r\n"
        with serve_bytes(head) as live, serve_recorder(live.url, tmp_path, upstream_key=key) as server:
            message = ask(server).json()["error"]["message"]
        assert "***" in message
        assert "live-" not in message

    def test_the_media_types_case_does_not_count(self, tmp_path: Path) -> None:
        exchange(tmp_path, EVENTS.replace(b"text/event-stream", b"Text/Event-Stream") + b"\r\n", *PARTS)
        assert len(recorded(tmp_path)[0]["stream"]) == len(PARTS)

    def test_headers_are_passed_on_and_replayed_byte_for_byte(self, tmp_path: Path) -> None:
        exotic = "x-ratelimit-kind: €".encode() + b"\r\nretry-after: " + b"9" * 5000
        live = exchange(tmp_path, JSON + exotic + b"\r\ncontent-length: 2\r\n\r\n{}")
        with serve_replay(tmp_path) as server:
            replayed = ask(server)
        for answer in (live, replayed):
            headers = {name.lower(): value for name, value in answer.headers.raw}
            assert headers[b"x-ratelimit-kind"] == "€".encode()
            assert headers[b"retry-after"] == b"9" * 5000

    def test_a_header_whose_name_has_any_character_of_a_token_is_replayed(self, tmp_path: Path) -> None:
        exchange(tmp_path, JSON + b"x-ratelimit-limit.requests: 5\r\ncontent-length: 2\r\n\r\n{}")
        with serve_replay(tmp_path) as server:
            assert ask(server).headers["x-ratelimit-limit.requests"] == "5"

    @pytest.mark.parametrize("value", [b"a\x01b", b"a\x7fb"])
    def test_a_header_that_http_cannot_send_is_a_502_that_says_so(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], value: bytes
    ) -> None:
        answer = exchange(tmp_path, JSON + b"cache-control: " + value + b"\r\ncontent-length: 2\r\n\r\n{}")
        problem = "answered with cache-control, whose value HTTP cannot send"
        assert answer.status_code == 502
        assert answer.json()["error"]["message"].endswith(f" {problem}")
        assert recorded(tmp_path) == []
        assert f"POST {CHAT} is not recorded: " in (said := capsys.readouterr().err)
        assert problem in said

    def test_a_cost_that_no_recording_has_is_not_recorded(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        body = b'{"usage": {"prompt_tokens": 1000000000, "completion_tokens": 1000000000}}'
        with (
            serve_bytes(JSON + b"content-length: %d\r\n\r\n" % len(body) + body) as live,
            serve_recorder(live.url, tmp_path) as server,
        ):
            headers = {"authorization": f"Bearer {server.api_key}"}
            answer = httpx.post(f"{server.url}/v1/scripts/generate", json={"topic": "a"}, headers=headers, verify=TLS)
        assert (answer.status_code, recorded(tmp_path)) == (200, [])
        assert "is not recorded: expected an exchange: cost: expected a number up to 1000000" in capsys.readouterr().err

    @pytest.mark.parametrize("segment", ["%2e%2e", "%2E", "..%2fadmin", "a%3Fb=1"])
    def test_a_path_leads_nowhere_else(self, tmp_path: Path, segment: str) -> None:
        body = JSON + b"content-length: 2\r\n\r\n{}"
        with serve_bytes(body) as live, serve_recorder(live.url, tmp_path) as server:
            host, port = server.url.removeprefix("http://").split(":")
            with connect((host, int(port))) as connection:
                connection.sendall(f"DELETE /v1/keys/{segment} HTTP/1.1\r\nhost: a\r\n\r\n".encode())
                assert connection.recv(1000).startswith(b"HTTP/1.1 200")
            target = live.heads[0].split(b" ")[1].decode()
        assert target.lower() == f"/v1/keys/{segment}".lower().replace("=", "%3d")
