"""The refusals that a scenario may ask for: the contract's own, and those of a gateway before it."""

from clevora_mock import contract
from clevora_mock.contract import Failure

GATEWAY: tuple[Failure, ...] = (
    Failure("bad_gateway", 502, "server_error", "Bad gateway", "A gateway got no proper answer."),
    Failure("service_unavailable", 503, "server_error", "Service unavailable", "The service is down or overloaded."),
    Failure("gateway_timeout", 504, "server_error", "Gateway timeout", "A gateway waited too long."),
)

# What a status without a code means, where the table's first row for it would be a rare case.
_USUAL = {400: "invalid_field", 402: "insufficient_balance"}

# By status, the usual one first.
FAILURES: dict[int, tuple[Failure, ...]] = {
    status: tuple(
        sorted(
            (failure for failure in (*contract.FAILURES, *GATEWAY) if failure.status == status),
            key=lambda failure: failure.code != _USUAL.get(failure.status, failure.code),
        )
    )
    for status in sorted({failure.status for failure in (*contract.FAILURES, *GATEWAY)})
}

STATUS_OF: dict[str, int] = {failure.code: failure.status for failures in FAILURES.values() for failure in failures}

# Refusals that may say when to come back.
WAITING = (429, 503)
