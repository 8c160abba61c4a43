"""Error responses to requests that never reach the application, in the contract's JSON (W1)."""

from clevora_mock.contract.errors import SERVICE_UNAVAILABLE, STATUSES
from clevora_mock.core.rng import stable_hash

_REASONS = {
    400: ("Bad Request", "This is not HTTP/1.1"),
    408: ("Request Timeout", "The request did not arrive completely in time"),
    431: ("Request Header Fields Too Large", "The request line and headers are too large"),
    503: ("Service Unavailable", "The server has as many connections as it takes"),
}
_BODY = '{"error":{"message":"%s","type":"%s","code":"%s"}}'


class Refusals:
    """Error responses of one server, each with its own request id (W2)."""

    def __init__(self) -> None:
        self._count = 0

    def response(self, status: int) -> bytes:
        """Return the bytes of a response of status 400, 408, 431 or 503."""
        reason, message = _REASONS[status]
        # The contract has no code for requests that are not HTTP.
        kind = (STATUSES[400].type, "invalid_request")
        if status == SERVICE_UNAVAILABLE.status:
            kind = (SERVICE_UNAVAILABLE.type, SERVICE_UNAVAILABLE.code)
        body = _BODY % (message, *kind)
        # No sandbox is known yet, so the id comes from a counter of the server's.
        request_id = stable_hash("not HTTP", self._count).hex()[:24]
        self._count += 1
        return (
            f"HTTP/1.1 {status} {reason}\r\ncontent-type: application/json\r\nx-request-id: req_{request_id}\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n{body}"
        ).encode()
