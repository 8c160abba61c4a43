"""Response that passes on what the live API answers, byte for byte as it comes.

A part is read when the one before it has been sent, so a slow client slows the live API down. When the client leaves,
the request to the live API ends.
"""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from clevora_mock.clock import wall_micros
from clevora_mock.contract.errors import INJECTABLE_ERRORS
from clevora_mock.core.errors import ApiError
from clevora_mock.core.exchange import RequestFacts
from clevora_mock.core.journal import MAX_TEXT_CHARACTERS
from clevora_mock.core.reply import Header, Reply
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.recordings.masker import Masker, masker_for
from clevora_mock.recordings.recorded_exchange import RecordedUsage, is_header_value, is_recorded_header
from clevora_mock.recordings.recorder import (
    MAX_ANSWER_BYTES,
    Answer,
    Piece,
    completion_text,
    error_of,
    excess_of,
    usage_of,
)
from clevora_mock.recordings.replay import SOURCE_HEADER
from clevora_mock.upstream.client import UpstreamAnswer, UpstreamClient, UpstreamError
from clevora_mock.web.background import Background
from clevora_mock.web.disconnect import DisconnectWatcher
from clevora_mock.web.framed_response import CONNECTION_CONTROL

BAD_GATEWAY = INJECTABLE_ERRORS[502][0]


class ForwardedResponse(Response):
    """The answer to a request that is forwarded; `keep` gets it once it has ended, before the client sees the end.

    It gets None where the live API has not begun an answer.

    What the journal needs of a long answer is read in `background`, and masked, since the live API may repeat the key
    that it was asked with.
    `respond` renders the error where there is no answer. The attributes are those of `FramedResponse`.
    """

    def __init__(
        self,
        client: UpstreamClient,
        facts: RequestFacts,
        sandbox: Sandbox,
        background: Background,
        keep: Callable[[Answer | None], Awaitable[None]],
        respond: Callable[[ApiError], Response],
    ) -> None:
        self.reply = Reply(status=0, source="upstream")
        self.background = None
        self.frames_sent = 0
        self.answered = 0
        self.abandoned = False
        self.simulated_delay = 0
        self._client = client
        self._facts = facts
        self._clock = sandbox.clock
        self._reader = background
        self._masker = masker_for(facts, client.key, emails=False)
        self._keep = keep
        self._respond = respond
        self._head: UpstreamAnswer | None = None
        self._pieces: list[Piece] = []
        self._size = 0
        # The part with which the client has as many bytes as it was told, and no reason to wait any longer.
        self._last = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        watcher = DisconnectWatcher(receive)
        passing = asyncio.create_task(self._pass_on(send))
        leaving = asyncio.create_task(watcher.wait())
        try:
            await asyncio.wait([passing, leaving], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.abandoned = not passing.done()
            passing.cancel()
            leaving.cancel()
            watcher.cancel()
        # Waits for the end of the request to the live API.
        (failure,) = await asyncio.gather(passing, return_exceptions=True)
        if isinstance(failure, UpstreamError) and self._head is None:
            await self._keep(None)
            await self._respond(ApiError(BAD_GATEWAY, str(failure)))(scope, receive, send)
            return
        await self._end(complete=failure is None)
        if failure is None:
            await send({"type": "http.response.body", "body": self._last, "more_body": False})
        elif not self.abandoned:
            _close(scope)
        if failure is not None and not isinstance(failure, UpstreamError | asyncio.CancelledError):
            raise failure

    async def _pass_on(self, send: Send) -> None:
        """Send the whole answer, but for its end. Raises UpstreamError."""
        begun = wall_micros()
        async with self._client.send(self._facts, self._masker.start) as answer:
            for name, value in _kept_headers(answer).items():
                if not is_header_value(value):
                    raise UpstreamError(f"{self._client.host} answered with {name}, whose value HTTP cannot send")
            self._head = answer
            self.answered = self._clock.now()
            await send({"type": "http.response.start", "status": answer.status, "headers": _headers(answer)})
            async for part in answer.parts:
                self._add(part, max(0, wall_micros() - begun) // 1000)
                if self._is_all(answer):
                    self._last = part
                else:
                    await send({"type": "http.response.body", "body": part, "more_body": True})

    def _is_all(self, answer: UpstreamAnswer) -> bool:
        return answer.headers.get("content-length") == str(self._size) and "content-encoding" not in answer.headers

    def _add(self, part: bytes, milliseconds: int) -> None:
        self._size += len(part)
        # One part more than fits tells that it is too large.
        if self._size - len(part) <= MAX_ANSWER_BYTES:
            self._pieces.append(Piece(milliseconds, part))

    async def _end(self, *, complete: bool) -> None:
        """Keep the answer, and say what it was for the journal."""
        if self._head is None:
            await self._keep(None)
            return
        answer = Answer(self._head.status, _kept_headers(self._head), tuple(self._pieces), complete)
        self.reply = await self._reader.run(self._size, lambda: _summary(answer, self._masker))
        await self._keep(answer)


def _summary(answer: Answer, masker: Masker) -> Reply:
    """Return what the journal tells of an answer; of one that is too large, only its status."""

    def start(text: str | None) -> str | None:
        return text and masker.start(text, MAX_TEXT_CHARACTERS)

    body, is_stream = answer.body, answer.is_stream
    if excess_of(body) is not None:
        return Reply(status=answer.status, is_stream=is_stream, source="upstream")
    usage = usage_of(body, is_stream=is_stream) or RecordedUsage()
    code, message = error_of(body) if answer.status >= 400 else (None, None)
    return Reply(
        status=answer.status,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        text=start(completion_text(body, is_stream=is_stream)) or "",
        is_stream=is_stream,
        code=start(code),
        message=start(message),
        source="upstream",
    )


def _close(scope: Scope) -> None:
    """Close the connection on which an answer has begun, so that the client sees that it is cut."""
    control = scope.get("extensions", {}).get(CONNECTION_CONTROL)
    if control is not None:
        control.close()


def _kept_headers(answer: UpstreamAnswer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if is_recorded_header(name)}


def _headers(answer: UpstreamAnswer) -> list[Header]:
    names = set(_kept_headers(answer))
    # The length of a compressed answer is not that of the answer.
    if "content-encoding" not in answer.headers:
        names |= answer.headers.keys() & {"content-length"}
    passed = [(name.encode(), answer.headers[name].encode("latin-1", "replace")) for name in sorted(names)]
    return [(SOURCE_HEADER, b"upstream"), *passed]
