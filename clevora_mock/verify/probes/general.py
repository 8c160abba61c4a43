"""W1-W9: what all answers have in common, routes, bodies, and the document for agents."""

import gzip
import json
import re
from typing import Any

from clevora_mock.verify.answers import compare_status, json_of, require_no_page
from clevora_mock.verify.ask import CHAT, CHEAP, CREDENTIALS, ONE_TOKEN, Ask
from clevora_mock.verify.client import Answer, CannotCheckError, Request
from clevora_mock.verify.expectation import ABSENT, MISSING, STRING, Difference, Exactly, OfType, Text, compare
from clevora_mock.verify.probe import Probe, asking, checking
from clevora_mock.verify.probes.errors import HOMES
from clevora_mock.verify.probes.keys import LIST
from clevora_mock.verify.probes.scripts import SHORT
from clevora_mock.verify.probes.search import DRONES
from clevora_mock.verify.session import ACCOUNT, Session
from clevora_mock.verify.spending import charge_of

HELLO = b'{"messages":[{"role":"user","content":"Hi"}],"max_tokens":1}'
ORIGIN = {"Origin": "https://app.example"}
MEBIBYTE = 1024 * 1024
_PAGES = ("/api/developer/transactions", "/api/developer/usage", "/v1/usage")
_TOPUP = "POST /api/developer/topup"

_ERROR = {"error": Exactly({"message": STRING, "type": STRING, "code": STRING})}
_STREAM = Ask(CHAT, body=CHEAP.body | {"stream": True})
_JSON_TYPE = re.compile(r'application/json *(; *charset="?utf-8"?)?', re.IGNORECASE)


def _json_answers(session: Session) -> list[Difference]:
    found: list[Difference] = []
    for name in ("not_found", "method_not_allowed", "invalid_api_key", "invalid_id_token"):
        answer = session.answer(HOMES[name])
        # A page for what is not there is the server's own.
        if answer.status != session.errors.form(name).status:
            require_no_page(answer)
        wrong = _compare_type(answer)
        if wrong:
            found += wrong
            continue
        try:
            json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            if isinstance(error, json.JSONDecodeError) and 0 < error.pos == len(error.doc):
                raise CannotCheckError("the answer ends in the middle of its JSON") from None
            found.append(Difference("body", "JSON", "no JSON"))
    return found


def _json_of_success(session: Session) -> list[Difference]:
    answer = session.answer(ONE_TOKEN)
    if answer.status != 200:
        require_no_page(answer)
    return _compare_type(answer)


def _compare_type(answer: Answer) -> list[Difference]:
    """Compare the type of an answer with JSON's, in any way of writing it."""
    kind = answer.header("content-type") or "nothing"
    return [] if _JSON_TYPE.fullmatch(kind) else [Difference("header content-type", "application/json", kind)]


def _error_bodies(session: Session) -> list[Difference]:
    """Check that an error has its three keys, without a credential and with a key."""
    found: list[Difference] = []
    names = ["not_found", "invalid_api_key", "missing_field", "invalid_json"]
    for name in names if session.credentials.api_key else names[:2]:
        answer = session.answer(HOMES[name])
        if answer.status < 400:
            continue
        body = json_of(answer)
        # The status beside it is B12's matter.
        wanted = Exactly(_ERROR | ({"status": STRING} if "status" in body else {}))
        found += [one for one in compare(wanted, body) if one not in found]
    return found


def _request_ids(title: str, *asks: Ask) -> Probe:
    """Return the probe that each of these answers has a request id of its own."""

    def check(session: Session) -> list[Difference]:
        seen: list[str] = []
        for ask in asks:
            answer = session.answer(ask)
            require_no_page(answer)
            if ask.error is None and answer.status != 200:
                raise CannotCheckError(f"{ask.request} answered {answer.status}")
            value = answer.header("x-request-id")
            found = compare(Text("req_[0-9a-f]{24}"), MISSING if value is None else value, "header x-request-id")
            if found:
                return found
            if value in seen:
                return [Difference("header x-request-id", "another on each answer", "the same twice")]
            seen.append(value or "")
        return []

    needs = [need for ask in asks if (need := CREDENTIALS[ask.credential]) is not None]
    return checking(f"request ids of {title}", "W2", check, *dict.fromkeys(needs), shares=asks, requests=len(asks))


def _allow(session: Session) -> list[Difference]:
    """Check that a 405 names the methods of the path."""
    answer = session.answer(HOMES["method_not_allowed"])
    if answer.status != session.errors.form("method_not_allowed").status or answer.status == 404:
        raise CannotCheckError(f"a wrong verb is {answer.status}")
    allow = answer.header("allow")
    named = {name.strip() for name in (allow or "").split(",")} - {"OPTIONS"}
    return [] if named == {"POST"} else [Difference("header allow", "POST", MISSING if allow is None else allow)]


def _unknown(request: str, credential: str = "none") -> Probe:
    return asking(f"unknown route {request}", "W3", request, credential=credential, error="not_found")


