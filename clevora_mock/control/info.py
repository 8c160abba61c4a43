"""Reads of the control plane: health, the contract's clauses, OpenAPI, ledgers, Firestore."""

from collections.abc import Sequence

from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.api.developer import render_transaction
from clevora_mock.api.openapi import build_openapi_document
from clevora_mock.contract.clauses import CLAUSES
from clevora_mock.control import clock, firestore
from clevora_mock.control.endpoint import ControlHandler, get_base_url, get_query, get_sandbox
from clevora_mock.control.schemas import ClauseView, Fidelity, Health, LedgerView
from clevora_mock.core import money
from clevora_mock.core.errors import ApiError, missing
from clevora_mock.version import __version__
from clevora_mock.web.json_response import json_response
from clevora_mock.web.operation import Operation
from clevora_mock.web.parsing import query_param


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


async def show_fidelity(request: Request) -> Response:
    """Handle ``GET /__mock/fidelity``: return every clause of the contract, documented or inferred."""
    clauses = [ClauseView(clause.id, [*clause.basis], clause.documented, clause.inferred) for clause in CLAUSES]
    return json_response(Fidelity(clauses))


def show_openapi(operations: Sequence[Operation]) -> ControlHandler:
    """Handle ``GET /openapi.json``."""

    async def show(request: Request) -> Response:
        return json_response(build_openapi_document(operations, get_base_url(request)))

    return show


async def show_ledger(request: Request) -> Response:
    """Handle ``GET /__mock/ledger?uid=``: return an account's balance, sums and entries, oldest first."""
    uid = query_param(get_query(request), "uid")
    if not uid:
        raise missing("uid")
    account = get_sandbox(request).accounts.by_uid.get(uid)
    if account is None:
        raise ApiError("not_found", "No such account")
    sums = account.ledger.sums()
    return json_response(
        LedgerView(
            uid=account.uid,
            balance=money.dollars(account.ledger.balance),
            credits=money.dollars(sums.credits),
            charges=money.dollars(sums.charges),
            adjustments=money.dollars(sums.adjustments),
            tokens=sums.tokens,
            folded=account.ledger.opening.entries,
            entries=[render_transaction(get_sandbox(request), entry) for entry in account.ledger.entries],
        )
    )


async def show_firestore(request: Request) -> Response:
    """Handle ``GET /__mock/firestore/{path}``: return a document, or the ids in a collection."""
    path = request.path_params["path"]
    found = firestore.find_document(get_sandbox(request), path)
    if found is not None:
        return json_response(found)
    ids = firestore.list_documents(get_sandbox(request), path)
    if ids is None:
        raise ApiError("not_found", "No such document")
    return json_response(firestore.DocumentList(ids))
