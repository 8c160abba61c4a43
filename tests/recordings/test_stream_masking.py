"""A secret in a stream never reaches the file, however it is split, and the pieces keep their number and times."""

import json
import re
from random import Random
from typing import Any

import pytest

from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.core.exchange import RequestFacts
from clevora_mock.recordings.canonical_request import canonical_request
from clevora_mock.recordings.masker import Masker, masker_for
from clevora_mock.recordings.recorded_exchange import CanonicalRequest, encode_line
from clevora_mock.recordings.recorder import Answer, NotRecordedError, Piece, record
from clevora_mock.recordings.stream_masking import masked_pieces
from tests.support.secrets import found_in, spellings

CHAT = ENDPOINT_BY_NAME["chat.completions"]
# Each secret, and the part of it that no mask shows.
SECRETS = {
    "sk_live_0011223344556677889900aabbccddee": "77889900aabbccdd",
    "whsec_dGhpcy1pcy1hLXNlY3JldA==": "dGhpcy1pcy1hLXNlY3JldA",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJkZW1vIn0.c2lnbmF0dXJl": "c2lnbmF0dXJl",
    "AMf-vBxAbCdEfGhIjKlMnOpQrStUvWxYz": "AbCdEfGhIjKlMnOpQrStUvWxYz",
    '{"password": "correct horse"}': "correct horse",
}
# Of a live API, and like none of the mock's.
CREDENTIAL = "cle-live/7Hq+Zt_93xw~Kd"
DELTAS = ("content", "reasoning", "refusal", "arguments")


