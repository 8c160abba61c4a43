"""The four documented Firestore collections, and the ledger's, as plain JSON (U8)."""

from typing import Any

from clevora_mock.clock import date, iso
from clevora_mock.core import money
from clevora_mock.core.accounts import Account, Key
from clevora_mock.core.journal import JournalEntry
from clevora_mock.core.ledger import LedgerEntry
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.usage import UsageCount, UsageDay


def find_document(sandbox: Sandbox, path: str) -> dict[str, Any] | None:
    """Return the document at `path` (``clevora_developer_usage/demo/days/2026-01-01``), None if there is none."""
    match path.split("/"):
        case ["clevora_developer_usage", uid]:
            account = sandbox.accounts.by_uid.get(uid)
            return None if account is None else _render_usage(account)
        case ["clevora_developer_usage", uid, "days", day]:
            account = sandbox.accounts.by_uid.get(uid)
            return None if account is None else _render_day(account, day)
        case ["clevora_developer_keys", key_id]:
            key = sandbox.accounts.find_key(key_id)
            return None if key is None else _render_key(key)
        case ["clevora_developer_logs", log_id]:
            entries = (entry for entry in sandbox.journal.entries if entry.logged)
            logged = next((entry for entry in entries if sandbox.log_id(entry.serial) == log_id), None)
            return None if logged is None else _render_log(logged)
        case ["clevora_developer_transactions", entry_id]:
            return _find_transaction(sandbox, entry_id)
        case _:
            return None


def list_documents(sandbox: Sandbox, path: str) -> list[str] | None:
    """Return the ids of the documents in the collection at `path`, None if there is no such collection."""
    match path.split("/"):
        case ["clevora_developer_usage"]:
            return list(sandbox.accounts.by_uid)
        case ["clevora_developer_usage", uid, "days"]:
            account = sandbox.accounts.by_uid.get(uid)
            return None if account is None else [date(day) for day in sorted(account.usage.days)]
        case ["clevora_developer_keys"]:
            return [key.id for account in sandbox.accounts.by_uid.values() for key in account.keys]
        case ["clevora_developer_logs"]:
            return [sandbox.log_id(entry.serial) for entry in sandbox.journal.entries if entry.logged]
        case ["clevora_developer_transactions"]:
            accounts = sandbox.accounts.by_uid.values()
            return [sandbox.entry_id(entry.serial) for account in accounts for entry in account.ledger.entries]
        case _:
            return None


def _render_usage(account: Account) -> dict[str, Any]:
    usage = account.usage
    return _render_count(usage.total) | {"lastUsed": _iso_or_none(usage.last_used)}


def _render_day(account: Account, day: str) -> dict[str, Any] | None:
    found = next((row for number, row in account.usage.days.items() if date(number) == day), None)
    return None if found is None else _render_count(found) | {"endpoints": _render_endpoints(found)}


def _render_endpoints(day: UsageDay) -> dict[str, dict[str, int]]:
    return {name: _render_count(count) for name, count in day.endpoints.items()}


def _render_count(count: UsageCount) -> dict[str, Any]:
    return {"requests": count.requests, "tokens": count.tokens, "errors": count.errors}


def _render_key(key: Key) -> dict[str, Any]:
    return {
        "uid": key.account.uid,
        "name": key.name,
        "preview": key.preview,
        "status": "revoked" if key.revoked else "active",
        "requests": key.requests,
        "tokens": key.tokens,
        "createdAt": iso(key.created),
        "lastUsed": _iso_or_none(key.last_used),
    }


def _render_log(entry: JournalEntry) -> dict[str, Any]:
    failed = entry.status >= 400
    return {
        "uid": entry.account,
        "key": entry.key_id,
        "endpoint": entry.endpoint,
        "tokens": 0 if failed else entry.prompt_tokens + entry.completion_tokens,
        "status": "error" if failed else "success",
        "latencyMs": entry.latency // 1000,
        "output": entry.response,
        "requestId": entry.id,
        "createdAt": iso(entry.completed),
    }


def _find_transaction(sandbox: Sandbox, entry_id: str) -> dict[str, Any] | None:
    for account in sandbox.accounts.by_uid.values():
        for entry in account.ledger.entries:
            if sandbox.entry_id(entry.serial) == entry_id:
                return _render_transaction(account, entry)
    return None


def _render_transaction(account: Account, entry: LedgerEntry) -> dict[str, Any]:
    return {
        "uid": account.uid,
        "type": entry.type,
        "endpoint": entry.endpoint,
        "tokens": entry.tokens,
        "amount": money.dollars(entry.amount),
        "balanceAfter": money.dollars(entry.balance_after),
        "createdAt": iso(entry.at),
    }


def _iso_or_none(moment: int | None) -> str | None:
    return None if moment is None else iso(moment)
