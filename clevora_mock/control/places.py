"""What the control plane shows: health, the contract's clauses, OpenAPI, the money, the documented places."""

from clevora_mock.api import parsing
from clevora_mock.api.answers import Answer, Json
from clevora_mock.api.developer import transaction
from clevora_mock.contract.clauses import CLAUSES
from clevora_mock.control import clock, firestore
from clevora_mock.core import money
from clevora_mock.core.call import Call
from clevora_mock.core.errors import ApiError, missing
from clevora_mock.version import __version__


class Health:
    """``GET /__mock/health``: ready, and set up like this; with the `server` that says so, where it has a name."""

    def __init__(self, server: str | None) -> None:
        self._server = {} if server is None else {"server": server}

    async def __call__(self, call: Call) -> Answer:
        sandbox = call.sandbox
        return Json(
            {
                "status": "ok",
                "version": __version__,
                "sandbox": sandbox.name,
                "seed": sandbox.chance.seed,
                "scenario": sandbox.course.scenario.name,
                "firebaseProject": sandbox.beginning.firebase_project,
                "clock": clock.view(sandbox.clock),
                **self._server,
            }
        )


async def fidelity(call: Call) -> Answer:
    """``GET /__mock/fidelity``: every clause of the contract, and whether it is documented or inferred."""
    clauses = [
        {"id": clause.id, "basis": clause.basis, "documented": clause.documented, "inferred": clause.inferred}
        for clause in CLAUSES
    ]
    return Json({"clauses": clauses})


async def openapi(call: Call) -> Answer:
    """``GET /openapi.json``: the emulated API as OpenAPI 3.1."""
    from clevora_mock.api.openapi import describe  # noqa: PLC0415 - built when somebody asks

    return Json(describe(call.base_url))


async def ledger(call: Call) -> Answer:
    """``GET /__mock/ledger?uid=``: an account's balance, sums and entries, oldest first."""
    uid = parsing.text(call, "uid")
    if not uid:
        raise missing("uid")
    account = call.sandbox.accounts.by_uid.get(uid)
    if account is None:
        raise ApiError("not_found", "No such account")
    sums = account.book.sums()
    return Json(
        {
            "uid": account.uid,
            "balance": money.dollars(account.book.balance),
            "credits": money.dollars(sums.credits),
            "charges": money.dollars(sums.charges),
            "adjustments": money.dollars(sums.adjustments),
            "tokens": sums.tokens,
            "folded": account.book.opening.entries,
            "entries": [transaction(call.sandbox, entry) for entry in account.book.entries],
        }
    )


async def firestore_place(call: Call) -> Answer:
    """``GET /__mock/firestore/{path}``: a document, or the ids in a collection."""
    path = call.parameters["path"]
    found = firestore.document(call.sandbox, path)
    if found is not None:
        return Json(found)
    ids = firestore.collection(call.sandbox, path)
    if ids is None:
        raise ApiError("not_found", "No such document")
    return Json({"documents": ids})
