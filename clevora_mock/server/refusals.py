"""Error responses to requests that never reach the application, in the contract's JSON (W1)."""

import msgspec

from clevora_mock.contract.errors import SERVICE_UNAVAILABLE, STATUSES
from clevora_mock.core.rng import stable_hash

# The reason phrase and the message, by status.
_REFUSALS = {
    400: ("Bad Request", "The request cannot be served"),
    408: ("Request Timeout", "The request did not arrive completely in time"),
    431: ("Request Header Fields Too Large", "The request line and headers are too large"),
    503: ("Service Unavailable", "The server has as many connections as it takes"),
}


class Refusals:
    """Error responses of one server, each with its own request id (W2)."""

    def __init__(self) -> None:
        self._count = 0

    def response(self, status: int, why: str = "") -> tuple[bytes, str]:
        """Return a response of status 400, 408, 431 or 503, and its message, which ends with `why`."""
        phrase, message = _REFUSALS[status]
        message += why and f": {why}"
        # The contract has no code for requests that are not HTTP.
        kind = {"type": STATUSES[400].type, "code": "invalid_request"}
        if status == SERVICE_UNAVAILABLE.status:
            kind = {"type": SERVICE_UNAVAILABLE.type, "code": SERVICE_UNAVAILABLE.code}
        body = msgspec.json.encode({"error": {"message": message, **kind}})
        # No sandbox is known yet, so the id comes from a counter of the server's.
        request_id = stable_hash("not HTTP", self._count).hex()[:24]
        self._count += 1
        head = (
            f"HTTP/1.1 {status} {phrase}\r\ncontent-type: application/json\r\nx-request-id: req_{request_id}\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        return head.encode() + body, message
