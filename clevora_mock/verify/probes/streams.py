"""S1-S7: streams, by their bytes, their chunks and what they cost."""

import itertools
import json
import re
from typing import Any

from clevora_mock.clock import SECOND
from clevora_mock.verify.answers import choice_of, json_of, require_no_page
from clevora_mock.verify.ask import CHAT, HI, Ask
from clevora_mock.verify.client import Answer, CannotCheckError
from clevora_mock.verify.expectation import ABSENT, INT, MISSING, STRING, Difference, Exactly, OfType, Within, compare
from clevora_mock.verify.probe import Probe, checking
from clevora_mock.verify.probes.money import fingerprint, fingerprints, transactions
from clevora_mock.verify.session import Session

_PLAIN_BODY = {"messages": HI, "max_tokens": 12, "temperature": 0}
PLAIN = Ask(CHAT, body=_PLAIN_BODY)
STREAM = Ask(CHAT, body=_PLAIN_BODY | {"stream": True})
WITH_OPTIONS = Ask(CHAT, body=_PLAIN_BODY | {"stream": True, "stream_options": {"include_usage": True}})
WITHOUT_USAGE = Ask(CHAT, body=_PLAIN_BODY | {"stream": True, "stream_options": {"include_usage": False}})
_STORY = [{"role": "user", "content": "Write a long story about the sea."}]
LONG = Ask(CHAT, body={"messages": _STORY, "max_tokens": 100, "stream": True})

Chunk = dict[str, Any]

# A server notices within a second that its client has left.
_SURELY_UNSENT = 1_500_000


def read(answer: Answer) -> list[Chunk]:
    """Return a stream's chunks as a forgiving client reads them, whatever its line ends and comments.

    Raises CannotCheckError for another kind of answer, and for a stream with an error.
    """
    if answer.status != 200:
        raise CannotCheckError(f"a stream was answered {answer.status}")
    text = answer.body.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    # A client that left may have half of an event. What comes after [DONE] is not read, nor another last word.
    events = [_data(event) for event in text[: text.rfind("\n\n") + 1].split("\n\n")]
    data = list(itertools.takewhile(lambda one: one != "[DONE]", filter(None, events)))
    chunks = [_parsed(one) for one in data]
    if chunks and chunks[-1] is None:
        chunks.pop()
    if not chunks:
        raise CannotCheckError("the stream has no chunks")
    if any(chunk is None for chunk in chunks):
        raise CannotCheckError("a chunk is no JSON object")
    found = [chunk for chunk in chunks if chunk is not None]
    if any("error" in chunk and "choices" not in chunk for chunk in found):
        raise CannotCheckError("the stream has an error")
    return found


def _data(event: str) -> str:
    """Return the data of an event, whose lines are joined."""
    lines = [line.removeprefix("data:").removeprefix(" ") for line in event.split("\n") if line.startswith("data:")]
    return "\n".join(lines).strip()


def _parsed(data: str) -> Chunk | None:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _answer(session: Session, ask: Ask = STREAM) -> Answer:
    answer = session.answer(ask)
    if answer.status != 200:
        raise CannotCheckError(f"a stream was answered {answer.status}")
    return answer


def chunks(session: Session, ask: Ask = STREAM) -> list[Chunk]:
    """Return the chunks that have a choice; those without one are S4's matter."""
    found = [chunk for chunk in read(_answer(session, ask)) if chunk.get("choices") != []]
    if not found:
        raise CannotCheckError("the stream has no chunks with a choice")
    return found


# --- S1: the bytes ----------------------------------------------------------------------------------------------------


