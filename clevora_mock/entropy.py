"""Random numbers of the operating system, for a seed that differs each time; no other module reads them."""

import os


def random_seed() -> int:
    """Return a seed from 0 to 2**32 - 1."""
    return int.from_bytes(os.urandom(4))
