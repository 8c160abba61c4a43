"""A client for tests: one sandbox of a running server.

It uses HTTP alone, so the server may be the test run's own, another process or a container.
"""

import http.client
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from operator import methodcaller
from os import PathLike
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from clevora_mock.clock import iso_micros, wall_micros
from clevora_mock.core import money
from clevora_mock.core.conduct.finding import reaches
from clevora_mock.core.journal import MAX_ENTRIES
from clevora_mock.core.spend import SpendGroup, over_budget
from clevora_mock.scenarios.store import is_file
from clevora_mock.setting_kinds import DOLLARS
from clevora_mock.settings import DEMO_UID, Setting, client_variables
from clevora_mock.testing.connections import Connections
from clevora_mock.testing.records import Finding, Request, SignedWebhook


class MockError(ValueError):
    """A call that the server refused, or a server that cannot be reached."""


# pytest shows the test's line that made the call, not this module's.
__tracebackhide__ = methodcaller("errisinstance", MockError)


class Clevora:
    """A sandbox: its addresses and credentials, its state, and methods that change it.

    `url` is the sandbox's root without a slash at the end; `api_key` belongs to the account `demo`.
    """

    def __init__(self, url: str, api_key: str | None = None, connections: Connections | None = None) -> None:
        self.url = url.rstrip("/")
        self.clock = SandboxClock(self)
        self._api_key = api_key
        self._connections = connections or Connections(url)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {self.url}>"

    @property
    def base_url(self) -> str:
        """The base URL for an API client."""
        return f"{self.url}/v1"

    @property
    def api_key(self) -> str:
        """The demo account's key."""
        if self._api_key is None:
            self._api_key = str(self.call("GET", "/")["apiKey"])
        return self._api_key

    @property
    def webhook_secret(self) -> str:
        """The secret (``whsec_…``) of the signatures on payment events."""
        return str(self.call("GET", "/")["webhookSecret"])

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which programs find this sandbox: ``CLEVORA_BASE_URL`` and so on, and ``NO_PROXY``."""
        return client_variables(self.url, self.api_key)

    @property
    def balance(self) -> float:
        """The demo account's balance, in dollars; assign another to set it by an adjustment in the ledger."""
        return float(self.call("GET", f"/__mock/accounts/{DEMO_UID}")["balance"])

    @balance.setter
    def balance(self, dollars: float) -> None:
        self.call("PATCH", f"/__mock/accounts/{DEMO_UID}", {"balance": dollars})

    def id_token(self, uid: str = DEMO_UID, email: str | None = None, expires_in: float | str = 3600) -> str:
        """Make a Firebase ID token for ``/v1/keys`` and ``/api/developer/*``, valid for seconds or ``"1h"``."""
        body = {"uid": uid, "email": email, "expiresIn": expires_in}
        return str(self.call("POST", "/__mock/tokens", body)["idToken"])

    def use(
        self,
        scenario: str | PathLike[str] | Mapping[str, Any] | None = None,
        *,
        rules: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        """Start a scenario: by name, from a file, as a mapping, or just `rules`."""
        if (scenario is None) == (rules is None):
            raise TypeError("use() takes a scenario or rules=[...]")
        if isinstance(scenario, PathLike) or (isinstance(scenario, str) and is_file(scenario)):
            self.call("PUT", "/__mock/scenario", _read_file(scenario))
        elif isinstance(scenario, str):
            self.call("PUT", "/__mock/scenario", {"name": scenario})
        else:
            self.call("PUT", "/__mock/scenario", scenario or {"name": "of the test", "rules": rules})

    def use_recording(self, name: str) -> None:
        """Replay the recording `name` from its beginning, or record it if the server does."""
        self.call("PUT", "/__mock/recording", {"name": name})

    def requests(self, *, since: datetime | str | None = None, **filters: str | int) -> list[Request]:
        """Return the requests to the emulated API, oldest first.

        Filters: `endpoint`, `status`, `code`, `key`, `account`, `rule`, and `since`, a time.
        """
        query = {"limit": MAX_ENTRIES} | filters
        if since is not None:
            query["since"] = _text(since)
        newest_first = self.call("GET", f"/__mock/requests?{urlencode(query)}")["requests"]
        return msgspec.convert(newest_first, list[Request])[::-1]

    def conduct(self) -> list[Finding]:
        """Return the findings about the client's behaviour, which has ended: what it has not repeated, it gave up."""
        return msgspec.convert(self.call("GET", "/__mock/conduct?final=true")["findings"], list[Finding])

    def assert_clean(self, at: Literal["error", "warning"] = "error") -> None:
        """Raise AssertionError for findings of severity `at` or worse, with advice and requests."""
        __tracebackhide__ = True
        if at not in ("error", "warning"):
            raise ValueError(f"at: expected 'error' or 'warning', got {at!r}")
        found = [finding for finding in self.conduct() if reaches(finding.severity, at)]
        if found:
            raise AssertionError("\n".join(["findings about the client's conduct:", *map(str, found)]))

    def spent(self) -> float:
        """Return what all accounts were charged since the sandbox's start or its reset, in dollars."""
        return float(self.call("GET", "/__mock/spend")["dollars"])

    def assert_spent(self, at_most: float | str | Decimal) -> None:
        """Raise AssertionError, with what cost it, if more dollars were charged; see `spent`."""
        __tracebackhide__ = True
        budget = read_budget(at_most, "at_most")
        spend = self.call("GET", "/__mock/spend")
        spent = money.micros(spend["dollars"])
        if spent > budget:
            groups = (
                SpendGroup(one["name"], one["requests"], one["tokens"], money.micros(one["dollars"]))
                for one in spend["groups"]
            )
            waste = "".join(
                f"; {one['kind']} wasted {money.text(money.micros(one['dollars']))}" for one in spend["waste"]["kinds"]
            )
            raise AssertionError(over_budget(spent, budget, groups) + waste)

    def account(self, uid: str = DEMO_UID) -> dict[str, Any]:
        """Return an account: ``uid``, ``email``, ``balance``, ``activated``, ``developerAccess``, ``keys``."""
        return dict(self.call("GET", f"/__mock/accounts/{quote(uid, safe='')}"))

    def create_account(self, uid: str | None = None, **facts: Any) -> dict[str, Any]:
        """Create an account with a key; only this call returns the whole key, as ``apiKey``.

        Facts: `email`, `balance`, `activated`, `developer_access`; the defaults allow every call.
        """
        renamed = {"developerAccess" if name == "developer_access" else name: fact for name, fact in facts.items()}
        return dict(self.call("POST", "/__mock/accounts", {"uid": uid} | renamed))

    def accounts(self) -> list[dict[str, Any]]:
        """Return all accounts, the oldest first."""
        return list(self.call("GET", "/__mock/accounts")["accounts"])

    def checkouts(self) -> list[dict[str, Any]]:
        """Return all top-ups' checkouts, the oldest first: ``id``, ``url``, ``amount``, ``status`` and so on."""
        return list(self.call("GET", "/__mock/checkouts")["checkouts"])

    def pay(self, checkout: str, *, deliveries: int = 1, delay: float | str | None = None) -> dict[str, Any]:
        """Pay a top-up, by its ``checkoutUrl`` or id: the signed event is delivered to the webhook.

        It is delivered `deliveries` times, `delay` seconds (or ``"30s"``) later by the sandbox's clock.
        """
        body = {"deliveries": deliveries, "delay": delay}
        return dict(self.call("POST", f"/__mock/checkouts/{_id_of(checkout)}/pay", body))

    def fail_payment(self, checkout: str, *, deliveries: int = 1, delay: float | str | None = None) -> dict[str, Any]:
        """Fail a top-up's payment; the event is delivered like that of `pay`."""
        body = {"deliveries": deliveries, "delay": delay}
        return dict(self.call("POST", f"/__mock/checkouts/{_id_of(checkout)}/fail", body))

    def sign_webhook(self, payload: Mapping[str, Any]) -> SignedWebhook:
        """Sign an event for a webhook route of your own: headers, and the body to send as it is."""
        signed = self.call("POST", "/__mock/webhooks/sign", {"payload": payload})
        return SignedWebhook(signed["headers"], signed["body"].encode())

    def snapshot(self) -> dict[str, Any]:
        """Return the sandbox's whole state, for `restore`."""
        return dict(self.call("GET", "/__mock/state"))

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Restore a snapshot, all or nothing."""
        self.call("PUT", "/__mock/state", snapshot)

    def reset(self, only: str | None = None) -> None:
        """Reset the sandbox, or a part of it: ``journal``, ``ledger`` or ``scenario``."""
        self.call("POST", "/__mock/reset", {} if only is None else {"only": only})

    def remove(self) -> None:
        """Remove the sandbox; the next request that it accepts creates a new one."""
        self.call("DELETE", "/")

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Call a route of the control plane; text is sent as it is, all else as JSON. Raises MockError."""
        content = None if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
        try:
            response = self._connections.send(method, urlsplit(self.url).path + path, content)
            result = json.loads(response.body)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise MockError(f"no clevora-mock at {self.url}: {error}") from None
        if response.status >= 400:
            hint = f" ({response.hint})" if response.hint else ""
            raise MockError(f"{method} {path}: {result['error']['message']}{hint}")
        return result


class Server(Clevora):
    """A server: its sandbox `default`, and any other by name."""

    def sandbox(self, name: str) -> Clevora:
        """Return the sandbox `name` (``[a-z0-9][a-z0-9-]{0,62}``), which the first request that it accepts creates."""
        return Clevora(f"{self.url}/sandbox/{name}", self.api_key, self._connections)

    @property
    def request_count(self) -> int:
        """The number of requests that the sandbox `default` has had."""
        found = self.call("GET", "/__mock/requests?limit=1")
        return int(found["count"] + found["evicted"])


class SandboxClock:
    """The clock of a sandbox: limits, days, tokens, delays and every time in a response follow it."""

    def __init__(self, clevora: Clevora) -> None:
        self._clevora = clevora

    @property
    def now(self) -> datetime:
        """The time in the sandbox."""
        return datetime.fromisoformat(self._clevora.call("GET", "/__mock/clock")["now"])

    def advance(self, seconds: float | str | timedelta) -> None:
        """Move the clock forward, by seconds or ``"90m"``; timers that are due by then fire."""
        amount = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
        self._clevora.call("PATCH", "/__mock/clock", {"advance": amount})

    def set(self, moment: datetime | str) -> None:
        """Set the clock to a moment, such as ``2026-05-11T14:00:00Z``."""
        self._clevora.call("PATCH", "/__mock/clock", {"now": _text(moment)})

    def freeze(self, moment: datetime | str | None = None) -> None:
        """Stop the clock, now or at a moment; from then on only `advance` and `set` move it."""
        self._clevora.call("PATCH", "/__mock/clock", {"mode": "frozen"} | ({"now": _text(moment)} if moment else {}))

    def scale(self, speed: float) -> None:
        """Run the clock at `speed` seconds per second."""
        self._clevora.call("PATCH", "/__mock/clock", {"mode": "scaled", "speed": speed})

    def run(self) -> None:
        """Run with the machine's clock again."""
        self._clevora.call("PATCH", "/__mock/clock", {"mode": "real", "now": iso_micros(wall_micros())})


def read_budget(value: float | str | Decimal, name: str) -> int:
    """Return the micro-dollars of an amount in dollars. Raises SettingsError, a ValueError, with its name."""
    return money.micros(Setting(DOLLARS, "", "").check(value, name))


def _read_file(path: str | PathLike[str]) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise MockError(f"{path}: cannot be read: {error.strerror}") from None


def _text(moment: datetime | str) -> str:
    return moment if isinstance(moment, str) else moment.isoformat()


def _id_of(checkout: str) -> str:
    return checkout.rstrip("/").rpartition("/")[2]