def delta(field: str, text: str, choice: int) -> dict[str, Any]:
    if field == "arguments":
        return {"index": choice, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": text}}]}}
    return {"index": choice, "delta": {field: text}}


def split(text: str, random: Random, parts: int) -> list[str]:
    """Cut a text into at most so many parts, each of at least a character."""
    cuts = sorted(random.sample(range(1, len(text)), min(parts, len(text)) - 1))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def stream_of(text: str, random: Random) -> list[bytes]:
    """Return a stream that says `text` over events, in pieces of the network's, in one of many forms."""
    field, end = random.choice(DELTAS), random.choice(["\n", "\r\n", "\r"])
    mark = random.choice(["data: ", "data:"])
    separators = random.choice([(",", ":"), (", ", ": ")])
    said = split(text, random, random.choice([2, 3, 5, 8, 1000]))
    chunks = [[delta(field, part, 0)] for part in said]
    if random.random() < 0.5:
        # Another choice says something else between the parts.
        chunks = [chunk for one in chunks for chunk in (one, [delta(field, "Hello ", 1)])]
    events = [
        mark
        + json.dumps({"id": "chatcmpl-1", "choices": chunk}, ensure_ascii=random.random() < 0.5, separators=separators)
        for chunk in chunks
    ]
    if random.random() < 0.3:
        events.insert(len(events) // 2, ": keep-alive")
    body = "".join(event + 2 * end for event in [*events, "data: [DONE]"]).encode()
    if random.random() < 0.3:
        return [body]
    cuts = sorted(random.sample(range(1, len(body)), min(len(body) - 1, random.choice([2, 7, 40]))))
    return [body[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(body)], strict=True)]


def written(pieces: list[bytes], masker: Masker | None = None) -> str:
    """Return the line of a recorded stream, with a piece each 10 ms."""
    timed = tuple(Piece(10 * index, piece) for index, piece in enumerate(pieces))
    answer = Answer(200, {"content-type": "text/event-stream"}, timed, complete=True)
    request = CanonicalRequest("POST", "/v1/chat/completions", body={"stream": True})
    return encode_line(record(CHAT, request, 1, answer, masker or Masker())).decode()


def readings(line: str) -> dict[str, str]:
    """Return what a reader gets from a recorded stream: all of it, and what each place of its events says."""
    stream = "".join(text for _, text in json.loads(line)["stream"])
    said: dict[str, str] = {"the line": line, "the stream": stream}
    for data in re.findall(r"(?:^|[\r\n])data: ?(\{[^\r\n]*)", stream):
        for choice in json.loads(data)["choices"]:
            for field in DELTAS[:3]:
                place = f"{choice['index']} {field}"
                said[place] = said.get(place, "") + choice["delta"].get(field, "")
            for call in choice["delta"].get("tool_calls", []):
                said["arguments"] = said.get("arguments", "") + call["function"]["arguments"]
    return said


class TestSplits:
    @pytest.mark.parametrize("secret", SECRETS)
    @pytest.mark.parametrize("seed", range(60))
    def test_a_secret_over_events_and_pieces_is_not_written(self, secret: str, seed: int) -> None:
        random = Random(f"{secret} {seed}")
        line = written(stream_of(f"Take {secret} and go.", random))
        assert {place for place, text in readings(line).items() if found_in(text, {"it": SECRETS[secret]})} == set()

    @pytest.mark.parametrize("secret", [*SECRETS][:4])
    @pytest.mark.parametrize("form", spellings("x"))
    def test_a_secret_in_another_spelling_is_not_written(self, secret: str, form: str) -> None:
        for seed in range(5):
            random = Random(f"{secret} {form} {seed}")
            line = written(stream_of(f"Take {spellings(secret)[form]} and go.", random))
            assert {place for place, text in readings(line).items() if found_in(text, {"it": SECRETS[secret]})} == set()

    @pytest.mark.parametrize("form", ["plain", "percent once", "base64 from byte 0", "base64 from byte 1"])
    def test_the_credential_in_use_is_not_written_whatever_it_looks_like(self, form: str) -> None:
        text = "cle-live%2F7Hq%2BZt_93xw~Kd" if form == "percent once" else spellings(CREDENTIAL)[form]
        for seed in range(20):
            line = written(stream_of(f"Take {text} and go.", Random(seed)), Masker((CREDENTIAL,)))
            assert {place for place, said in readings(line).items() if found_in(said, {"it": CREDENTIAL})} == set()


class TestOddStreams:
    """Streams that are not as the contract has them."""

    KEY, SHOWN = next(iter(SECRETS.items()))
    STREAMS = (
        "data: sk_live_0011223344\n\ndata: 556677889900aabbccddee\n\ndata: [DONE]\n\n",
        ": sk_live_0011223344\n\n: 556677889900aabbccddee\n\ndata: [DONE]\n\n",
        "id: sk_live_0011223344\ndata: 1\n\nid: 556677889900aabbccddee\ndata: 2\n\ndata: [DONE]\n\n",
        'data: {"a":\ndata: "sk_live_0011223344"}\n\ndata: {"a":\ndata: "556677889900aabbccddee"}\n\ndata: [DONE]\n\n',
        '{"error": "sk_live_0011223344"}\n\n{"error": "556677889900aabbccddee"}\n\ndata: [DONE]\n\n',
        'data: {"a": "password=77889900aabbccdd"}\n\ndata: {"a": "password=77889900aabbccdd!"}\n\ndata: [DONE]\n\n',
        'data: {"a": "sk_live_001122334477889900aabbccddeeff00", "a": "b"}\n\ndata: [DONE]\n\n',
        'data: {"a": "say \\"password=77889900aabbccdd\\" now"}\n\ndata: [DONE]\n\n',
        'data: {"password": 77889900, "note": "aabbccdd"}\n\ndata: [DONE]\n\n',
        'data: {"a": ["sk_live_0011223344"]}\n\ndata: {"a": ["556677889900aabbccddee"]}\n\ndata: [DONE]\n\n',
        "data: sk_live_0011223344\n\ndata: 55667788990011223344\n\ndata: [DONE]\n\n",
        'data: "sk_live_0011223344"\n\ndata: "556677889900aabbccddee"\n\ndata: [DONE]\n\n',
        '\ufeffdata: {"a": "sk_live_0011223344"}\n\ndata: {"a": "556677889900aabbccddee"}\n\ndata: [DONE]\n\n',
        ' data: {"a": "sk_live_0011223344"}\n\n data: {"a": "556677889900aabbccddee"}\n\ndata: [DONE]\n\n',
        "retry: sk_live_0011223344\n\nretry: 556677889900aabbccddee\n\ndata: [DONE]\n\n",
        "sk_live_0011223344\n\n556677889900aabbccddee\n\ndata: [DONE]\n\n",
        'data: {"a": "\\ud83d sk_live_001122334455667788990011"}\n\ndata: {"a": "\\ude00"}\n\ndata: [DONE]\n\n',
        'data: [{"index": "", "a": "sk_live_00"}]\n\ndata: [{"index": "y", "a": "112233445566"}]\n\ndata: [DONE]\n\n',
    )

    @pytest.mark.parametrize("stream", STREAMS)
    def test_a_secret_is_masked_and_the_end_stays(self, stream: str) -> None:
        text = "".join(text for _, text in json.loads(written([stream.encode()]))["stream"])
        assert found_in(re.sub(r"\W|data|id|error|a\b", "", text), {"it": self.SHOWN}) == set()
        assert text.endswith("data: [DONE]\n\n")

    def test_a_secret_of_like_parts_is_masked(self) -> None:
        """A text that is the same in every event may be an id, or all of a secret."""
        events = [f"data: {json.dumps({'id': 'c', 'choices': [delta('content', 'ab', 0)]})}\n\n" for _ in range(6)]
        line = written([event.encode() for event in [*events, "data: [DONE]\n\n"]], Masker(("ab" * 6,)))
        assert readings(line)["0 content"] == "***"

    def test_the_lines_of_an_answer_are_joined(self) -> None:
        body = b'{"a":"sk_live_0011223344"}\n{"a":"556677889900aabbccddee"}\n'
        answer = Answer(200, {"content-type": "application/x-ndjson"}, (Piece(0, body),), complete=True)
        line = record(CHAT, CanonicalRequest("POST", "/"), 1, answer, Masker())
        assert line.answer is not None
        assert [json.loads(text)["a"] for text in line.answer.splitlines()] == ["sk_live_0011223344", "55...ee"]


class TestCuts:
    def test_pieces_without_a_secret_are_written_as_they_came(self) -> None:
        for seed in range(50):
            pieces = stream_of("Nothing to hide, naïve café ☕ 🦊.", Random(seed))
            stream = json.loads(written(pieces))["stream"]
            assert "".join(text for _, text in stream).encode() == b"".join(pieces)
            assert [time for time, _ in stream] == [10 * index for index in range(len(pieces))]

    def test_what_stands_around_a_secret_stays_in_its_piece(self) -> None:
        said = [
            "One ",
            "sk_live_001122334455",
            "66778899",
            "00aabbccddee",
            " two",
            " three ",
            "whsec_YWJj",
            "ZGVm ",
            ".",
        ]
        pieces = [f'data: {{"choices":[{{"delta":{{"content":"{part}"}}}}]}}\n\n' for part in said]
        contents = [
            json.loads(piece[6:])["choices"][0]["delta"]["content"] for piece in masked_pieces(pieces, Masker())
        ]
        assert "".join(contents) == "One sk_live_001122334455...ee two three whsec_*** ."
        assert (contents[0], contents[4], contents[5], contents[8]) == ("One ", " two", " three ", ".")

    def test_a_character_that_is_cut_is_in_the_piece_of_its_end(self) -> None:
        body = 'data: {"choices":[{"delta":{"content":"☕"}}]}\n\ndata: [DONE]\n\n'.encode()
        cut = body.index("☕".encode()) + 1
        stream = json.loads(written([body[:cut], body[cut:]]))["stream"]
        assert [text for _, text in stream] == [body[: cut - 1].decode(), body[cut - 1 :].decode()]

    def test_a_stream_that_is_no_utf_8_keeps_its_bytes(self) -> None:
        body = b'data: {"choices":[{"delta":{"content":"\xff\xfe"}}]}\n\ndata: [DONE]\n\n'
        line = json.loads(written([body]))
        assert line["encoding"] == "latin-1"
        assert line["stream"][0][1].encode("latin-1") == body


class TestLastScan:
    def test_a_secret_over_two_places_keeps_the_exchange_out(self) -> None:
        """No mask joins two places of an event; the last scan does, and says where."""
        first = {"choices": [{"delta": {"content": "sk_live_0011223344"}}]}
        second = {"choices": [{"delta": {"note": "556677889900aabbccddee"}}]}
        body = "".join(f"data: {json.dumps(event)}\n\n" for event in (first, second)) + "data: [DONE]\n\n"
        with pytest.raises(NotRecordedError, match="a secret is left in the stream's strings"):
            written([body.encode()])

    def test_a_secret_over_the_parts_of_a_message_keeps_the_exchange_out(self) -> None:
        parts = [{"type": "text", "text": "sk_live_0011223344"}, {"type": "text", "text": "556677889900aabbccddee"}]
        request = CanonicalRequest("POST", "/v1/chat/completions", body={"messages": [{"content": parts}]})
        answer = Answer(200, {}, (Piece(0, b"{}"),), complete=True)
        with pytest.raises(NotRecordedError, match="a secret is left in the request's text"):
            record(CHAT, request, 1, answer, Masker())

    def test_a_header_has_no_secret(self) -> None:
        secret, shown = next(iter(SECRETS.items()))
        answer = Answer(200, {"retry-after": secret}, (Piece(0, b"{}"),), complete=True)
        line = encode_line(record(CHAT, CanonicalRequest("POST", "/"), 1, answer, Masker())).decode()
        assert found_in(line, {"it": shown}) == set()


class TestPublicDocuments:
    """Public documents explain credentials in fields that are named like them."""

    LLMS = ENDPOINT_BY_NAME["docs.llms"]

    def record(self, body: str) -> str:
        masker = masker_for(RequestFacts("req_1", 0, "GET", "/llms.json", endpoint=self.LLMS), None, emails=False)
        answer = Answer(200, {}, (Piece(0, body.encode()),), complete=True)
        return record(self.LLMS, CanonicalRequest("GET", "/llms.json"), 1, answer, masker).text

    def test_an_explanation_is_recorded_as_it_is(self) -> None:
        body = '{"apiKey": "Authorization: Bearer sk_live_…"}'
        assert self.record(body) == body

    @pytest.mark.parametrize("secret", SECRETS)
    @pytest.mark.parametrize("form", ["[\n{}]", '{{"a": {}}}', '{{"apiKey": {}}}', '{{"a": {}, "a": 1}}', "See {}."])
    def test_a_secret_is_masked_all_the_same(self, secret: str, form: str) -> None:
        assert found_in(self.record(form.format(json.dumps(secret))), {"it": SECRETS[secret]}) == set()


class TestRequests:
    def test_a_text_that_begins_with_a_secret_is_masked(self) -> None:
        facts = RequestFacts("req_1", 0, "POST", "/", body=b'{"messages": [{"content": "password=77889900"}]}')
        assert canonical_request(facts, Masker()).body == {"messages": [{"content": "password=***"}]}


class TestEmails:
    BODY = b'{"email": "ann@clevora.example", "note": "ann%40clevora.example"}'

    @pytest.mark.parametrize(("emails", "expected"), [(True, set()), (False, {"ann"})])
    def test_addresses_are_masked_where_asked(self, emails: bool, expected: set[str]) -> None:
        answer = Answer(200, {}, (Piece(0, self.BODY),), complete=True)
        line = encode_line(record(CHAT, CanonicalRequest("GET", "/"), 1, answer, Masker(emails=emails))).decode()
        assert found_in(line, {"ann": "ann@clevora.example"}) == expected
