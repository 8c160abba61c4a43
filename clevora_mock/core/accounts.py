"""Accounts and their API keys (contract K1-K9, B2, B3).

A key is stored as a hash; the key itself is returned once, in the response that creates it. Revoking changes the one
record that authentication looks up, so it takes effect with the next request.
"""

import re
from hashlib import blake2b
from typing import Annotated

from msgspec import Meta

from clevora_mock.contract.limits import (
    ACTIVATION_THRESHOLD,
    KEY_FORMAT,
    KEY_PATTERN,
    KEY_PREFIX,
    MAX_EMAIL_CHARACTERS,
    UID_PATTERN,
    counted,
)
from clevora_mock.core import money
from clevora_mock.core.errors import ApiError
from clevora_mock.core.ledger import Ledger
from clevora_mock.core.limits import RateLimiter
from clevora_mock.core.masking import preview
from clevora_mock.core.usage import AccountUsage

Uid = Annotated[str, Meta(pattern=UID_PATTERN)]
Email = Annotated[str, Meta(max_length=MAX_EMAIL_CHARACTERS)]
# Of a sandbox; also revoked keys.
MAX_ACCOUNTS = 10_000
MAX_KEYS = 20_000

_MORE_MONEY = 'PATCH /__mock/accounts/{uid} with {"balance": 100}, POST /__mock/reset or --balance gives more'


class Key:
    """An API key with its usage and its rate limiter; times in microseconds."""

    __slots__ = (
        "account",
        "created",
        "hash",
        "id",
        "last_used",
        "limiter",
        "name",
        "preview",
        "requests",
        "revoked",
        "tokens",
    )

    def __init__(self, account: "Account", key_id: str, raw: str, name: str, created: int) -> None:
        self.account = account
        self.id = key_id
        self.hash = hash_key(raw)
        self.preview = preview(raw)
        self.name = name
        self.created = created
        self.last_used: int | None = None
        self.requests = 0
        self.tokens = 0
        self.revoked = False
        self.limiter = RateLimiter()

    def require_valid(self) -> None:
        """Raise a 401 for a revoked key (K6)."""
        if self.revoked:
            raise ApiError("invalid_api_key", hint=f"key {self.preview} is revoked")

    def record(self, tokens: int, now: int) -> None:
        """Count a request that completed at `now`."""
        self.requests = counted(self.requests + 1)
        self.tokens = counted(self.tokens + tokens)
        self.last_used = now
        self.limiter.add_tokens(tokens, now)


class Account:
    """A user's access, activation, money, usage and keys."""

    __slots__ = ("activated", "created", "developer_access", "email", "keys", "ledger", "uid", "usage")

    def __init__(self, uid: str, email: str | None, created: int) -> None:
        self.uid = uid
        self.email = email
        self.created = created
        self.developer_access = False
        self.activated = False
        self.ledger = Ledger()
        self.usage = AccountUsage()
        self.keys: list[Key] = []

    def credit(self, serial: int, amount: int, now: int) -> None:
        """Add `amount` micro-dollars."""
        self.ledger.credit(serial, amount, now)
        self.activate_if_funded()

    def activate_if_funded(self) -> None:
        """Activate the account, permanently, if its balance is at the threshold (B2)."""
        if self.ledger.balance >= ACTIVATION_THRESHOLD:
            self.activated = True

    def require_funds(self) -> None:
        """Raise a 402 unless the account is activated and has a balance above zero (B2, B3)."""
        if not self.activated:
            reached = self.ledger.balance >= ACTIVATION_THRESHOLD
            needs = (
                "deactivated by a scenario or PATCH"
                if reached
                else f"needs {money.text(ACTIVATION_THRESHOLD)} once; {_MORE_MONEY}"
            )
            raise ApiError("account_not_activated", hint=f"balance {money.text(self.ledger.balance)}, {needs}")
        if self.ledger.balance <= 0:
            raise ApiError("insufficient_balance", hint=f"balance {money.text(self.ledger.balance)}; {_MORE_MONEY}")


class Accounts:
    """The accounts and keys of a sandbox."""

    def __init__(self) -> None:
        self.by_uid: dict[str, Account] = {}
        self._keys_by_hash: dict[bytes, Key] = {}
        self._keys_by_id: dict[str, Key] = {}

    @property
    def size(self) -> int:
        """The number of accounts and keys."""
        return len(self.by_uid) + len(self._keys_by_id)

    def get_or_create(self, uid: str, email: str | None, now: int) -> Account:
        """Return the account of `uid`, created at `now` if there is none. Raises a 400 if there are too many."""
        account = self.by_uid.get(uid)
        if account is None:
            if len(self.by_uid) >= MAX_ACCOUNTS:
                raise ApiError("invalid_field", f"The sandbox has its maximum of {MAX_ACCOUNTS:,} accounts")
            account = self.by_uid[uid] = Account(uid, email, now)
        return account

    def add_key(self, key: Key) -> None:
        """Add a key to its account. Raises a 400 if there are too many."""
        if len(self._keys_by_id) >= MAX_KEYS:
            raise ApiError("invalid_field", f"The sandbox has its maximum of {MAX_KEYS:,} keys")
        key.account.keys.append(key)
        self._keys_by_hash[key.hash] = key
        self._keys_by_id[key.id] = key

    def clear(self) -> None:
        """Drop all accounts and keys, one after the other, so that each is freed at once."""
        while self.by_uid:
            _, account = self.by_uid.popitem()
            while account.keys:
                key = account.keys.pop()
                del self._keys_by_hash[key.hash], self._keys_by_id[key.id]

    def has_key_hash(self, key_hash: bytes) -> bool:
        return key_hash in self._keys_by_hash

    def authenticate(self, authorization: str) -> Key:
        """Return the key of an ``Authorization`` header, even a revoked one. Raises a 401 for an unknown key (K1)."""
        raw = bearer(authorization)
        key = None if raw is None else self._keys_by_hash.get(hash_key(raw))
        if key is None:
            raise ApiError("invalid_api_key", hint=_unknown_key_hint(raw))
        return key

    def find_key(self, key_id: str) -> Key | None:
        """Return the key with this id, or whose raw form this is (K5)."""
        return self._keys_by_id.get(key_id) or self._keys_by_hash.get(hash_key(key_id))


def bearer(authorization: str) -> str | None:
    """Return the credential of a bearer ``Authorization`` header; the scheme's case does not matter."""
    scheme, _, credential = authorization.partition(" ")
    return credential.strip() or None if scheme.lower() == "bearer" else None


def hash_key(raw: str) -> bytes:
    """Return the BLAKE2b hash of a key, by which it is stored and found."""
    return blake2b(raw.encode("utf-8", "surrogatepass"), digest_size=32).digest()


def _unknown_key_hint(raw: str | None) -> str:
    if raw is None:
        return f"send Authorization: Bearer {KEY_PREFIX}..."
    if raw.startswith("eyJ"):
        return f"this is an ID token, for /v1/keys and /api/developer; here send a key: {KEY_PREFIX}..."
    if not re.fullmatch(KEY_PATTERN, raw):
        return f"a key is {KEY_FORMAT}"
    return "no key like this in this sandbox"
