"""The seed of a run of the fuzzers, from ``FUZZ_SEED`` or drawn."""

import os
from random import SystemRandom

# Kept in the environment for the processes of pytest-xdist.
SEED = int(os.environ.setdefault("FUZZ_SEED", str(SystemRandom().randrange(10**6))))


def header(target: str) -> str:
    """Return a line that says how to repeat the run of a target of make."""
    return f"seed: {SEED}; again: make {target} FUZZ_SEED={SEED}"
