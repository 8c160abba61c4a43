"""The parameters in paths and queries of the emulated API."""

from clevora_mock.contract.endpoints import DOCUMENTED
from clevora_mock.contract.limits import (
    DEFAULT_TRANSACTIONS,
    DEFAULT_USAGE_DAYS,
    MAX_TRANSACTIONS,
    MAX_USAGE_DAYS,
)
from clevora_mock.web.operation import Parameter

KEY_ID = Parameter("id", "path", "The key's id, or the raw key.")
WEBHOOK_HEADERS = (
    Parameter("webhook-id", "header", "The event's id, the same on each delivery."),
    Parameter("webhook-timestamp", "header", "Whole seconds since 1970, at most five minutes off."),
    Parameter(
        "webhook-signature",
        "header",
        "v1,<base64 HMAC-SHA256 of id.timestamp.body> with the decoded secret as key; several, separated by spaces, "
        "while a secret is rotated.",
    ),
)
LIMIT = Parameter("limit", "query", "Number of entries.", bounds=(1, MAX_TRANSACTIONS), default=DEFAULT_TRANSACTIONS)
RANGE = Parameter(
    "range", "query", "Number of days, including today.", DOCUMENTED, (1, MAX_USAGE_DAYS), DEFAULT_USAGE_DAYS
)
