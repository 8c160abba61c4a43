"""``POST /v1/scripts/generate`` (contract G1-G3)."""

import msgspec

from clevora_mock import contract
from clevora_mock.api import parsing
from clevora_mock.api.answers import Answer, Json
from clevora_mock.api.shapes import Usage
from clevora_mock.api.shapes import scripts as shapes
from clevora_mock.clock import SECOND
from clevora_mock.core.call import Call
from clevora_mock.models import tokens
from clevora_mock.models.registry import Models


class Scripts:
    """The endpoint."""

    def __init__(self, models: Models) -> None:
        self._models = models

    async def __call__(self, call: Call) -> Answer:
        from clevora_mock.models import scripts as written  # noqa: PLC0415 - few first answers are scripts

        request = parsing.request(call, shapes.ScriptRequest)
        model = parsing.choose_model(contract.ENDPOINT["scripts.generate"], request.model)
        style, length = request.style or "youtube", request.length or "medium"
        script = self._models.scripts.write(request.topic, style, length, seed=call.sandbox.beginning.seed)
        if call.canned is not None and call.canned.script is not None:
            # Its parts stand in the scenario under the names that the API gives them.
            script = msgspec.convert(msgspec.to_builtins(script) | call.canned.script, written.Script)
        call.prompt_tokens = tokens.prompt([request.topic])
        call.completion_tokens = written.tokens(script)
        call.produced = script.title
        return Json(
            shapes.Script(
                id="script_" + call.sandbox.chance.hex("script"),
                object="script",
                created=call.arrived // SECOND,
                model=model,
                topic=request.topic,
                style=style,
                length=length,
                script=msgspec.convert(script, shapes.ScriptBody, from_attributes=True),
                usage=Usage(call.prompt_tokens, call.completion_tokens, call.tokens),
            )
        )
