"""The four places in Firestore that the documentation names, and the ledger's, as plain JSON (contract U8)."""

from typing import Any

from clevora_mock.clock import date, iso
from clevora_mock.core import money
from clevora_mock.core.accounts import Account, Key
from clevora_mock.core.journal import JournalEntry
from clevora_mock.core.ledger import LedgerEntry
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.usage import UsageCount, UsageDay


def document(sandbox: Sandbox, path: str) -> dict[str, Any] | None:
    """The document at `path`, such as ``clevora_developer_usage/demo/days/2026-01-01``; None when there is none."""
    match path.split("/"):
        case ["clevora_developer_usage", uid]:
            account = sandbox.accounts.by_uid.get(uid)
            return None if account is None else _usage(account)
        case ["clevora_developer_usage", uid, "days", day]:
            account = sandbox.accounts.by_uid.get(uid)
            return None if account is None else _day(account, day)
        case ["clevora_developer_keys", key_id]:
            key = sandbox.accounts.find_key(key_id)
            return None if key is None else _key(key)
        case ["clevora_developer_logs", log_id]:
            entries = (entry for entry in sandbox.journal.entries if entry.logged)
            logged = next((entry for entry in entries if sandbox.log_id(entry.serial) == log_id), None)
            return None if logged is None else _log(logged)
        case ["clevora_developer_transactions", entry_id]:
            return _transaction(sandbox, entry_id)
        case _:
            return None


def collection(sandbox: Sandbox, path: str) -> list[str] | None:
    """The ids of the documents below `path`; None when it is no collection."""
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


def _usage(account: Account) -> dict[str, Any]:
    usage = account.usage
    return _count(usage.total) | {"lastUsed": _moment(usage.last_used)}


def _day(account: Account, day: str) -> dict[str, Any] | None:
    found = next((row for number, row in account.usage.days.items() if date(number) == day), None)
    return None if found is None else _count(found) | {"endpoints": _endpoints(found)}


def _endpoints(day: UsageDay) -> dict[str, dict[str, int]]:
    return {name: _count(count) for name, count in day.endpoints.items()}


def _count(count: UsageCount) -> dict[str, Any]:
    return {"requests": count.requests, "tokens": count.tokens, "errors": count.errors}


def _key(key: Key) -> dict[str, Any]:
    return {
        "uid": key.account.uid,
        "name": key.name,
        "preview": key.preview,
        "status": "revoked" if key.revoked else "active",
        "requests": key.requests,
        "tokens": key.tokens,
        "createdAt": iso(key.created),
        "lastUsed": _moment(key.last_used),
    }


def _log(entry: JournalEntry) -> dict[str, Any]:
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


def _transaction(sandbox: Sandbox, entry_id: str) -> dict[str, Any] | None:
    for account in sandbox.accounts.by_uid.values():
        for entry in account.ledger.entries:
            if sandbox.entry_id(entry.serial) == entry_id:
                return _entry(account, entry)
    return None


def _entry(account: Account, entry: LedgerEntry) -> dict[str, Any]:
    return {
        "uid": account.uid,
        "type": entry.type,
        "endpoint": entry.endpoint,
        "tokens": entry.tokens,
        "amount": money.dollars(entry.amount),
        "balanceAfter": money.dollars(entry.balance_after),
        "createdAt": iso(entry.at),
    }


def _moment(moment: int | None) -> str | None:
    return None if moment is None else iso(moment)
