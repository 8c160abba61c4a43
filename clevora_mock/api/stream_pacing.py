"""Pacing of streams."""

from msgspec import Struct
from msgspec.structs import replace

from clevora_mock.clock import SECOND
from clevora_mock.core.reply import Frame
from clevora_mock.core.rng import RandomStream


class StreamPacing(Struct, frozen=True):
    """Timing of a stream's frames.

    The first content is sent after `ttft` microseconds. `jitter`, from 0 to 1, varies each interval by that fraction.
    """

    tokens_per_second: float | None = None
    ttft: int = 0
    jitter: float = 0.0

    def pace(self, frames: tuple[Frame, ...], draws: RandomStream) -> tuple[Frame, ...]:
        """Return `frames` with their times; the first one, with the role, has no delay."""
        step = SECOND / self.tokens_per_second if self.tokens_per_second else 0.0
        moment = float(self.ttft)
        paced = list(frames[:1])
        for frame in frames[1:]:
            paced.append(replace(frame, due=round(moment)))
            moment += step * (1 + self.jitter * (draws.randbelow(2001) / 1000 - 1) if self.jitter else 1)
        return tuple(paced)
