"""Salted and hashed passwords.

People may type a real password, and snapshots get committed and shared, so a guess costs a thousand rounds of PBKDF2:
half a millisecond, which does not delay other requests.
"""

from hashlib import pbkdf2_hmac
from hmac import compare_digest

from msgspec import Struct

MIN_CHARACTERS = 6
_ROUNDS = 1000


class Password(Struct, frozen=True):
    """The salt and the hash of a password, both in hex."""

    salt: str
    hash: str

    @classmethod
    def of(cls, text: str, salt: str) -> "Password":
        """Hash `text` with `salt`."""
        return cls(salt, _hash(text, salt))

    def matches(self, text: str) -> bool:
        return compare_digest(self.hash, _hash(text, self.salt))


def _hash(text: str, salt: str) -> str:
    return pbkdf2_hmac("sha256", text.encode("utf-8", "surrogatepass"), salt.encode(), _ROUNDS).hex()
