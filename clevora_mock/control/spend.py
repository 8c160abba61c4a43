"""``GET /__mock/spend``: money by endpoint, rule, key or sandbox, and how much of it was wasted."""

from functools import partial
from typing import NamedTuple, cast, get_args

from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.control.endpoint import get_query, get_sandbox
from clevora_mock.control.route import ControlHandler
from clevora_mock.control.schemas import (
    SpendGrouping,
    SpendGroupView,
    SpendReport,
    WasteReport,
    WasteView,
)
from clevora_mock.core import money
from clevora_mock.core.errors import invalid
from clevora_mock.core.journal import JournalEntry
from clevora_mock.core.ledger import LedgerEntry
from clevora_mock.core.masking import masked_text
from clevora_mock.core.messages import did_you_mean
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.sandboxes import Sandboxes
from clevora_mock.core.spend import SpendGroup, SpendSums, charges_in_ledger
from clevora_mock.core.waste import Waste, charged_entries, find_waste, merge_waste
from clevora_mock.web.background import LONG, Background
from clevora_mock.web.json_response import json_response
from clevora_mock.web.parsing import single_param, value_text

GROUPINGS = get_args(SpendGrouping)
# The work that an entry of the journal or of a ledger is, for `Background.run`.
_SIZE = 100


class _Books(NamedTuple):
    """A sandbox's ledgers and journal, copied, since they change while a thread reads them."""

    sandbox: str
    spent: int
    ledger: list[LedgerEntry]
    folded: int
    journal: list[JournalEntry]
    evicted: int

    @property
    def size(self) -> int:
        return _SIZE * (len(self.ledger) + len(self.journal))


class _Spend(NamedTuple):
    """The spend of a sandbox, in micro-dollars."""

    spent: int
    groups: list[SpendGroup]
    waste: list[Waste]


def show_spend(background: Background, sandboxes: Sandboxes) -> ControlHandler:
    """Handle ``GET /__mock/spend?group=``; by sandbox, `default` shows all of them, another one itself."""

    async def show(request: Request) -> Response:
        grouping = _grouping(get_query(request))
        sandbox = get_sandbox(request)
        is_server = grouping == "sandbox" and sandbox is sandboxes.default
        found: list[_Spend] = []
        folded = entries = evicted = 0
        for one in sandboxes.all() if is_server else [sandbox]:
            books = _copy(one)
            folded, entries, evicted = folded + books.folded, entries + len(books.journal), evicted + books.evicted
            # Of many sandboxes each is read in the thread, so that other requests go on between two.
            size = LONG if is_server else books.size
            found.append(await background.run(size, partial(_add_up, books, grouping)))
        groups = sorted((group for one in found for group in one.groups), key=lambda group: -group.spent)
        spent, grouped = sum(one.spent for one in found), sum(group.spent for group in groups)
        waste = merge_waste([waste for one in found for waste in one.waste])
        return json_response(
            SpendReport(
                group=grouping,
                dollars=money.dollars(spent),
                groups=[SpendGroupView(one.name, one.requests, one.tokens, money.dollars(one.spent)) for one in groups],
                folded=folded,
                folded_dollars=money.dollars(spent - grouped),
                waste=WasteReport(
                    dollars=money.dollars(sum(one.spent for one in waste)),
                    kinds=[WasteView(one.kind, one.requests, money.dollars(one.spent)) for one in waste],
                    entries=entries,
                    evicted=evicted,
                ),
            )
        )

    return show


def _grouping(query: str) -> SpendGrouping:
    text = single_param(query, "group")
    if text is None:
        return "endpoint"
    if text not in GROUPINGS:
        raise invalid("group", f"one of {', '.join(GROUPINGS)}", value_text(text) + did_you_mean(text, GROUPINGS))
    return cast("SpendGrouping", text)


def _copy(sandbox: Sandbox) -> _Books:
    ledgers = [account.ledger for account in sandbox.accounts.by_uid.values()]
    return _Books(
        sandbox=masked_text(sandbox.name),
        spent=sum(ledger.spent for ledger in ledgers),
        ledger=[entry for ledger in ledgers for entry in ledger.entries],
        folded=sum(ledger.opening.entries for ledger in ledgers),
        journal=list(sandbox.journal.entries),
        evicted=sandbox.journal.evicted,
    )


def _add_up(books: _Books, grouping: SpendGrouping) -> _Spend:
    charges = charges_in_ledger(books.ledger)
    if grouping == "sandbox":
        tokens, spent = sum(charge.tokens for charge in charges), sum(charge.amount for charge in charges)
        groups = [SpendGroup(books.sandbox, len(charges), tokens, spent)]
    else:
        groups = SpendSums(charges).by(grouping)
    return _Spend(books.spent, groups, find_waste(charged_entries(books.journal, books.spent)))
