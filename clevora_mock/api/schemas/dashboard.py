"""What the dashboard's requests and answers look like: keys, money, usage, and the webhook."""

from typing import Annotated, Any, Literal

from msgspec import Struct

from clevora_mock.api.schemas import documented, inferred
from clevora_mock.contract.limits import (
    ACTIVATION_THRESHOLD,
    DEFAULT_KEY_NAME,
    DOLLAR,
    MAX_KEY_NAME_CHARACTERS,
    RECENT_ACTIVITY,
    TOPUP_MAXIMUM,
    TOPUP_MINIMUM,
    dollars_text,
)


class KeyRequest(Struct):
    """The body of ``POST /v1/keys`` (K3)."""

    name: Annotated[
        str | None,
        documented(
            f'A name for the key, at most {MAX_KEY_NAME_CHARACTERS} characters. Defaults to "{DEFAULT_KEY_NAME}".'
        ),
    ] = None


class TopupRequest(Struct):
    """The body of ``POST /api/developer/topup`` (B7)."""

    amount: Annotated[
        float,
        documented(
            f"Dollars, from {TOPUP_MINIMUM // DOLLAR} to {TOPUP_MAXIMUM // DOLLAR}, with at most two decimals.",
            ge=TOPUP_MINIMUM // DOLLAR,
            le=TOPUP_MAXIMUM // DOLLAR,
        ),
    ]


class WebhookEvent(Struct):
    """The body of ``POST /api/dodo/webhook`` (B9, B10)."""

    type: Annotated[str | None, inferred("The event; payment.succeeded credits the account.")] = None
    data: Annotated[Any, inferred("The payment, as Dodo Payments describes it.")] = None
    business_id: Annotated[Any, inferred("Not read.")] = None
    timestamp: Annotated[Any, inferred("Not read.")] = None


class NewKey(Struct, frozen=True, rename="camel"):
    """A key at its creation (K3)."""

    id: Annotated[str, inferred("The key's id.")]
    key: Annotated[str, documented("The whole key, shown this once.")]
    name: Annotated[str, documented("Its name.")]
    created_at: Annotated[str, inferred("When it was made.")]


class KeyView(Struct, frozen=True, rename="camel"):
    """A key in the list (K4)."""

    id: Annotated[str, inferred("The key's id.")]
    name: Annotated[str, documented("Its name.")]
    preview: Annotated[str, documented("Its first 20 characters and its last 2.")]
    status: Annotated[Literal["active", "revoked"], inferred("Whether it works.")]
    created_at: Annotated[str, inferred("When it was made.")]
    last_used: Annotated[str | None, documented("When it was last used.")]
    requests: Annotated[int, documented("How many requests it made.")]
    tokens: Annotated[int, documented("How many tokens they were billed for.")]


class Keys(Struct, frozen=True):
    """The user's keys, newest first."""

    keys: Annotated[list[KeyView], inferred("The keys.")]


class RevokedKey(Struct, frozen=True):
    """A key after its revocation (K5)."""

    id: Annotated[str, inferred("The key's id.")]
    status: Annotated[Literal["revoked"], inferred("Always revoked.")]


class AccountView(Struct, frozen=True, rename="camel"):
    """The signed-in user's account (B11)."""

    uid: Annotated[str, inferred("The Firebase uid.")]
    email: Annotated[str | None, inferred("The user's address.")]
    developer_access: Annotated[bool, inferred("Whether the dashboard and the API are open.")]
    activated: Annotated[bool, documented(f"Whether the balance ever reached {dollars_text(ACTIVATION_THRESHOLD)}.")]
    balance: Annotated[float, documented("Dollars.")]
    tier: Annotated[Literal["preview"], documented("The rate limits' tier.")]


class CheckoutLink(Struct, frozen=True, rename="camel"):
    """Where a top-up is paid (B7)."""

    checkout_url: Annotated[str, documented("The page to send the user to.")]


class Transaction(Struct, frozen=True, rename="camel"):
    """One ledger entry (B11)."""

    id: Annotated[str, inferred("The entry's id.")]
    type: Annotated[Literal["charge", "credit", "adjustment"], inferred("Which way the money went.")]
    endpoint: Annotated[str | None, documented("What was charged.")]
    tokens: Annotated[int, documented("For how many tokens.")]
    amount: Annotated[float, documented("Dollars.")]
    balance_after: Annotated[float, inferred("Dollars left.")]
    created_at: Annotated[str, inferred("When.")]


class Transactions(Struct, frozen=True):
    """The newest ledger entries, newest first."""

    transactions: Annotated[list[Transaction], inferred("The entries.")]


class Received(Struct, frozen=True):
    """The webhook's thanks (B10)."""

    received: Annotated[bool, inferred("Always true.")]


class UsageSummary(Struct, frozen=True, rename="camel"):
    """The nine figures on top of the dashboard (U3-U5)."""

    total_requests: Annotated[int, documented("Requests since the beginning.")]
    total_tokens: Annotated[int, documented("Tokens since the beginning.")]
    range_requests: Annotated[int, documented("Requests of the range.")]
    range_tokens: Annotated[int, documented("Tokens of the range.")]
    requests_today: Annotated[int, documented("Requests of this UTC day.")]
    tokens_today: Annotated[int, documented("Tokens of this UTC day.")]
    avg_tokens_per_request: Annotated[int, documented("Of the range, rounded.")]
    success_rate: Annotated[float, documented("Per cent of the range, one decimal.")]
    last_used: Annotated[str | None, documented("When the last request completed.")]


class UsageDay(Struct, frozen=True):
    """One day of the series."""

    date: Annotated[str, documented("YYYY-MM-DD, UTC.")]
    requests: Annotated[int, documented("Requests of the day.")]
    tokens: Annotated[int, documented("Tokens of the day.")]
    errors: Annotated[int, documented("Failed requests of the day.")]


class EndpointUsage(Struct, frozen=True):
    """One endpoint's share of the range."""

    requests: Annotated[int, documented("Its requests.")]
    tokens: Annotated[int, documented("Its tokens.")]


class RecentActivity(Struct, frozen=True, rename="camel"):
    """One of the newest requests."""

    endpoint: Annotated[str, documented("What was called.")]
    tokens: Annotated[int, documented("What was billed.")]
    status: Annotated[Literal["success", "error"], documented("How it ended.")]
    latency_ms: Annotated[int, documented("How long it took.")]


class UsageReport(Struct, frozen=True, rename="camel"):
    """The answer of ``GET /api/developer/usage`` (U3)."""

    range: Annotated[int, documented("Days.")]
    summary: Annotated[UsageSummary, documented("The figures on top.")]
    daily_series: Annotated[list[UsageDay], documented("One row for each day, oldest first.")]
    endpoint_breakdown: Annotated[dict[str, EndpointUsage], documented("By endpoint, those that were used.")]
    recent_activity: Annotated[
        list[RecentActivity], documented(f"The {RECENT_ACTIVITY} newest requests, newest first.")
    ]
