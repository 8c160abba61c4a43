"""The credential in use never reaches the file, however it is written, in whatever part of an exchange."""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from random import Random
from urllib.parse import quote

import pytest

from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.core.exchange import RequestFacts
from clevora_mock.recordings.canonical_request import canonical_request
from clevora_mock.recordings.masker import Masker
from clevora_mock.recordings.recorded_exchange import encode_line
from clevora_mock.recordings.recorder import Answer, Piece, record

CHAT = ENDPOINT_BY_NAME["chat.completions"]
# Like none of the mock's.
CREDENTIAL = "cle-live/7Hq+Zt_93xw~Kd"


def base64(text: str, before: str = "", after: str = "") -> str:
    return b64encode(f"{before}{text}{after}".encode()).decode()


def javascript(text: str) -> str:
    return "".join(f"\\x{ord(character):02x}" for character in text)


def escaped(text: str) -> str:
    return "".join(f"\\u{ord(character):04X}" for character in text)


def lower_percent(text: str) -> str:
    return re.sub("%..", lambda found: found[0].lower(), quote(text, safe=""))


# As they stand in a text, before it is written as JSON.
FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "in capitals": str.upper,
    "percent-encoded": lambda text: quote(text, safe=""),
    "percent-encoded in lower case": lower_percent,
    "percent-encoded in part": lambda text: quote(text, safe="/").replace("~", "%7E"),
    "percent-encoded twice": lambda text: quote(lower_percent(text)),
    "all percent-encoded": lambda text: "".join(f"%{ord(character):02x}" for character in text),
    "in JSON": lambda text: json.dumps({"k": text}).replace("/", "\\/"),
    "in JSON in JSON": lambda text: json.dumps(json.dumps({"k": text}).replace("/", "\\/")),
    "escaped": escaped,
    "escaped in JSON": lambda text: json.dumps(escaped(text)),
    "escaped for JavaScript": javascript,
    "as entities": lambda text: "".join(f"&#{ord(character)};" for character in text),
    "as entities in part": lambda text: text.replace("/", "&#x2f;").replace("+", "&#43;"),
    "in hex": lambda text: text.encode().hex(),
    "in base64": base64,
    "in base64 from byte 1": lambda text: base64(text, "u", " and"),
    "in base64 from byte 2": lambda text: base64(text, "u:", "!"),
    "in base64 for URLs": lambda text: base64(text, "??").replace("/", "_").replace("+", "-").rstrip("="),
    "in base64 in lines": lambda text: "\n".join(re.findall(".{1,12}", base64(text))),
    "in base64 in escaped lines": lambda text: "\\r\\n".join(re.findall(".{1,7}", base64(text))),
    "in base64, percent-encoded": lambda text: quote(base64(text, "u:"), safe=""),
    "beside a letter that becomes two": lambda text: f"İİ{text.upper()}İİ",
    "in base64 twice": lambda text: base64(base64(text, "u:"), "x"),
}


def line_of(
    texts: list[str], *, body: bytes = b"", path: str = "/v1/keys", query: str = "", error: bool = False
) -> str:
    """Return the line of an exchange whose answer is a stream of these texts, or an error with them."""
    masker = Masker((CREDENTIAL,))
    facts = RequestFacts("req_1", 0, "POST", path, query=query, body=body, endpoint=CHAT)
    if error:
        document = {"error": {"code": "invalid_api_key", "message": f"Wrong key: {''.join(texts)}."}}
        parts, kind = [json.dumps(document).encode()], "application/json"
    else:
        events = [{"choices": [{"index": 0, "delta": delta}]} for delta in map(_delta, texts)]
        parts = [*(f"data: {json.dumps(event)}\n\n".encode() for event in events), b"data: [DONE]\n\n"]
        kind = "text/event-stream"
    pieces = tuple(Piece(0, part) for part in parts)
    answer = Answer(401 if error else 200, {"content-type": kind}, pieces, complete=True)
    return encode_line(record(CHAT, canonical_request(facts, masker), 1, answer, masker)).decode()


def _delta(text: str) -> dict[str, object]:
    return {"content": text, "tool_calls": [{"index": 0, "function": {"arguments": text}}]}


def split(text: str, seed: str) -> list[str]:
    random = Random(seed)
    cuts = sorted(random.sample(range(1, len(text)), random.choice([1, 2, 4, 9])))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def said(line: str) -> str:
    """Return all that a reader may get: the line, and what each field of its stream says."""
    written = json.loads(line)
    stream = "".join(text for _, text in written.get("stream", []))
    deltas = [json.loads(data)["choices"][0]["delta"] for data in re.findall(r"data: (\{.*)", stream)]
    contents = "".join(delta["content"] for delta in deltas)
    arguments = "".join(delta["tool_calls"][0]["function"]["arguments"] for delta in deltas)
    return "\n".join([line, stream, contents, arguments, json.dumps(written["request"]), written.get("answer", "")])


@pytest.mark.parametrize("form", FORMS)
class TestForms:
    def written(self, form: str) -> str:
        return FORMS[form](CREDENTIAL)

    def check(self, line: str, form: str) -> None:
        text = said(line)
        # A form's middle, since what stands around it in base64 or JSON is no part of the credential.
        whole = self.written(form)
        for part in (whole, whole[len(whole) // 4 : -len(whole) // 4]):
            assert part not in text
            assert json.dumps(part)[1:-1] not in text

    def test_it_is_masked_in_a_stream_however_it_is_split(self, form: str) -> None:
        for seed in range(12):
            self.check(line_of(["See ", *split(self.written(form), f"{form} {seed}"), " now"]), form)

    def test_it_is_masked_in_an_error(self, form: str) -> None:
        self.check(line_of([self.written(form)], error=True), form)

    def test_it_is_masked_in_the_request(self, form: str) -> None:
        body = json.dumps({"input": ["a", f"see {self.written(form)}!"], "user": self.written(form)}).encode()
        self.check(line_of(["Hi"], body=body), form)

    def test_it_is_masked_in_the_path_and_the_query(self, form: str) -> None:
        written = quote(self.written(form), safe="%/")
        self.check(line_of(["Hi"], path=f"/v1/keys/{self.written(form)}", query=f"a=1&b={written}"), form)


def test_what_stands_around_it_stays() -> None:
    text = f"One\n{quote(CREDENTIAL, safe='')}\n\nTwo %41 {json.dumps(CREDENTIAL)} \\u0041"
    line = json.loads(line_of(["Hi"], body=json.dumps({"input": text}).encode()))
    assert line["request"]["body"]["input"] == 'One\n***\n\nTwo %41 "***" \\u0041'


@pytest.mark.parametrize(
    "address", ["ann@clevora.example", "ann%2540clevora.example", "ann&#64;clevora.example", "jörg@münchen.example"]
)
def test_an_address_is_masked_where_asked(address: str) -> None:
    assert Masker(emails=True).text(f"Write to {address}, or not") == "Write to ***, or not"