def _framing(session: Session) -> list[Difference]:
    answer = _answer(session)
    kind = (answer.header("content-type") or "nothing").partition(";")[0].strip().lower()
    if kind != "text/event-stream":
        return [Difference("header content-type", "text/event-stream", kind)]
    body = answer.body
    if b"\r" in body:
        style = "crlf" if b"\r\n" in body else "cr"
        scenario = f"fault: {{kind: line_endings, style: {style}}}"
        return [Difference("line ends", "LF", style.upper(), scenario=scenario)]
    events = body.split(b"\n\n")
    if events[-1]:
        return [Difference("the end of the stream", "an empty line after each event", "none")]
    for event in events[:-1]:
        if event.startswith(b":"):
            return [Difference("an event", "data: and JSON", "a comment", scenario="fault: comments")]
        if not event.startswith(b"data: ") or b"\n" in event:
            return [Difference("an event", "one line, data: and JSON", "other fields or lines")]
    return []


def _done(session: Session) -> list[Difference]:
    body = _answer(session).body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    count = body.count(b"data: [DONE]") + body.count(b"data:[DONE]")
    if count == 0:
        return [Difference("[DONE]", "at the end", MISSING, scenario="fault: no_done")]
    if count > 1:
        return [Difference("[DONE]", "once", count)]
    return [] if body.rstrip().endswith(b"[DONE]") else [Difference("[DONE]", "at the end", "before the end")]


def _ends_at_once(session: Session) -> list[Difference]:
    """Between the chunk with the finish_reason, [DONE] and the end there is no wait."""
    answer = _answer(session)
    last = answer.body.rfind(b'"finish_reason"')
    seen = 0
    for moment, size in answer.arrivals:
        seen += size
        if seen > last:
            late = answer.arrivals[-1][0] - moment
            return [] if late < SECOND else [Difference("[DONE]", "at once", f"{late / SECOND:.0f} s late")]
    raise CannotCheckError("the stream has no arrivals")


# --- S2-S5: the chunks ------------------------------------------------------------------------------------------------


def _ends(session: Session) -> list[Difference]:
    """Check that the first chunk has the role, the last a finish_reason, and those between content."""
    found = chunks(session)
    first, last = choice_of(found[0]), choice_of(found[-1])
    wrong = compare({"role": "assistant"}, first.get("delta", MISSING), "first delta")
    wrong += compare(Exactly({}), _rest(first.get("delta"), "role"), "first delta")
    wrong += compare(Exactly({}), last.get("delta", MISSING), "last delta")
    # Which reason it is is C6's matter.
    if not isinstance(last.get("finish_reason"), str):
        wrong.append(Difference("last finish_reason", "a reason", last.get("finish_reason", MISSING)))
    for chunk in found[1:-1]:
        choice = choice_of(chunk)
        if choice.get("finish_reason") is not None:
            wrong.append(Difference("finish_reason before the end", None, choice["finish_reason"]))
        wrong += compare(Exactly({"content": OfType(str)}), choice.get("delta", MISSING), "delta")
    return [one for index, one in enumerate(wrong) if one not in wrong[:index]][:3]


def _content(chunk: Chunk) -> str:
    """Return the content that a chunk adds; empty where it adds none."""
    delta = choice_of(chunk).get("delta")
    content = delta.get("content") if isinstance(delta, dict) else None
    return content if isinstance(content, str) else ""


def _rest(delta: object, name: str) -> object:
    return {key: value for key, value in delta.items() if key != name} if isinstance(delta, dict) else delta


def _one_choice(session: Session) -> list[Difference]:
    for chunk in chunks(session):
        choices = chunk.get("choices")
        if not isinstance(choices, list) or len(choices) != 1:
            return [Difference("choices of a chunk", 1, len(choices) if isinstance(choices, list) else MISSING)]
        if choice_of(chunk).get("index") != 0:
            return [Difference("index of a choice", 0, choice_of(chunk).get("index", MISSING))]
    return []


def _same_names(session: Session) -> list[Difference]:
    found = chunks(session)
    for chunk in found:
        wrong = compare({"object": "chat.completion.chunk"}, chunk)
        if wrong:
            return wrong
        if not isinstance(chunk.get("id"), str) or chunk["id"] != found[0]["id"]:
            return [Difference("id of a chunk", "the same on each", "another, or none")]
    return []


