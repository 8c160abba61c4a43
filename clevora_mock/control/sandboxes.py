"""``/__mock/sandboxes`` and ``DELETE /sandbox/<name>``: which sandboxes there are."""

from clevora_mock.api.answers import Answer, Json
from clevora_mock.clock import iso
from clevora_mock.core import money
from clevora_mock.core.call import Call
from clevora_mock.core.errors import ApiError
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.sandboxes import DEFAULT, Sandboxes


class SandboxPages:
    """The routes over `sandboxes`."""

    def __init__(self, sandboxes: Sandboxes) -> None:
        self._sandboxes = sandboxes

    async def list(self, call: Call) -> Answer:
        """``GET /__mock/sandboxes``."""
        return Json({"sandboxes": [view(sandbox) for sandbox in self._sandboxes.all()]})

    async def delete(self, call: Call) -> Answer:
        """``DELETE /sandbox/<name>``; the next use of the name begins anew."""
        name = call.sandbox.name
        if name == DEFAULT:
            raise ApiError("not_found", "The sandbox default cannot be removed; POST /__mock/reset resets it")
        self._sandboxes.remove(name)
        return Json({"removed": name})


def view(sandbox: Sandbox) -> dict[str, object]:
    """A sandbox in the list."""
    spent = sum(account.book.spent for account in sandbox.accounts.by_uid.values())
    return {
        "name": sandbox.name,
        "requests": sandbox.journal.total,
        "spend": money.dollars(spent),
        "scenario": sandbox.course.scenario.name,
        "lastUsed": None if sandbox.last_used is None else iso(sandbox.last_used),
    }
