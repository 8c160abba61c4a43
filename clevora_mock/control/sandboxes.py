"""``/__mock/sandboxes`` and ``DELETE /sandbox/<name>``: list and remove sandboxes."""

from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.clock import iso
from clevora_mock.control.endpoint import get_sandbox
from clevora_mock.control.route import ControlHandler
from clevora_mock.control.schemas import RemovedSandbox, SandboxList, SandboxView
from clevora_mock.core import money
from clevora_mock.core.errors import ApiError
from clevora_mock.core.masking import masked_text
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.sandboxes import DEFAULT, Sandboxes
from clevora_mock.web.json_response import json_response


def list_sandboxes(sandboxes: Sandboxes) -> ControlHandler:
    """Handle ``GET /__mock/sandboxes``."""

    async def show(request: Request) -> Response:
        return json_response(SandboxList([_render_sandbox(sandbox) for sandbox in sandboxes.all()]))

    return show


def remove_sandbox(sandboxes: Sandboxes) -> ControlHandler:
    """Handle ``DELETE /sandbox/<name>``; the next request to the name creates a new sandbox."""

    async def remove(request: Request) -> Response:
        sandbox = get_sandbox(request)
        name = sandbox.name
        if name == DEFAULT:
            raise ApiError("not_found", "The sandbox default cannot be removed; POST /__mock/reset resets it")
        if not sandbox.is_kept:
            # Only for this request.
            return json_response(RemovedSandbox(None))
        sandboxes.remove(name)
        return json_response(RemovedSandbox(name))

    return remove


def _render_sandbox(sandbox: Sandbox) -> SandboxView:
    spent = sum(account.ledger.spent for account in sandbox.accounts.by_uid.values())
    return SandboxView(
        name=masked_text(sandbox.name),
        requests=sandbox.journal.total,
        spend=money.dollars(spent),
        scenario=sandbox.scenario_run.scenario.name,
        last_used=None if sandbox.last_used is None else iso(sandbox.last_used),
    )