def _created(session: Session) -> list[Difference]:
    found = chunks(session)
    known = {"id", "object", "created", "model", "choices", "usage"}
    for chunk in found:
        wrong = compare({"created": Within(1_700_000_000, 10_000_000_000), "model": STRING}, chunk)
        wrong += [Difference(f"{name} of a chunk", ABSENT, chunk[name]) for name in sorted(chunk.keys() - known)]
        if wrong:
            return wrong
    return session.compare_created(found[0]["created"])


def _usage(title: str, ask: Ask) -> Any:
    def check(session: Session) -> list[Difference]:
        found = read(_answer(session, ask))
        if any(chunk.get("choices") == [] for chunk in found):
            return [Difference("choices of every chunk", "one", "none on one", scenario="fault: usage_chunk")]
        places = [index for index, chunk in enumerate(found) if "usage" in chunk]
        if places != [len(found) - 1]:
            scenario = "" if places else "fault: no_usage"
            got = f"on {len(places)} of {len(found)} chunks" if places else MISSING
            return [Difference("usage", "on the last chunk alone", got, scenario=scenario)]
        return compare(
            {"prompt_tokens": INT, "completion_tokens": INT, "total_tokens": INT}, found[-1]["usage"], "usage"
        )

    return checking(f"the place of usage, {title}", "S4", check, "api_key", shares=(ask,), requests=2)


def _joined(session: Session) -> list[Difference]:
    """Check that a stream, joined, is the answer without `stream`."""
    plain = session.answer(PLAIN)
    if plain.status != 200:
        raise CannotCheckError(f"the chat was answered {plain.status}")
    body = json_of(plain)
    message = choice_of(body).get("message")
    whole = message.get("content") if isinstance(message, dict) else None
    found = chunks(session)
    parts = "".join(map(_content, found))
    if not isinstance(whole, str):
        raise CannotCheckError("the answer has no content")
    wrong = [] if parts == whole else [Difference("the contents joined", "those of the whole answer", "others")]
    counted = [_counts(one) for one in (body, *read(_answer(session)))]
    usages = [one for one in counted[1:] if one is not None]
    if usages and counted[0] is not None and usages[-1] != counted[0]:
        wrong.append(Difference("usage", "that of the whole answer", "another"))
    return wrong


def _counts(answer: Chunk) -> list[int] | None:
    """Return the three counts of a usage; None where they are not there, which is C5's matter, and S4's."""
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return None
    counts = [usage.get(f"{name}_tokens") for name in ("prompt", "completion", "total")]
    found = [count for count in counts if type(count) is int]
    return found if len(found) == len(counts) else None


def _finish(session: Session) -> list[Difference]:
    """Check that a stream ends for the reason for which the same answer in one piece does."""
    plain = session.answer(PLAIN)
    if plain.status != 200:
        raise CannotCheckError(f"the chat was answered {plain.status}")
    reasons = [choice_of(one).get("finish_reason") for one in (json_of(plain), chunks(session)[-1])]
    if not all(isinstance(reason, str) for reason in reasons):
        raise CannotCheckError("there is no finish_reason")
    return compare(reasons[0], reasons[1], "finish_reason of a stream")


# --- S6: leaving early ------------------------------------------------------------------------------------------------


