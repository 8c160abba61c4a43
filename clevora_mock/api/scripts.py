"""``POST /v1/scripts/generate`` (G1-G3)."""

import msgspec
from msgspec.structs import replace

from clevora_mock.api.schemas import Usage
from clevora_mock.api.schemas.scripts import Script, ScriptBody, ScriptRequest
from clevora_mock.clock import SECOND
from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.contract.limits import DEFAULT_SCRIPT_LENGTH, DEFAULT_SCRIPT_STYLE
from clevora_mock.core.reply import Reply
from clevora_mock.models import tokens
from clevora_mock.models.registry import Models
from clevora_mock.web.context import RequestContext
from clevora_mock.web.json_response import json_answer
from clevora_mock.web.parsing import choose_model


class ScriptsHandler:
    """The endpoint."""

    def __init__(self, models: Models) -> None:
        self._models = models

    async def __call__(self, context: RequestContext, request: ScriptRequest) -> Reply:
        from clevora_mock.models import scripts  # noqa: PLC0415 - few first answers are scripts

        model = choose_model(ENDPOINT_BY_NAME["scripts.generate"], request.model)
        style, length = request.style or DEFAULT_SCRIPT_STYLE, request.length or DEFAULT_SCRIPT_LENGTH
        script = self._models.scripts.write(request.topic, style, length, seed=context.sandbox.config.seed)
        if context.scripted.script is not None:
            # A scenario names the parts as the API does.
            script = msgspec.convert(msgspec.to_builtins(script) | context.scripted.script, scripts.Script)
        prompt, written = tokens.prompt([request.topic]), scripts.tokens(script)
        body = Script(
            id="script_" + context.sandbox.chance.hex("script"),
            object="script",
            created=context.now // SECOND,
            model=model,
            topic=request.topic,
            style=style,
            length=length,
            script=msgspec.convert(script, ScriptBody, from_attributes=True),
            usage=Usage(prompt, written, prompt + written),
        )
        reply = json_answer(body)
        return replace(reply, prompt_tokens=prompt, completion_tokens=written, text=script.title)
