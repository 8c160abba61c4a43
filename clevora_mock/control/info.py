"""Reads of the control plane: health, the contract's clauses, OpenAPI, ledgers, Firestore."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.api.developer import render_transaction
from clevora_mock.api.openapi import build_openapi_document
from clevora_mock.contract.clauses import CLAUSES
from clevora_mock.control import clock, firestore
from clevora_mock.control.endpoint import get_base_url, get_query, get_sandbox
from clevora_mock.control.route import ControlHandler
from clevora_mock.control.schemas import ClauseView, Fidelity, FidelityEvidence, Health, LedgerView
from clevora_mock.core import money
from clevora_mock.core.errors import ApiError, missing
from clevora_mock.evidence import Evidence, status_of
from clevora_mock.version import __version__
from clevora_mock.web.background import LONG, Background
from clevora_mock.web.json_response import json_response
from clevora_mock.web.long_json import encode_parts, long_response
from clevora_mock.web.operation import Operation
from clevora_mock.web.parsing import single_param

# The work that an entry is, for `Background.run`.
_SIZE = 50


def show_health(server: str | None) -> ControlHandler:
    """Handle ``GET /__mock/health``; `server` is the server's name, if it has one."""

    async def show(request: Request) -> Response:
        sandbox = get_sandbox(request)
        return json_response(
            Health(
                status="ok",
                version=__version__,
                sandbox=sandbox.name,
                seed=sandbox.rng.seed,
                scenario=sandbox.scenario_run.scenario.name,
                firebase_project=sandbox.config.firebase_project,
                clock=clock.render_clock(sandbox.clock),
                server=UNSET if server is None else server,
            )
        )

    return show


def show_fidelity(evidence: Evidence | None, overrides: dict[str, Any]) -> ControlHandler:
    """Handle ``GET /__mock/fidelity``: return every clause, documented or inferred, and what was seen of it."""
    verified = {} if evidence is None else evidence.clauses
    clauses = [
        ClauseView(clause.id, [*clause.basis], clause.documented, clause.inferred, verified.get(clause.id))
        for clause in CLAUSES
    ]
    view = Fidelity(status_of(evidence), _summary(evidence), overrides, clauses)

    async def show(request: Request) -> Response:
        return json_response(view)

    return show


def _summary(evidence: Evidence | None) -> FidelityEvidence | None:
    if evidence is None:
        return None
    counts = Counter(clause.verdict for clause in evidence.clauses.values())
    return FidelityEvidence(
        evidence.date,
        evidence.host,
        evidence.version,
        counts["confirmed"],
        counts["refuted"],
        counts["could not check"],
    )


def show_openapi(operations: Sequence[Operation], evidence: Evidence | None) -> ControlHandler:
    """Handle ``GET /openapi.json``."""

    async def show(request: Request) -> Response:
        return json_response(build_openapi_document(operations, get_base_url(request), evidence))

    return show


def show_ledger(background: Background) -> ControlHandler:
    """Handle ``GET /__mock/ledger?uid=``: return an account's balance, sums and entries, oldest first."""

    async def show(request: Request) -> Response:
        uid = single_param(get_query(request), "uid")
        if uid is None:
            raise missing("uid")
        sandbox = get_sandbox(request)
        account = sandbox.accounts.by_uid.get(uid)
        if account is None:
            raise ApiError("not_found", "No such account")
        sums, entries = account.ledger.sums(), list(account.ledger.entries)
        view = LedgerView(
            uid=account.uid,
            balance=money.dollars(account.ledger.balance),
            credits=money.dollars(sums.credits),
            charges=money.dollars(sums.charges),
            adjustments=money.dollars(sums.adjustments),
            tokens=sums.tokens,
            folded=account.ledger.opening.entries,
            entries=[],
        )
        transactions = (render_transaction(sandbox, entry) for entry in entries)
        return await long_response(background, _SIZE * len(entries), encode_parts(view, entries=transactions))

    return show


def show_firestore(background: Background) -> ControlHandler:
    """Handle ``GET /__mock/firestore/{path}``: return a document, or the ids in a collection."""

    async def show(request: Request) -> Response:
        sandbox, path = get_sandbox(request), request.path_params["path"]
        ids = firestore.list_documents(sandbox, path)
        if ids is not None:
            return await long_response(background, LONG, encode_parts(firestore.DocumentList([]), documents=ids))
        found = await background.run(LONG, firestore.find_document(sandbox, path))
        if found is None:
            raise ApiError("not_found", "No such document")
        return json_response(found)

    return show
