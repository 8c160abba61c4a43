"""Times of a stream's frames."""

from clevora_mock.api.stream_pacing import StreamPacing
from clevora_mock.core.reply import Frame
from clevora_mock.core.rng import RandomStream


class Draws(RandomStream):
    """Draws of the least, the middle and the most, in turn."""

    def __init__(self) -> None:
        super().__init__(b"12345678")
        self._next = [0.0, 0.5, 1.0]

    def randbelow(self, bound: int) -> int:
        share = self._next.pop(0)
        self._next.append(share)
        return round(share * (bound - 1))


def test_jitter_takes_from_an_interval_and_adds_to_it_by_its_share() -> None:
    frames = StreamPacing(10, ttft=1_000_000, jitter=0.5).pace((Frame(b""),) * 5, Draws())
    assert [frame.due for frame in frames] == [0, 1_000_000, 1_050_000, 1_150_000, 1_300_000]
