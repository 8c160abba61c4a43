"""``/__mock/requests``: the journal."""

import re
from collections.abc import Callable, Iterator

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.clock import iso, parse
from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.contract.limits import KEY_PATTERN
from clevora_mock.control.endpoint import get_now, get_query, get_sandbox
from clevora_mock.control.route import ControlHandler
from clevora_mock.control.schemas import JournalEntryView, JournalView, NearMissView
from clevora_mock.core import money
from clevora_mock.core.errors import invalid
from clevora_mock.core.journal import MAX_BODY_BYTES, MAX_ENTRIES, JournalEntry
from clevora_mock.core.masking import preview
from clevora_mock.core.messages import did_you_mean
from clevora_mock.web.background import Background
from clevora_mock.web.json_response import json_response
from clevora_mock.web.long_json import encode_parts, long_response
from clevora_mock.web.parsing import int_param, query_names, single_param, value_text

_LIMIT = 100
# Begins the name of a request to Firebase's part.
_FIREBASE = "firebase."
# The work that an entry is, for `Background.run`.
_SIZE = 100

Filter = Callable[[JournalEntry], bool]


def list_requests(background: Background) -> ControlHandler:
    """Handle ``GET /__mock/requests``: return the entries that match the filters, newest first."""

    async def show(request: Request) -> Response:
        maximum = max(MAX_ENTRIES, get_sandbox(request).config.journal_size)
        limit = int_param(get_query(request), "limit", (1, maximum), _LIMIT)
        filters = _parse_filters(get_query(request), get_now(request))
        journal = get_sandbox(request).journal
        entries, evicted = list(journal.entries), journal.evicted

        def parts() -> Iterator[bytes]:
            matching = [entry for entry in reversed(entries) if all(matches(entry) for matches in filters)]
            entries.clear()
            view = JournalView(len(matching), evicted, [])
            yield from encode_parts(view, requests=map(render_entry, matching[:limit]))

        return await long_response(background, _SIZE * len(entries), parts())

    return show


async def clear_journal(request: Request) -> Response:
    """Handle ``DELETE /__mock/requests``, which takes no filters."""
    if given := query_names(get_query(request)):
        raise invalid(min(given), "no filter, since all entries are removed", "one")
    sandbox = get_sandbox(request)
    sandbox.journal.clear()
    sandbox.announce("reset", "journal")
    return json_response(JournalView(0, 0, []))


def render_entry(entry: JournalEntry) -> JournalEntryView:
    """Return an entry as the control plane shows it."""
    return JournalEntryView(
        id=entry.id,
        time=iso(entry.at),
        endpoint=entry.endpoint,
        method=entry.method,
        path=entry.path,
        query=entry.query,
        key=entry.key,
        account=entry.account,
        status=entry.status or None,
        code=entry.code,
        message=entry.message,
        hint=entry.hint,
        latency_ms=entry.latency // 1000,
        prompt_tokens=entry.prompt_tokens,
        completion_tokens=entry.completion_tokens,
        cost=money.dollars(entry.cost),
        balance_after=None if entry.balance_after is None else money.dollars(entry.balance_after),
        client=entry.client,
        body=_render_body(entry),
        body_bytes=entry.body_bytes,
        response=entry.response,
        ignored=[*entry.ignored],
        abandoned=entry.abandoned,
        rule=entry.rule,
        draw=entry.draw,
        fault=entry.fault,
        source=entry.source,
        near_misses=[
            NearMissView(miss.rule, miss.condition, miss.field, miss.expected, miss.got, miss.draw)
            for miss in entry.misses
        ],
    )


def _render_body(entry: JournalEntry) -> object:
    """Return a request's body as JSON, or as text if it is not JSON or was truncated."""
    if not entry.body:
        return None
    if entry.body_bytes <= MAX_BODY_BYTES:
        try:
            return msgspec.json.decode(entry.body)
        except (ValueError, RecursionError):
            pass
    return entry.body.decode("utf-8", "replace")


def _parse_filters(query: str, now: int) -> list[Filter]:
    """Return the filters in a query. Raises a 400 for an unknown name, one that comes twice, or a malformed value."""
    unknown = query_names(query) - set(QUERY)
    if unknown:
        raise invalid(min(unknown), f"one of {', '.join(QUERY)}", "an unknown filter")
    values = {name: single_param(query, name) for name in _FILTERS}
    return [_FILTERS[name](value, now) for name, value in values.items() if value is not None]


def _equals(name: str) -> Callable[[str, int], Filter]:
    return lambda value, now: lambda entry: bool(getattr(entry, name) == value)


def _has_status(text: str, now: int) -> Filter:
    if not (text.isascii() and text.isdigit() and len(text) == 3):
        raise invalid("status", "a status such as 429", value_text(text))
    return lambda entry: entry.status == int(text)


def _is_at_endpoint(name: str, now: int) -> Filter:
    if name not in ENDPOINT_BY_NAME and not name.startswith(_FIREBASE):
        got = value_text(name) + did_you_mean(name, ENDPOINT_BY_NAME)
        raise invalid("endpoint", "an endpoint's name such as chat.completions", got)
    return lambda entry: entry.endpoint == name


def _has_key(value: str, now: int) -> Filter:
    if re.fullmatch(KEY_PATTERN, value):
        raise invalid("key", "a key's id or preview", f"a whole key; its preview is {preview(value)}")
    return lambda entry: value in (entry.key, entry.key_id)


def _is_since(text: str, now: int) -> Filter:
    try:
        since = parse(text)
    except ValueError:
        # Of a zone such as +02:00.
        hint = "; a + in a query means a blank: write %2B" if " " in text else ""
        raise invalid("since", "a time such as 2026-05-11T14:00:00Z", value_text(text) + hint) from None
    # Entries after now are from before the clock was set back.
    return lambda entry: since <= entry.at <= now


# Each filter's maker takes the text of its query parameter, and the sandbox's time.
_FILTERS: dict[str, Callable[[str, int], Filter]] = {
    "endpoint": _is_at_endpoint,
    "status": _has_status,
    "code": _equals("code"),
    "key": _has_key,
    "account": _equals("account"),
    "since": _is_since,
    "rule": _equals("rule"),
}

# Of the names that the filter `endpoint` takes.
ENDPOINT_PATTERN = f"^({'|'.join(map(re.escape, ENDPOINT_BY_NAME))}|{re.escape(_FIREBASE)}.*)$"

# Query parameters of ``GET /__mock/requests``.
QUERY = (*_FILTERS, "limit")
