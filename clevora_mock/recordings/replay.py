"""Recorded exchanges as replies, which are paced, billed and disturbed by faults like any other."""

import re
from itertools import pairwise

from msgspec.structs import replace

from clevora_mock.core import money
from clevora_mock.core.reply import Frame, Reply
from clevora_mock.recordings.event_stream import content_of, events
from clevora_mock.recordings.recorded_exchange import RecordedExchange, RecordedUsage
from clevora_mock.recordings.recorder import completion_text, error_of

SOURCE_HEADER = b"x-clevora-mock-source"
_MILLISECOND = 1000


def reply_of(exchange: RecordedExchange, *, paced: bool) -> Reply:
    """Return the recorded answer, at the recorded times if it is `paced`."""
    usage = exchange.usage or RecordedUsage()
    headers = {name.encode(): value.encode("latin-1", "replace") for name, value in exchange.headers.items()}
    code, message = error_of(exchange.text.encode()) if exchange.status >= 400 else (None, None)
    retry_after = exchange.headers.get("retry-after", "")
    reply = Reply(
        headers=((SOURCE_HEADER, b"recording"), *headers.items()),
        status=exchange.status,
        prompt_tokens=usage.prompt_tokens,
        code=code,
        message=message,
        retry_after=int(retry_after) if re.fullmatch("[0-9]{1,9}", retry_after) else None,
        rate=money.micros(exchange.cost) // usage.total if usage.total else None,
        source="recording",
    )
    if exchange.stream is not None:
        return replace(reply, frames=_frames(exchange, usage.completion_tokens, paced=paced), is_stream=True)
    body = exchange.text.encode(exchange.encoding)
    due = (exchange.milliseconds or 0) * _MILLISECOND if paced else 0
    return replace(
        reply,
        headers=(*reply.headers, (b"content-length", b"%d" % len(body))),
        frames=(Frame(body, due=due),),
        completion_tokens=usage.completion_tokens,
        text=completion_text(body, is_stream=False),
    )


def _frames(exchange: RecordedExchange, completion_tokens: int, *, paced: bool) -> tuple[Frame, ...]:
    """Return a frame for each piece; the tokens are shared among the events with content, as the contract's are."""
    said = [(event.end, content_of(event.data)) for event in events(exchange.text)]
    contents = [(end, text) for end, text in said if text]
    count = len(contents)
    shares = [completion_tokens * index // count for index in range(count + 1)] if count else []
    tokens = [after - before for before, after in pairwise(shares)]
    frames, end, done = [], 0, 0
    for milliseconds, text in exchange.stream or ():
        end += len(text)
        first = done
        while done < count and contents[done][0] <= end:
            done += 1
        frames.append(
            Frame(
                text.encode(exchange.encoding),
                tokens=sum(tokens[first:done]),
                text="".join(content for _, content in contents[first:done]),
                due=milliseconds * _MILLISECOND if paced else 0,
            )
        )
    if frames and not count:
        frames[-1] = replace(frames[-1], tokens=completion_tokens)
    return tuple(frames)
