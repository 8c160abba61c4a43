"""How a run goes: how often, how long, against whom."""

from msgspec import Struct

from benchmarks import peers
from benchmarks.samples import Samples


class Plan(Struct, frozen=True):
    """What every measurement is told. `requests` is the length of the long run, `catalog` the size of the large one."""

    rounds: int
    seconds: float
    requests: int
    catalog: int
    against_peers: bool
    samples: Samples

    @property
    def peers(self) -> tuple[str, ...]:
        return peers.KINDS if self.against_peers else ()
