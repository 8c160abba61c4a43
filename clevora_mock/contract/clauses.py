"""The clauses of the contract: checkable sentences that are documented, inferred or partly both."""

from msgspec import Struct

from clevora_mock.contract import limits
from clevora_mock.contract.endpoints import DOCUMENTED, ENDPOINT_BY_NAME, INFERRED, MODELS_BY_ENDPOINT, Basis
from clevora_mock.contract.limits import DEFAULT_MODEL, KEY_FORMAT, MAX_BODY_TEXT, SCRIPT_BUDGETS, dollars_text


def _rate(name: str) -> str:
    """Return the price of 1,000 tokens in dollars."""
    return f"${(ENDPOINT_BY_NAME[name].rate or 0) / 1000:.2f}"


class Clause(Struct, frozen=True):
    """A clause with its documented and its inferred part; either may be empty."""

    id: str
    documented: str = ""
    inferred: str = ""

    @property
    def basis(self) -> tuple[Basis, ...]:
        return tuple(basis for basis, text in ((DOCUMENTED, self.documented), (INFERRED, self.inferred)) if text)


CLAUSES: tuple[Clause, ...] = (
    Clause("W1", "Every answer is JSON; an error holds message, type and code, no more."),
    Clause("W2", inferred="Every answer carries x-request-id: req_ and 24 hex digits."),
    Clause(
        "W3",
        "An unknown route is 404.",
        "not_found, whatever the credentials; a wrong verb is 405 with Allow; one trailing slash changes nothing. A "
        "doubled or encoded slash, a doubled /v1 or a misspelt sandbox name is 404 with a hint.",
    ),
    Clause(
        "W4",
        inferred="The body is read as JSON whatever its content type. Empty, broken, non-object, NaN, duplicate keys, "
        "bad UTF-8, Content-Encoding: 400 invalid_json. Where every field is optional, an absent body is {}.",
    ),
    Clause("W5", inferred=f"A body over {MAX_BODY_TEXT} is 413 payload_too_large."),
    Clause(
        "W6",
        inferred="Checks run in the order 404/405, 401, 403, 402, 429, 400; then the work; then the bill.",
    ),
    Clause(
        "W7",
        "/docs/llms, /llms.txt and /llms.json serve the same self-contained JSON, cached for 5 minutes, to anyone.",
        "Real answers validate against its schemas; its addresses are this server's.",
    ),
    Clause(
        "W8",
        inferred="CORS is open on the emulated API, also on its unknown paths, and closed on the control plane.",
    ),
    Clause(
        "W9",
        inferred="HTTP/1.1 is spoken: offers to upgrade are ignored, and an HTTP/1.0 client gets a length, no chunks. "
        "Two Authorization headers are 401.",
    ),
    Clause(
        "K1",
        f"A key is {KEY_FORMAT}, sent as a bearer token; the scheme's case does not matter.",
    ),
    Clause(
        "K2",
        "An API key opens /v1 except /v1/keys; an ID token opens /v1/keys and /api/developer; never both.",
    ),
    Clause(
        "K3",
        "Creating a key shows it whole, once.",
        f"The answer's fields; name: trimmed, at most {limits.MAX_KEY_NAME_CHARACTERS} characters, "
        f'"{limits.DEFAULT_KEY_NAME}" by default.',
    ),
    Clause(
        "K4",
        "Listing keys gives previews and usage, never the secret.",
        "Newest first, own keys only, with these fields.",
    ),
    Clause(
        "K5",
        "DELETE revokes a key.",
        "Repeating it changes nothing; another's key is 404; the raw key is an id.",
    ),
    Clause("K6", "A revoked key is refused from the next request on; other keys and running streams go on."),
    Clause(
        "K7",
        inferred="An ID token is an unsigned emulator JWT; iss, aud, sub (a segment of a path) and exp are checked.",
    ),
    Clause("K8", inferred="A user never seen is refused with 403 until POST /api/developer/activate, idempotent."),
    Clause("K9", inferred="Developer access (403) and activation by funds (402) are two flags."),
    Clause(
        "B1",
        f"Rates per 1,000 tokens: chat {_rate('chat.completions')}, embeddings {_rate('embeddings')}, "
        f"search {_rate('search')}, scripts {_rate('scripts.generate')}.",
    ),
    Clause(
        "B2",
        f"An account is activated when its balance first reaches {dollars_text(limits.ACTIVATION_THRESHOLD)}, by a "
        "payment, an opening credit or an adjustment, and stays so.",
    ),
    Clause("B3", "Once activated, the gate is a balance above zero."),
    Clause(
        "B4",
        "A successful request is billed once, when it completes; failures are free.",
        "The last request may take the balance below zero, and requests in flight all pass.",
    ),
    Clause("B5", "Every charge and credit is a ledger entry, and they sum to the balance."),
    Clause("B6", "A request's usage is its ledger entry's tokens and the rollups' increment."),
    Clause(
        "B7",
        f"A top-up is between {dollars_text(limits.TOPUP_MINIMUM)} and {dollars_text(limits.TOPUP_MAXIMUM)} "
        "and answers with a checkout's URL.",
        "A JSON number with at most two decimals; the checkout is the mock's own page, single use, "
        f"valid for {limits.CHECKOUT_HOURS} h.",
    ),
    Clause("B8", "Nothing is credited before payment.succeeded arrives at the webhook."),
    Clause("B9", inferred="The webhook speaks Standard Webhooks; a bad, stale or missing signature is 401."),
    Clause("B10", inferred="The checkout's amount is credited, once for each webhook-id and each payment."),
    Clause(
        "B11",
        inferred="The account, for any signed-in user, and the transactions, newest first, in dollars with at most six "
        "decimals.",
    ),
    Clause("B12", inferred='Errors of the dashboard\'s endpoints carry "status":"error" beside "error".'),
    Clause(
        "L1", f"Each key has {limits.REQUESTS_PER_MINUTE} requests a minute and {limits.TOKENS_PER_DAY:,} tokens a day."
    ),
    Clause(
        "L2",
        inferred="The minute is a sliding window of admitted requests; Retry-After is exact, between 1 and 60. After "
        "the clock is set back, requests after now count for nothing.",
    ),
    Clause(
        "L3",
        inferred="The day is UTC; the request that crosses the line is served; then 429 until midnight. Each day keeps "
        "its own count, whichever way the clock is moved.",
    ),
    Clause("L4", "No other rate-limit header is documented, so none is sent."),
    Clause(
        "C1",
        "messages is a non-empty array of {role, content}.",
        "Six roles; content is a string or text parts, null only beside an assistant's tool calls.",
    ),
    Clause(
        "C2",
        f"model defaults to {DEFAULT_MODEL['chat.completions']}.",
        f"Scripts take {' (default) and '.join(MODELS_BY_ENDPOINT['scripts.generate'])}, every other endpoint its own; "
        "unknown is 404, another endpoint's 400.",
    ),
    Clause("C3", "stream is a boolean, temperature a number in [0, 2], max_tokens a whole number from 1."),
    Clause(
        "C4",
        inferred="max_completion_tokens stands in for max_tokens; null is absent; other fields are ignored and named.",
    ),
    Clause("C5", "The answer has id, object, created, model, usage and one choice, as printed."),
    Clause(
        "C6",
        "An answer is never longer than max_tokens.",
        "Cut, its finish_reason is length; the prompt is billed on top.",
    ),
    Clause(
        "C7",
        inferred="Tokens are words of at most 12 characters and single signs; a prompt adds 3 a message and 3.",
    ),
    Clause("C8", "The documented example gets the documented answer."),
    Clause(
        "C9",
        inferred="response_format: json_schema gives a value valid by its schema; json_object a JSON object, valid by "
        "schema beside it where there is one; a malformed schema is 400; an unknown type is ignored and named so.",
    ),
    Clause("S1", "A stream is data: lines, each ended by a blank line, and data: [DONE]."),
    Clause("S2", "The first chunk has the role, the last finish_reason and usage; each has one choice."),
    Clause("S3", inferred="Every chunk also has created and model."),
    Clause(
        "S4",
        "The usage stands on the last chunk.",
        "Exactly once, whatever stream_options says; no chunk is without choices.",
    ),
    Clause("S5", "A stream joined equals the same answer unstreamed, usage included."),
    Clause("S6", "A client that leaves early pays the prompt and what was sent, once, and is logged so."),
    Clause("S7", "A refusal before the stream is a plain status.", "With a JSON error, not an event."),
    Clause(
        "E1",
        "input is a string or an array of strings.",
        f"Not blank, at most {limits.MAX_EMBEDDING_INPUTS}; arrays of token ids are 400 with a hint.",
    ),
    Clause("E2", "One vector for each input.", "In OpenAI's list shape, in order, with usage."),
    Clause(
        "E3",
        inferred=f"{limits.EMBEDDING_DIMENSIONS} dimensions, unit length, float32; encoding_format base64 or float.",
    ),
    Clause("E4", inferred="A vector depends on text and model alone; similar texts lie closer."),
    Clause(
        "H1",
        f"query is required; limit defaults to {limits.DEFAULT_SEARCH_RESULTS}.",
        f"query is not blank; limit is between 1 and {limits.MAX_SEARCH_RESULTS}.",
    ),
    Clause("H2", inferred="The answer's shape, and each result's."),
    Clause("H3", "Results are ranked by a score in [0, 1], ties by id, never more than limit."),
    Clause(
        "H4",
        "Everyone searches the same demo catalog.",
        "Several hundred made-up videos and podcasts; a catalog of one's own can take its place.",
    ),
    Clause(
        "G1",
        "topic is required; style is youtube, podcast or tiktok; length short, medium or long.",
        "topic is not blank.",
    ),
    Clause(
        "G2",
        inferred=f"length defaults to {limits.DEFAULT_SCRIPT_LENGTH}; budgets of "
        + ", ".join(f"{budget} ({length})" for length, budget in SCRIPT_BUDGETS.items())
        + " tokens, met within 30 %.",
    ),
    Clause("G3", inferred="The script's shape; structure and voice differ by style."),
    Clause("U1", inferred="GET /api/developer/usage, and /v1/usage with the same credentials."),
    Clause(
        "U2",
        f"range is a whole number from 1 to {limits.MAX_USAGE_DAYS}.",
        f"{limits.DEFAULT_USAGE_DAYS} by default; anything else is 400.",
    ),
    Clause("U3", "The printed shape, whole."),
    Clause("U4", "The average is of the range; the series has a row for each day, oldest first."),
    Clause("U5", inferred="successRate has one decimal and is 100 when there is nothing."),
    Clause(
        "U6",
        f"recentActivity holds the {limits.RECENT_ACTIVITY} newest.",
        "endpointBreakdown holds the range's endpoints.",
    ),
    Clause(
        "U7",
        inferred="Successes, abandoned streams, 400, 500 and a 404 for a model are recorded; refusals at the gates are "
        "not.",
    ),
    Clause("U8", "The four places in Firestore can be read, as plain JSON on the control plane."),
)
