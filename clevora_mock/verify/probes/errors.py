"""The table of errors: a request that provokes each of them, from which a server's own table is learned.

Each error is checked once, under the clause that names it. All other probes expect it in the form found here.
"""

from functools import partial

from clevora_mock.verify.ask import CHAT, CHEAP, Ask
from clevora_mock.verify.client import CannotCheckError
from clevora_mock.verify.expectation import Difference
from clevora_mock.verify.probe import Probe
from clevora_mock.verify.session import Session

HOMES: dict[str, Ask] = {
    "invalid_json": Ask(CHAT, raw=b"{", error="invalid_json"),
    "missing_field": Ask(CHAT, body={}, error="missing_field"),
    "invalid_field": Ask(CHAT, body={"messages": 5}, error="invalid_field"),
    "invalid_model": Ask(CHAT, body=CHEAP.body | {"model": "clevora-embed-1"}, error="invalid_model"),
    "model_not_found": Ask(CHAT, body=CHEAP.body | {"model": "gpt-4o"}, error="model_not_found"),
    "invalid_api_key": Ask(CHAT, body=CHEAP.body, credential="unknown key", error="invalid_api_key"),
    "invalid_id_token": Ask("GET /v1/keys", credential="word", error="invalid_id_token"),
    "invalid_signature": Ask("POST /api/dodo/webhook", body={}, credential="none", error="invalid_signature"),
    "developer_access_required": Ask("GET /v1/keys", credential="token of other", error="developer_access_required"),
    "not_found": Ask("GET /v1/nothing", credential="none", error="not_found"),
    "method_not_allowed": Ask("PATCH /v1/search", credential="none", error="method_not_allowed"),
    "payload_too_large": Ask(CHAT, raw=b" " * (4 * 1024 * 1024 + 1), error="payload_too_large"),
}

# The clause that names each error; the others of the table are W1's.
_CLAUSES = {
    "invalid_json": "W4",
    "missing_field": "W1",
    "invalid_field": "W1",
    "invalid_model": "C2",
    "model_not_found": "C2",
    "invalid_api_key": "K1",
    "invalid_id_token": "K7",
    "invalid_signature": "B9",
    "developer_access_required": "K8",
    "not_found": "W3",
    "method_not_allowed": "W3",
    "payload_too_large": "W5",
}


def compare_with_table(code: str, session: Session) -> list[Difference]:
    """Compare an error with its row of the contract's table."""
    answer = session.answer(HOMES[code])
    # Which values are refused is a matter of the clauses about them.
    if answer.status < 400 and _CLAUSES[code] == "W1":
        raise CannotCheckError(f"the request that should be refused was answered {answer.status}")
    return session.errors.compare_with_table(code, answer)


def _probe(code: str) -> Probe:
    needs = ("api_key",) if HOMES[code].credential == "key" else ()
    other = ("other_id_token",) if HOMES[code].credential == "token of other" else ()
    check = partial(compare_with_table, code)
    return Probe(f"the error {code}", _CLAUSES[code], check=check, needs=(*needs, *other))


PROBES = tuple(map(_probe, HOMES))
