"""The four documented Firestore collections, and the ledger's, as plain JSON (U8)."""

from collections.abc import Callable, Iterable
from typing import Literal

from clevora_mock.clock import date, iso
from clevora_mock.control.schemas import Answer
from clevora_mock.core import money
from clevora_mock.core.accounts import Account, Key
from clevora_mock.core.journal import JournalEntry
from clevora_mock.core.ledger import EntryType, LedgerEntry
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.usage import UsageCount


class UsageCounts(Answer, frozen=True):
    """Numbers of requests, billed tokens and errors."""

    requests: int
    tokens: int
    errors: int


class UsageDocument(UsageCounts, frozen=True):
    """An account's usage."""

    last_used: str | None


class DayDocument(UsageCounts, frozen=True):
    """An account's usage on one UTC day."""

    endpoints: dict[str, UsageCounts]


class KeyDocument(Answer, frozen=True):
    """An API key."""

    uid: str
    name: str
    preview: str
    status: Literal["active", "revoked"]
    requests: int
    tokens: int
    created_at: str
    last_used: str | None


class LogDocument(Answer, frozen=True):
    """A request in Clevora's log (U7)."""

    uid: str | None
    key: str | None
    endpoint: str | None
    tokens: int
    status: Literal["success", "error"]
    latency_ms: int
    output: str
    request_id: str
    created_at: str


class TransactionDocument(Answer, frozen=True):
    """An entry of a ledger."""

    uid: str
    type: EntryType
    endpoint: str | None
    tokens: int
    amount: float
    balance_after: float
    created_at: str


class DocumentList(Answer, frozen=True):
    """The ids of a collection's documents."""

    documents: list[str]


Document = UsageDocument | DayDocument | KeyDocument | LogDocument | TransactionDocument


def find_document(sandbox: Sandbox, path: str) -> Callable[[], Document | None]:
    """Return the search for the document at `path` (``clevora_developer_usage/demo/days/2026-01-01``).

    It finds None if there is none. It may take long, and another thread may run it while the sandbox changes.
    """
    found: Document | None = None
    match path.split("/"):
        case ["clevora_developer_usage", uid, *rest] if (account := sandbox.accounts.by_uid.get(uid)) is not None:
            if not rest:
                found = _render_usage(account)
            elif rest[0] == "days" and len(rest) == 2:
                found = _render_day(account, rest[1])
        case ["clevora_developer_keys", key_id] if (key := sandbox.accounts.find_key(key_id)) is not None:
            found = _render_key(key)
        case ["clevora_developer_logs", log_id]:
            logged = [entry for entry in sandbox.journal.entries if entry.logged]
            logs = (_render_log(entry) for entry in logged if sandbox.log_id(entry.serial) == log_id)
            return lambda: next(logs, None)
        case ["clevora_developer_transactions", entry_id]:
            ledgers = [(account, [*account.ledger.entries]) for account in _accounts(sandbox)]
            transactions = (
                _render_transaction(account, entry)
                for account, entries in ledgers
                for entry in entries
                if sandbox.entry_id(entry.serial) == entry_id
            )
            return lambda: next(transactions, None)
    return lambda: found


def list_documents(sandbox: Sandbox, path: str) -> Iterable[str] | None:
    """Return the ids of the documents in the collection at `path`, None if there is no such collection.

    The iteration may take long, and another thread may do it while the sandbox changes.
    """
    match path.split("/"):
        case ["clevora_developer_usage"]:
            return list(sandbox.accounts.by_uid)
        case ["clevora_developer_usage", uid, "days"]:
            account = sandbox.accounts.by_uid.get(uid)
            return None if account is None else [date(day) for day in sorted(account.usage.days)]
        case ["clevora_developer_keys"]:
            return [key.id for account in _accounts(sandbox) for key in account.keys]
        case ["clevora_developer_logs"]:
            return (sandbox.log_id(entry.serial) for entry in [*sandbox.journal.entries] if entry.logged)
        case ["clevora_developer_transactions"]:
            ledgers = [[*account.ledger.entries] for account in _accounts(sandbox)]
            return (sandbox.entry_id(entry.serial) for entries in ledgers for entry in entries)
        case _:
            return None


def _accounts(sandbox: Sandbox) -> Iterable[Account]:
    return sandbox.accounts.by_uid.values()


def _render_usage(account: Account) -> UsageDocument:
    total = account.usage.total
    return UsageDocument(total.requests, total.tokens, total.errors, _iso_or_none(account.usage.last_used))


def _render_day(account: Account, day: str) -> DayDocument | None:
    found = next((row for number, row in account.usage.days.items() if date(number) == day), None)
    if found is None:
        return None
    endpoints = {name: _render_count(count) for name, count in found.endpoints.items()}
    return DayDocument(found.requests, found.tokens, found.errors, endpoints)


def _render_count(count: UsageCount) -> UsageCounts:
    return UsageCounts(count.requests, count.tokens, count.errors)


def _render_key(key: Key) -> KeyDocument:
    return KeyDocument(
        uid=key.account.uid,
        name=key.name,
        preview=key.preview,
        status="revoked" if key.revoked else "active",
        requests=key.requests,
        tokens=key.tokens,
        created_at=iso(key.created),
        last_used=_iso_or_none(key.last_used),
    )


def _render_log(entry: JournalEntry) -> LogDocument:
    failed = entry.status >= 400
    return LogDocument(
        uid=entry.account,
        key=entry.key_id,
        endpoint=entry.endpoint,
        tokens=0 if failed else entry.prompt_tokens + entry.completion_tokens,
        status="error" if failed else "success",
        latency_ms=entry.latency // 1000,
        output=entry.response,
        request_id=entry.id,
        created_at=iso(entry.completed),
    )


def _render_transaction(account: Account, entry: LedgerEntry) -> TransactionDocument:
    return TransactionDocument(
        uid=account.uid,
        type=entry.type,
        endpoint=entry.endpoint,
        tokens=entry.tokens,
        amount=money.dollars(entry.amount),
        balance_after=money.dollars(entry.balance_after),
        created_at=iso(entry.at),
    )


def _iso_or_none(moment: int | None) -> str | None:
    return None if moment is None else iso(moment)
