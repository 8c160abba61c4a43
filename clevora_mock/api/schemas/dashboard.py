"""Schemas of the dashboard's endpoints: keys, money, usage; and of the webhook."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from clevora_mock.api.schemas import DEFAULT, documented, inferred
from clevora_mock.contract.limits import (
    ACTIVATION_THRESHOLD,
    DEFAULT_KEY_NAME,
    DOLLAR,
    MAX_KEY_NAME_CHARACTERS,
    RECENT_ACTIVITY,
    TOPUP_MAXIMUM,
    TOPUP_MINIMUM,
    Tier,
    dollars_text,
)


class KeyRequest(Struct):
    """The body of ``POST /v1/keys`` (K3)."""

    name: Annotated[
        # Counted without the space around it.
        Annotated[str, Meta(extra_json_schema={"maxLength": MAX_KEY_NAME_CHARACTERS})] | None,
        documented(
            f'A name for the key, at most {MAX_KEY_NAME_CHARACTERS} characters. Defaults to "{DEFAULT_KEY_NAME}".',
            {DEFAULT: DEFAULT_KEY_NAME},
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
    data: Annotated[Any, inferred("The payment: checkout_session_id, or metadata with uid and amount, counts.")] = None
    business_id: Annotated[Any, inferred("Ignored.")] = None
    timestamp: Annotated[Any, inferred("Ignored.")] = None


class NewKey(Struct, frozen=True, rename="camel"):
    """A new key (K3)."""

    id: Annotated[str, inferred("The key's id.")]
    key: Annotated[str, documented("The whole key, which no other response shows.")]
    name: Annotated[str, documented("The key's name.")]
    created_at: Annotated[str, inferred("Time of creation.")]


class KeyView(Struct, frozen=True, rename="camel"):
    """A key in the list (K4)."""

    id: Annotated[str, inferred("The key's id.")]
    name: Annotated[str, documented("The key's name.")]
    preview: Annotated[str, documented("The key's first 20 and last 2 characters.")]
    status: Annotated[Literal["active", "revoked"], inferred("active, or revoked.")]
    created_at: Annotated[str, inferred("Time of creation.")]
    last_used: Annotated[str | None, documented("Time of the last request; null before the first.")]
    requests: Annotated[int, documented("Number of requests with this key.")]
    tokens: Annotated[int, documented("Billed tokens of these requests.")]


class KeyList(Struct, frozen=True):
    """The user's keys."""

    keys: Annotated[list[KeyView], inferred("The keys, newest first.")]


class RevokedKey(Struct, frozen=True):
    """A revoked key (K5)."""

    id: Annotated[str, inferred("The key's id.")]
    status: Annotated[Literal["revoked"], inferred("Always revoked.")]


class AccountView(Struct, frozen=True, rename="camel"):
    """The signed-in user's account (B11)."""

    uid: Annotated[str, inferred("The Firebase uid.")]
    email: Annotated[str | None, inferred("The user's email address.")]
    developer_access: Annotated[bool, inferred("True if the user may use the dashboard and the API.")]
    activated: Annotated[bool, documented(f"True once the balance has reached {dollars_text(ACTIVATION_THRESHOLD)}.")]
    balance: Annotated[float, documented("Dollars.")]
    tier: Annotated[Tier, documented("Tier of the rate limits.")]


class CheckoutLink(Struct, frozen=True, rename="camel"):
    """A top-up to be paid (B7)."""

    checkout_url: Annotated[str, documented("URL of the payment page.")]


class Transaction(Struct, frozen=True, rename="camel"):
    """One ledger entry (B11)."""

    id: Annotated[str, inferred("The entry's id.")]
    type: Annotated[Literal["charge", "credit", "adjustment"], inferred("charge, credit or adjustment.")]
    endpoint: Annotated[str | None, documented("The endpoint that a charge is for.")]
    tokens: Annotated[int, documented("Billed tokens.")]
    amount: Annotated[float, documented("Dollars.")]
    balance_after: Annotated[float, inferred("Balance after the entry, in dollars.")]
    created_at: Annotated[str, inferred("Time of the entry.")]


class TransactionList(Struct, frozen=True):
    """The newest ledger entries."""

    transactions: Annotated[list[Transaction], inferred("The entries, newest first.")]


class WebhookReceipt(Struct, frozen=True):
    """The webhook's response (B10)."""

    received: Annotated[bool, inferred("Always true.")]


class UsageSummary(Struct, frozen=True, rename="camel"):
    """Totals of the dashboard (U3-U5)."""

    total_requests: Annotated[int, documented("All requests.")]
    total_tokens: Annotated[int, documented("All tokens.")]
    range_requests: Annotated[int, documented("Requests in the range.")]
    range_tokens: Annotated[int, documented("Tokens in the range.")]
    requests_today: Annotated[int, documented("Requests of the current UTC day.")]
    tokens_today: Annotated[int, documented("Tokens of the current UTC day.")]
    avg_tokens_per_request: Annotated[int, documented("Tokens per request in the range, rounded.")]
    success_rate: Annotated[float, documented("Successful requests in the range, in percent with one decimal.")]
    last_used: Annotated[str | None, documented("Time at which the last request was completed.")]


class DailyUsage(Struct, frozen=True):
    """One UTC day."""

    date: Annotated[str, documented("YYYY-MM-DD, UTC.")]
    requests: Annotated[int, documented("Requests of the day.")]
    tokens: Annotated[int, documented("Tokens of the day.")]
    errors: Annotated[int, documented("Failed requests of the day.")]


class EndpointUsage(Struct, frozen=True):
    """One endpoint's totals in the range."""

    requests: Annotated[int, documented("Requests to the endpoint.")]
    tokens: Annotated[int, documented("Tokens of these requests.")]


class RecentActivity(Struct, frozen=True, rename="camel"):
    """One recent request."""

    endpoint: Annotated[str, documented("The endpoint.")]
    tokens: Annotated[int, documented("Billed tokens.")]
    status: Annotated[Literal["success", "error"], documented("success, or error.")]
    latency_ms: Annotated[int, documented("Duration in milliseconds.")]


class UsageReport(Struct, frozen=True, rename="camel"):
    """The response of ``GET /api/developer/usage`` (U3)."""

    range: Annotated[int, documented("Days in the range.")]
    summary: Annotated[UsageSummary, documented("Totals.")]
    daily_series: Annotated[list[DailyUsage], documented("Each day of the range, oldest first.")]
    endpoint_breakdown: Annotated[dict[str, EndpointUsage], documented("Totals by endpoint; unused ones are absent.")]
    recent_activity: Annotated[
        list[RecentActivity], documented(f"The {RECENT_ACTIVITY} newest requests, newest first.")
    ]
