"""A password as it is kept: salted and hashed.

Only made-up passwords belong here, but some people type their real one out of habit, and snapshots get committed and
passed around. So a guess costs a thousand rounds of PBKDF2: half a millisecond, which holds up no other request.
"""

from hashlib import pbkdf2_hmac
from hmac import compare_digest

from msgspec import Struct

MIN_CHARACTERS = 6
_ROUNDS = 1000


class Password(Struct, frozen=True):
    """A salt and the hash of a password under it, both in hex."""

    salt: str
    hash: str

    @classmethod
    def of(cls, text: str, salt: str) -> "Password":
        """`text`, kept under `salt`; the same two give the same hash on every machine."""
        return cls(salt, _hash(text, salt))

    def fits(self, text: str) -> bool:
        return compare_digest(self.hash, _hash(text, self.salt))


def _hash(text: str, salt: str) -> str:
    return pbkdf2_hmac("sha256", text.encode("utf-8", "surrogatepass"), salt.encode(), _ROUNDS).hex()
