"""The application's calls to the Clevora API, with its handling of errors and retries."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import openai

# The maximum total wait of a reader.
MAX_WAIT_SECONDS = 5.0
TRIES = 3

BROKEN_OFF = "The line broke off in the middle of the answer."

T = TypeVar("T")


class TroubleError(Exception):
    """A failure as the reader sees it; `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


class Desk:
    """A client for outlines, sources and answers.

    The SDK's own retries are off, since it would wait for a Retry-After of a whole minute.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clevora = openai.AsyncOpenAI(base_url=base_url, api_key=api_key, max_retries=0, timeout=30)
        self._sleep = sleep

    async def close(self) -> None:
        await self._clevora.close()

    async def outline(self, topic: str, style: str) -> dict[str, Any]:
        """Return the script of an episode: a title, a hook, sections, a call to action."""
        answer = await self._post("/scripts/generate", {"topic": topic, "style": style, "length": "short"})
        script: dict[str, Any] = answer["script"]
        return script

    async def sources(self, topic: str) -> list[dict[str, Any]]:
        """Search for videos and podcasts on the topic, best first; return none while the search is down."""
        try:
            answer = await self._post("/search", {"query": topic, "limit": 4})
        except TroubleError:
            return []
        found: list[dict[str, Any]] = answer["results"]
        return found

    async def answer(self, topic: str, question: str) -> AsyncIterator[str]:
        """Yield an answer piece by piece. Raises TroubleError if the stream breaks off."""
        messages: list[Any] = [
            {"role": "system", "content": f"You help to prepare an episode about {topic}. Be brief."},
            {"role": "user", "content": question},
        ]
        stream = await self._patiently(
            lambda: self._clevora.chat.completions.create(model="clevora-1.0-turbo", messages=messages, stream=True)
        )
        finished = False
        try:
            async with stream:
                async for chunk in stream:
                    finished = finished or chunk.choices[0].finish_reason is not None
                    if text := chunk.choices[0].delta.content:
                        yield text
        except openai.APIError as error:
            # No retry: it would show the first pieces twice.
            raise TroubleError(BROKEN_OFF) from error
        if not finished:
            raise TroubleError(BROKEN_OFF)

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        # The SDK has no methods for these paths.
        return await self._patiently(lambda: self._clevora.post(path, cast_to=object, body=body))

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Call `ask` up to TRIES times, with at most MAX_WAIT_SECONDS of pauses in total. Raises TroubleError."""
        left = MAX_WAIT_SECONDS
        for attempt in range(1, TRIES + 1):
            try:
                return await ask()
            except openai.APIError as error:
                wait = _pause(error, attempt)
                if attempt == TRIES or wait > left:
                    raise _trouble(error) from error
            left -= wait
            await self._sleep(wait)
        raise AssertionError("the last try returns or raises")


def _pause(error: openai.APIError, attempt: int) -> float:
    """Return the seconds to wait before a retry; infinity for an error that a retry cannot fix."""
    if isinstance(error, openai.RateLimitError):
        return float(_retry_after(error))
    if isinstance(error, openai.APIStatusError) and error.status_code < 500:
        return float("inf")
    return 0.5 * 2.0**attempt


def _retry_after(error: openai.APIStatusError) -> int:
    return int(error.response.headers.get("retry-after", "1"))


def _trouble(error: openai.APIError) -> TroubleError:
    if isinstance(error, openai.RateLimitError):
        return TroubleError("Too many of us are writing right now.", _retry_after(error))
    if isinstance(error, openai.APIStatusError) and error.status_code == 402:
        return TroubleError("The show's Clevora account is out of credit. Your topic is kept; top up and try again.")
    if isinstance(error, openai.APIStatusError) and error.status_code < 500:
        return TroubleError("Clevora would not take the request: " + error.message)
    return TroubleError("Clevora does not answer at the moment.", 30)
