"""A sandbox of a running server, as a test holds it.

All goes through the server's own routes, so the server may be this run's, another process's or a container.
"""

import http.client
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from clevora_mock.settings import DEMO_UID, client_variables
from clevora_mock.testing.records import Finding, Request

_PATIENCE_SECONDS = 30
# As many as a journal of the usual size holds.
_ALL = 10_000


class MockError(ValueError):
    """The server refused what the test asked of it, or is not there."""


class Clevora:
    """One sandbox: where it is, what opens it, and what to do to it.

    `url` is the sandbox's root without a slash at the end; `api_key` belongs to the account `demo`.
    """

    def __init__(self, url: str, api_key: str | None = None) -> None:
        self.url = url.rstrip("/")
        self.clock = SandboxClock(self)
        self._api_key = api_key

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {self.url}>"

    @property
    def base_url(self) -> str:
        """What an API client takes for its base URL."""
        return f"{self.url}/v1"

    @property
    def api_key(self) -> str:
        """The demo account's key."""
        if self._api_key is None:
            self._api_key = str(self.ask("GET", "/")["apiKey"])
        return self._api_key

    @property
    def environment(self) -> dict[str, str]:
        """The variables that tell a program of this sandbox: ``CLEVORA_BASE_URL`` and so on."""
        return client_variables(self.url, self.api_key)

    @property
    def balance(self) -> float:
        """The demo account's balance, in dollars; assign another to set it by an adjustment in the ledger."""
        return float(self.ask("GET", f"/__mock/accounts/{DEMO_UID}")["balance"])

    @balance.setter
    def balance(self, dollars: float) -> None:
        self.ask("PATCH", f"/__mock/accounts/{DEMO_UID}", {"balance": dollars})

    def id_token(self, uid: str = DEMO_UID, email: str | None = None, expires_in: int = 3600) -> str:
        """A Firebase ID token for `uid`, which opens ``/v1/keys`` and ``/api/developer/*`` for `expires_in` seconds."""
        asked = {"uid": uid, "email": email, "expiresIn": expires_in}
        return str(self.ask("POST", "/__mock/tokens", asked)["idToken"])

    def use(
        self,
        scenario: str | Path | Mapping[str, Any] | None = None,
        *,
        rules: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        """Let a scenario run from now on: by its name, from a YAML file, as written in a mapping, or just `rules`."""
        if (scenario is None) == (rules is None):
            raise TypeError("use() takes a scenario or rules=[...]")
        if isinstance(scenario, Path):
            self.ask("PUT", "/__mock/scenario", scenario.read_text(encoding="utf-8"))
        elif isinstance(scenario, str):
            self.ask("PUT", "/__mock/scenario", {"name": scenario})
        else:
            self.ask("PUT", "/__mock/scenario", scenario or {"name": "of the test", "rules": rules})

    def requests(self, *, since: datetime | str | None = None, **filters: str | int) -> list[Request]:
        """The requests of the emulated API so far, oldest first.

        Filters: `endpoint`, `status`, `code`, `key`, `account`, `rule`, and `since`, a time.
        """
        asked = {name: str(value) for name, value in filters.items()}
        if since is not None:
            asked["since"] = since if isinstance(since, str) else since.isoformat()
        found = self.ask("GET", f"/__mock/requests?{urlencode({'limit': _ALL} | asked)}")
        return msgspec.convert(found["requests"], list[Request])[::-1]

    def conduct(self) -> list[Finding]:
        """What the client did that it should not have."""
        return msgspec.convert(self.ask("GET", "/__mock/conduct")["findings"], list[Finding])

    def account(self, uid: str = DEMO_UID) -> dict[str, Any]:
        """An account: ``uid``, ``email``, ``balance``, ``activated``, ``developerAccess``, ``keys``."""
        return dict(self.ask("GET", f"/__mock/accounts/{quote(uid, safe='')}"))

    def create_account(self, uid: str | None = None, **facts: Any) -> dict[str, Any]:
        """A new account with a key of its own, whole as ``apiKey``: once and never again.

        Facts: `email`, `balance`, `activated`, `developer_access`; without any, one that can be used at once.
        """
        renamed = {"developerAccess" if name == "developer_access" else name: fact for name, fact in facts.items()}
        return dict(self.ask("POST", "/__mock/accounts", {"uid": uid} | renamed))

    def pay(self, checkout: str) -> dict[str, Any]:
        """Pay a top-up, by its ``checkoutUrl`` or its id: the event is signed and delivered to the webhook."""
        return dict(self.ask("POST", f"/__mock/checkouts/{_id_of(checkout)}/pay"))

    def fail_payment(self, checkout: str) -> dict[str, Any]:
        """Let a top-up's payment fail."""
        return dict(self.ask("POST", f"/__mock/checkouts/{_id_of(checkout)}/fail"))

    def snapshot(self) -> dict[str, Any]:
        """The sandbox's whole state, for `restore`."""
        return dict(self.ask("GET", "/__mock/state"))

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Bring a snapshot back, all or nothing."""
        self.ask("PUT", "/__mock/state", snapshot)

    def reset(self, only: str | None = None) -> None:
        """Back to the start, or a part of it: ``journal``, ``ledger`` or ``scenario``."""
        self.ask("POST", "/__mock/reset", {} if only is None else {"only": only})

    def remove(self) -> None:
        """Forget the sandbox; its next use begins anew."""
        self.ask("DELETE", "/")

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """What one of the mock's own routes answers; a text is sent as it is, all else as JSON. Raises MockError."""
        sent = None if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
        where = urlsplit(self.url + path)
        connect = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
        connection = connect(where.hostname or "", where.port, timeout=_PATIENCE_SECONDS)
        try:
            target = where.path + (f"?{where.query}" if where.query else "")
            connection.request(method, target, sent, {"accept": "application/json", "connection": "close"})
            answer = connection.getresponse()
            told = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise MockError(f"no clevora-mock at {self.url}: {error}") from None
        finally:
            connection.close()
        if answer.status >= 400:
            hint = answer.headers.get("x-clevora-mock-hint")
            raise MockError(f"{method} {path}: {told['error']['message']}{f' ({hint})' if hint else ''}")
        return told


class Server(Clevora):
    """A whole server: its sandbox `default`, and any other by its name."""

    def sandbox(self, name: str) -> Clevora:
        """The sandbox `name` (``[a-z0-9][a-z0-9-]{0,62}``), which comes into being at its first use."""
        return Clevora(f"{self.url}/sandbox/{name}", self.api_key)


class SandboxClock:
    """A sandbox's time: limits, days, tokens, delays and every time in an answer follow it."""

    def __init__(self, clevora: Clevora) -> None:
        self._clevora = clevora

    @property
    def now(self) -> datetime:
        """What time it is in the sandbox."""
        return datetime.fromisoformat(self._clevora.ask("GET", "/__mock/clock")["now"])

    def advance(self, seconds: float | timedelta) -> None:
        """Move on, and wake whoever waits for a moment until then."""
        amount = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
        self._clevora.ask("PATCH", "/__mock/clock", {"advance": amount})

    def set(self, moment: datetime | str) -> None:
        """Jump to a moment, such as ``2026-05-11T14:00:00Z``."""
        self._clevora.ask("PATCH", "/__mock/clock", {"now": _text(moment)})

    def freeze(self, moment: datetime | str | None = None) -> None:
        """Stand still, here or at a moment; only `advance` and `set` move it then."""
        self._clevora.ask("PATCH", "/__mock/clock", {"mode": "frozen"} | ({"now": _text(moment)} if moment else {}))

    def scale(self, speed: float) -> None:
        """Let `speed` seconds pass in one."""
        self._clevora.ask("PATCH", "/__mock/clock", {"mode": "scaled", "speed": speed})

    def run(self) -> None:
        """Run with the wall's clock again."""
        self._clevora.ask("PATCH", "/__mock/clock", {"mode": "real"})


def _text(moment: datetime | str) -> str:
    return moment if isinstance(moment, str) else moment.isoformat()


def _id_of(checkout: str) -> str:
    return checkout.rstrip("/").rpartition("/")[2]