def _abandoned(session: Session) -> list[Difference]:
    """Leave after a few chunks: one charge, for no less than came, and no more than was ever to be sent."""
    before = fingerprints(transactions(session))
    answer = session.ask(LONG)
    whole, lasts = read(answer), answer.arrivals[-1][0]
    usage = next((chunk["usage"] for chunk in reversed(whole) if isinstance(chunk.get("usage"), dict)), None)
    if usage is None or any(type(usage.get(name)) is not int for name in ("prompt_tokens", "total_tokens")):
        raise CannotCheckError("the stream has no usage")
    known, requests = fingerprints(transactions(session)), _logged(session)
    charges = len(known - before)
    if not charges:
        raise CannotCheckError("the whole stream made no transaction")
    left = session.ask(LONG, leave_after=4)
    came = any(map(_content, read(left)))
    new: list[dict[str, Any]] = []
    for _ in range(5):
        session.pace.sleep(1)
        new = [one for one in transactions(session) if fingerprint(one) not in known]
        if new:
            break
    if len(new) != charges:
        return [Difference("charges for a stream that was left", charges, len(new))]
    if requests is not None and _logged(session) == requests:
        return [Difference("a stream that was left", "logged", "not logged")]
    tokens = new[0].get("tokens")
    if not isinstance(tokens, int):
        raise CannotCheckError("a transaction has no tokens")
    least, most = usage["prompt_tokens"] + came, usage["total_tokens"]
    if not least <= tokens <= most:
        return [Difference("tokens of a stream that was left", f"from {least} to {most}", tokens)]
    # Tokens that were still to come for so long cannot have been sent already.
    if lasts - left.arrivals[-1][0] > _SURELY_UNSENT and tokens >= most:
        return [Difference("tokens of a stream that was left", f"fewer than {most}", tokens)]
    return []


def _logged(session: Session) -> int | None:
    """Return how many requests the usage report has; None where it has no such number."""
    try:
        summary = session.data(Ask("GET /api/developer/usage", credential="token")).get("summary")
    except CannotCheckError:
        return None
    total = summary.get("totalRequests") if isinstance(summary, dict) else None
    return total if isinstance(total, int) else None


def _is_served(answer: Answer) -> bool:
    try:
        return bool(read(answer))
    except CannotCheckError:
        return False


def _refused(title: str, error: str, credential: str = "key", **body: Any) -> Probe:
    sent = {"messages": HI, "stream": True, "max_tokens": 1} | body
    ask = Ask(CHAT, body=sent, credential=credential, error=error)

    def check(session: Session) -> list[Difference]:
        answer = session.answer(ask)
        require_no_page(answer)
        kind = (answer.header("content-type") or "").partition(";")[0]
        # Which kind of JSON it is, is W1's matter; and that a request is served, that of the clause that refuses it.
        if not _is_served(answer) and not re.fullmatch(r"application/(.+\+)?json", kind.strip(), re.IGNORECASE):
            return [Difference("header content-type of a refusal", "application/json", kind)]
        return session.compare(ask, answer)

    return Probe(f"no stream: {title}", "S7", ask, check)


PROBES = (
    checking("the framing", "S1", _framing, "api_key", shares=(STREAM,), requests=1),
    checking("[DONE]", "S1", _done, "api_key", shares=(STREAM,), requests=1),
    checking("the end", "S1", _ends_at_once, "api_key", shares=(STREAM,), requests=1),
    checking("the first and the last chunk", "S2", _ends, "api_key", shares=(STREAM,), requests=1),
    checking("one choice", "S2", _one_choice, "api_key", shares=(STREAM,), requests=1),
    checking("id and object", "S2", _same_names, "api_key", shares=(STREAM,), requests=1),
    checking("created and model", "S3", _created, "api_key", shares=(STREAM,), requests=1),
    _usage("by default", STREAM),
    _usage("with include_usage", WITH_OPTIONS),
    _usage("with include_usage off", WITHOUT_USAGE),
    checking("a stream joined", "S5", _joined, "api_key", shares=(PLAIN, STREAM)),
    checking("a stream's finish_reason", "C6", _finish, "api_key", shares=(PLAIN, STREAM), requests=2),
    checking("leaving early", "S6", _abandoned, "api_key", "id_token", shares=(LONG,), cost=72_000, requests=12),
    _refused("an unknown key", "invalid_api_key", "unknown key"),
    _refused("no messages", "missing_field", messages=None),
    _refused("an unknown model", "model_not_found", model="gpt-4o"),
)
