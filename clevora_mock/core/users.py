"""Firebase's users of a sandbox: who signed up, by uid and by email.

A user is not an account: Clevora's account begins with "Activate Developer Account" (K8) and stays when its user goes.
"""

from clevora_mock.core.passwords import Password

# More are refused rather than that somebody is forgotten who is still signed in.
CAPACITY = 10_000


class User:
    """One user. Times in microseconds; tokens of sign-ins before `valid_since` are revoked, None revokes none."""

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


class Users:
    """Every user of a sandbox, and the uids of those that were deleted, the latest `CAPACITY` of them."""

    def __init__(self) -> None:
        self.by_uid: dict[str, User] = {}
        self.deleted: dict[str, None] = {}
        self._by_email: dict[str, User] = {}

    @property
    def is_full(self) -> bool:
        return len(self.by_uid) >= CAPACITY

    def find_by_email(self, email: str) -> User | None:
        """The user with `email`, whatever its case."""
        return self._by_email.get(email.lower())

    def add(self, user: User) -> None:
        """Take in `user`, whose uid and email are nobody else's."""
        self.by_uid[user.uid] = user
        self.deleted.pop(user.uid, None)
        if user.email is not None:
            self._by_email[user.email.lower()] = user

    def change_email(self, user: User, email: str) -> None:
        """Give `user` an `email` that is nobody else's."""
        if user.email is not None:
            del self._by_email[user.email.lower()]
        user.email = email
        self._by_email[email.lower()] = user

    def delete(self, user: User) -> None:
        """Forget `user`, but not that there was one: a token may still name it."""
        del self.by_uid[user.uid]
        if user.email is not None:
            del self._by_email[user.email.lower()]
        self.mark_deleted(user.uid)

    def mark_deleted(self, uid: str) -> None:
        """Know `uid` for one that is gone."""
        if len(self.deleted) >= CAPACITY:
            del self.deleted[next(iter(self.deleted))]
        self.deleted[uid] = None
