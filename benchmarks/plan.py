"""The plan of a run: rounds, durations and servers."""

from msgspec import Struct

from benchmarks import peers
from benchmarks.samples import Samples


class Plan(Struct, frozen=True):
    """The parameters of all measurements: `requests` of the long run, `catalog` items in the large catalog."""

    rounds: int
    seconds: float
    requests: int
    catalog: int
    against_peers: bool
    samples: Samples

    @property
    def peers(self) -> tuple[str, ...]:
        return peers.KINDS if self.against_peers else ()
