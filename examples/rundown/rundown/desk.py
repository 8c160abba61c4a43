"""The desk that asks the Clevora API, and knows what to do when it does not answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import openai

# A reader waits this long, in all, before being told to come back.
PATIENCE_SECONDS = 5.0
TRIES = 3

BROKEN_OFF = "The line broke off in the middle of the answer."

T = TypeVar("T")


class TroubleError(Exception):
    """What a reader is told when the desk has to give up, and after how many seconds another try makes sense."""

    def __init__(self, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


class Desk:
    """Asks for outlines, sources and answers.

    The SDK's own retries are off: it would sit out a Retry-After of a whole minute, with a reader waiting.
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
        """The script of an episode: a title, a hook, sections, a call to action."""
        answer = await self._post("/scripts/generate", {"topic": topic, "style": style, "length": "short"})
        script: dict[str, Any] = answer["script"]
        return script

    async def sources(self, topic: str) -> list[dict[str, Any]]:
        """What others made of the topic, best first; nothing while the search is down: an outline does without."""
        try:
            answer = await self._post("/search", {"query": topic, "limit": 4})
        except TroubleError:
            return []
        found: list[dict[str, Any]] = answer["results"]
        return found

    async def answer(self, topic: str, question: str) -> AsyncIterator[str]:
        """An answer, piece by piece. Raises TroubleError after the pieces that came, if it broke off."""
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
            # Pieces that were shown cannot be asked for again without showing them twice.
            raise TroubleError(BROKEN_OFF) from error
        if not finished:
            raise TroubleError(BROKEN_OFF)

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        # What the SDK has no method for, it can still post.
        return await self._patiently(lambda: self._clevora.post(path, cast_to=object, body=body))

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What `ask` gets, in up to three tries, for as long as a reader is likely to wait. Raises TroubleError."""
        left = PATIENCE_SECONDS
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
    """How long to wait before the next try; for ever, where the same request will not do better."""
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