def _wrong_verb(request: str) -> Probe:
    return asking(f"wrong verb {request}", "W3", request, credential="none", error="method_not_allowed")


def _broken(title: str, raw: bytes) -> Probe:
    return asking(f"body: {title}", "W4", CHAT, raw=raw, error="invalid_json")


def _documents(session: Session) -> list[Difference]:
    """Check that the same bytes are served at three paths."""
    answers = [
        session.answer(Ask(f"GET {path}", credential="none")) for path in ("/docs/llms", "/llms.txt", "/llms.json")
    ]
    found: list[Difference] = []
    for answer in answers:
        if wrong := compare_status(200, answer):
            return wrong
        found += _compare_type(answer)
        cached = answer.header("cache-control") or "nothing"
        if {part.strip().lower() for part in cached.split(",")} != {"public", "max-age=300"}:
            found.append(Difference("header cache-control", "public, max-age=300", cached))
    if not found and len({answer.body for answer in answers if json_of(answer)}) > 1:
        found.append(Difference("body", "the same at all three paths", "different bytes"))
    return [one for index, one in enumerate(found) if one not in found[:index]]


def _headers(answer: Answer, *names: str) -> dict[str, str]:
    return {name: value for name in names if (value := answer.header(name)) is not None}


def _self_contained(session: Session) -> list[Difference]:
    """Every reference in the document for agents resolves within it."""
    document = json_of(session.answer(Ask("GET /llms.json", credential="none")))
    for reference in set(re.findall(r'"\$ref": ?"([^"]*)"', json.dumps(document))):
        place: object = document
        for name in reference.removeprefix("#/").split("/"):
            place = place.get(name) if isinstance(place, dict) else None
        if place is None:
            return [Difference("$ref", "a place in the document", reference)]
    return []


def _two_credentials(session: Session) -> list[Difference]:
    """Check that two Authorization headers, each of them good, are refused."""
    request = session.request(CHEAP)
    twice = [header for header in request.headers if header[0] == "Authorization"]
    changed = Request(request.method, request.target, (*request.headers, *twice), request.body)
    return session.errors.compare("invalid_api_key", session.send(changed, expected=401, charge=charge_of(CHEAP)))


def _upgrade(session: Session) -> list[Difference]:
    """Check that an offer of HTTP/2 is ignored, and the request's body is read."""
    request = session.request(HOMES["missing_field"])
    offers = (
        ("Connection", "Upgrade, HTTP2-Settings"),
        ("Upgrade", "h2c"),
        ("HTTP2-Settings", "AAMAAABkAAQAoAAAAAIAAAAA"),
    )
    body = b'{"messages": 5}'
    offered = Request(request.method, request.target, (*request.headers, *offers), body)
    answer = session.send(offered, expected=400, charge=charge_of(HOMES["missing_field"]))
    return session.errors.compare("invalid_field", answer)


def _old_protocol(session: Session) -> list[Difference]:
    """Check that a client of HTTP/1.0 gets no chunks."""
    answer = session.send(Request("GET", "/v1/nothing", version="HTTP/1.0"), expected=404)
    coding = answer.header("transfer-encoding")
    return [] if coding is None else [Difference("header transfer-encoding", ABSENT, coding)]


def _order(title: str, request: str, first: str, second: str, **rest: Any) -> Probe:
    """Return the probe of a request for which there are two errors."""
    ask = Ask(request, error=first, **rest)

    def check(session: Session) -> list[Difference]:
        return session.errors.compare_order(first, second, session.answer(ask))

    return Probe(f"order: {title}", "W6", ask, check)


def _preflight(path: str, *allowed: tuple[str, str]) -> Probe:
    """Return the probe of a preflight, and of the words in its headers."""
    headers = ORIGIN | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    ask = Ask(f"OPTIONS {path}", credential="none", headers=headers)

    def check(session: Session) -> list[Difference]:
        answer = session.answer(ask)
        require_no_page(answer)
        if answer.status not in (200, 204):
            return [Difference("status", "200 or 204", answer.status)]
        found = compare({"access-control-allow-origin": "*"}, _headers(answer, "access-control-allow-origin"), "header")
        for name, word in allowed:
            value = answer.header(name) or "nothing"
            if value != "*" and word not in value.lower():
                found.append(Difference(f"header {name}", word, value))
        return found

    return checking(f"a preflight of {path}", "W8", check, requests=1)


def _cors(title: str, request: str, credential: str = "none", body: object = None) -> Probe:
    ask = Ask(request, body=body, credential=credential, headers=ORIGIN)
    needed = CREDENTIALS[credential]

    def check(session: Session) -> list[Difference]:
        answer = session.answer(ask)
        require_no_page(answer)
        wanted = {"access-control-allow-origin": "*", "access-control-allow-credentials": ABSENT}
        return compare(wanted, _headers(answer, *wanted), "header")

    return Probe(f"another origin: {title}", "W8", ask, check, () if needed is None else (needed,))


