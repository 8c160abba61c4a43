"""The product's tables of operations and control routes, for tests of every row."""

from clevora_mock.api.routes import load_operations
from clevora_mock.app import create_app
from clevora_mock.control.route import ControlRoute
from clevora_mock.control.routes import ControlContext, build_control_table
from clevora_mock.control.webhook_sender import WebhookSender
from clevora_mock.core.metrics import RequestMetrics
from clevora_mock.resources import scenarios
from clevora_mock.scenarios.store import ScenarioStore
from clevora_mock.web.background import Background

OPERATIONS = {operation.name: operation for operation in load_operations()}


def control_rows() -> list[ControlRoute]:
    """Return every row of the control plane, bound to an application that is not served."""
    sandboxes = create_app().state.sandboxes
    return build_control_table(
        ControlContext(
            sandboxes=sandboxes,
            metrics=RequestMetrics(),
            store=ScenarioStore(scenarios()),
            sender=WebhookSender(),
            operations=list(OPERATIONS.values()),
            background=Background(),
            overrides={},
            evidence=None,
        )
    )
