"""The Firebase users of a sandbox.

A user is not an account: an account is created by "Activate Developer Account" (K8) and stays when its user is deleted.
"""

from typing import Annotated

from msgspec import Meta

from clevora_mock.core.passwords import Password

# At capacity, sign-ups are refused; evicting users could remove one who is signed in.
CAPACITY = 10_000
# A name, or the address of a picture: a sandbox keeps ten thousand users.
ProfileText = Annotated[str, Meta(max_length=2_048)]


class User:
    """A Firebase user; times in microseconds. Tokens of sign-ins before `valid_since` are revoked."""

    __slots__ = (
        "created",
        "email",
        "last_refresh",
        "last_sign_in",
        "name",
        "password",
        "picture",
        "uid",
        "valid_since",
    )

    def __init__(self, uid: str, email: str | None, password: Password | None, created: int) -> None:
        self.uid = uid
        self.email = email
        self.password = password
        self.created = created
        self.last_sign_in = created
        self.last_refresh = created
        self.valid_since: int | None = None
        self.name: str | None = None
        self.picture: str | None = None

    def revoked_before(self, now: int) -> int | None:
        """Return `valid_since`, None if it is after `now`, since the clock was set back."""
        return None if self.valid_since is None or self.valid_since > now else self.valid_since


class Users:
    """The users of a sandbox, and the uids of the last `CAPACITY` deleted ones (a dict as an ordered set)."""

    def __init__(self) -> None:
        self.by_uid: dict[str, User] = {}
        self.deleted: dict[str, None] = {}
        self._by_email: dict[str, User] = {}

    @property
    def is_full(self) -> bool:
        return len(self.by_uid) >= CAPACITY

    def find_by_email(self, email: str) -> User | None:
        """Return the user with `email`, which is compared without case."""
        return self._by_email.get(email.lower())

    def add(self, user: User) -> None:
        """Add `user`; the caller checks that no other user has its uid or email."""
        self.by_uid[user.uid] = user
        self.deleted.pop(user.uid, None)
        if user.email is not None:
            self._by_email[user.email.lower()] = user

    def change_email(self, user: User, email: str) -> None:
        """Set the email of `user`; the caller checks that no other user has it."""
        if user.email is not None:
            del self._by_email[user.email.lower()]
        user.email = email
        self._by_email[email.lower()] = user

    def delete(self, user: User) -> None:
        """Delete `user` but keep its uid, which valid tokens may still name."""
        del self.by_uid[user.uid]
        if user.email is not None:
            del self._by_email[user.email.lower()]
        self.mark_deleted(user.uid)

    def mark_deleted(self, uid: str) -> None:
        """Remember `uid` as deleted."""
        if len(self.deleted) >= CAPACITY:
            del self.deleted[next(iter(self.deleted))]
        self.deleted[uid] = None