def _exposed(session: Session) -> list[Difference]:
    answer = session.answer(Ask("GET /v1/nothing", credential="none", headers=ORIGIN, error="not_found"))
    exposed = (answer.header("access-control-expose-headers") or "nothing").lower()
    missing = [name for name in ("x-request-id", "retry-after") if name not in exposed and exposed != "*"]
    return [Difference("header access-control-expose-headers", " and ".join(missing), exposed)] if missing else []


PROBES = (
    checking("errors are JSON", "W1", _json_answers, requests=4),
    checking("a success is JSON", "W1", _json_of_success, "api_key", shares=(ONE_TOKEN,), requests=1),
    checking("an error has three keys", "W1", _error_bodies, requests=4),
    _request_ids(
        "refusals and the document",
        *(HOMES[code] for code in ("not_found", "invalid_api_key", "invalid_id_token")),
        Ask("GET /llms.json", credential="none"),
    ),
    _request_ids("the API", ONE_TOKEN, HOMES["missing_field"], _STREAM),
    _request_ids("search and scripts", DRONES, SHORT),
    _request_ids("the dashboard", ACCOUNT, LIST, *(Ask(f"GET {path}", credential="token") for path in _PAGES)),
    _unknown("POST /v1/chat"),
    _unknown("GET /v1/models"),
    _unknown("POST /v1/Chat/Completions", "unknown key"),
    _unknown("POST /v1//chat/completions"),
    _unknown("POST /v1/chat%2Fcompletions"),
    _unknown("POST /v1/v1/chat/completions"),
    _wrong_verb("PUT /v1/chat/completions"),
    _wrong_verb("GET /api/developer/topup"),
    checking("a wrong verb names the right ones", "W3", _allow, requests=1),
    asking("a trailing slash changes nothing", "W3", f"{CHAT}/", body=CHEAP.body),
    _broken("none at all", b""),
    _broken("cut short", HELLO[:-2]),
    _broken("text behind the object", HELLO + b" and more"),
    _broken("an array", b"[" + HELLO + b"]"),
    _broken("null", b"null"),
    _broken("NaN", HELLO[:-1] + b',"temperature":NaN}'),
    _broken("a key twice", b'{"model":"clevora-1.0-turbo",' + HELLO[1:-1] + b',"model":"clevora-1.0-turbo"}'),
    _broken("invalid UTF-8", HELLO.replace(b"Hi", b"\xff\xfe")),
    _broken("a lone surrogate", HELLO.replace(b"Hi", b"\\ud83d")),
    asking(
        "body: under Content-Encoding",
        "W4",
        CHAT,
        raw=HELLO,
        headers={"Content-Encoding": "gzip"},
        error="invalid_json",
    ),
    asking(
        "body: gzipped",
        "W4",
        CHAT,
        raw=gzip.compress(HELLO, mtime=0),
        headers={"Content-Encoding": "gzip"},
        error="invalid_json",
    ),
    *(
        asking(f"the body is JSON under content type {kind}", "W4", CHAT, raw=HELLO, headers={"Content-Type": kind})
        for kind in ("application/x-www-form-urlencoded", "text/plain")
    ),
    asking("a body of exactly 4 MiB", "W5", CHAT, raw=b" " * (4 * MEBIBYTE - len(HELLO)) + HELLO),
    _order(
        "401 before 413",
        CHAT,
        "invalid_api_key",
        "payload_too_large",
        credential="unknown key",
        raw=b" " * (4 * MEBIBYTE + 1),
    ),
    _order("404 before 401", "POST /v1/nothing", "not_found", "invalid_api_key", credential="unknown key", body={}),
    _order("405 before 401", "GET /v1/search", "method_not_allowed", "invalid_api_key", credential="unknown key"),
    _order("401 before 400", CHAT, "invalid_api_key", "invalid_json", credential="unknown key", raw=b"{"),
    _order("401 before 400 on the dashboard", _TOPUP, "invalid_id_token", "missing_field", credential="word", body={}),
    checking("the document for agents", "W7", _documents, requests=3),
    checking("its references resolve", "W7", _self_contained, requests=1),
    asking(
        "its parts",
        "W7",
        "GET /llms.json",
        credential="none",
        shape=True,
        answer={
            "models": OfType(list),
            "endpoints": OfType(list),
            "errors": OfType(list),
            "pricing": OfType(dict),
            "limits": OfType(dict),
            "changelog": OfType(list),
        },
    ),
    _cors("an unknown path", "GET /v1/nothing"),
    _cors("a refusal", CHAT, "unknown key", CHEAP.body),
    _cors("the document", "GET /llms.json"),
    _cors("a success", ONE_TOKEN.request, "key", ONE_TOKEN.body),
    checking("headers that another origin may read", "W8", _exposed, requests=1),
    _preflight(
        "/v1/chat/completions",
        ("access-control-allow-methods", "post"),
        ("access-control-allow-headers", "authorization"),
    ),
    _preflight("/v1/nothing"),
    checking("two Authorization headers", "W9", _two_credentials, "api_key", requests=1),
    checking("an offer to upgrade", "W9", _upgrade, "api_key", requests=1),
    checking("HTTP/1.0", "W9", _old_protocol, requests=1),
)
