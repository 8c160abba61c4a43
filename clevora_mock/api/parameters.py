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
LIMIT = Parameter("limit", "query", "Number of entries.", bounds=(1, MAX_TRANSACTIONS), default=DEFAULT_TRANSACTIONS)
RANGE = Parameter(
    "range", "query", "Number of days, including today.", DOCUMENTED, (1, MAX_USAGE_DAYS), DEFAULT_USAGE_DAYS
)
