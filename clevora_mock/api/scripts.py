"""``POST /v1/scripts/generate`` (G1-G3)."""

import msgspec
from msgspec.structs import replace

from clevora_mock.api.schemas import TokenUsage
from clevora_mock.api.schemas.scripts import ScriptBody, ScriptRequest, ScriptResponse
from clevora_mock.clock import SECOND
from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.contract.limits import DEFAULT_SCRIPT_LENGTH, DEFAULT_SCRIPT_STYLE
from clevora_mock.core.reply import Reply
from clevora_mock.models.registry import Models
from clevora_mock.text.tokens import TOKENIZER, Tokenizer
from clevora_mock.web.context import RequestContext
from clevora_mock.web.json_response import encode_reply
from clevora_mock.web.parsing import choose_model


class ScriptsHandler:
    """Endpoint handler."""

    def __init__(self, models: Models, tokenizer: Tokenizer = TOKENIZER) -> None:
        self._models = models
        self._tokenizer = tokenizer

    async def __call__(self, context: RequestContext, request: ScriptRequest) -> Reply:
        from clevora_mock.models import scripts  # noqa: PLC0415 - keeps the start fast

        model = choose_model(ENDPOINT_BY_NAME["scripts.generate"], request.model)
        style, length = request.style or DEFAULT_SCRIPT_STYLE, request.length or DEFAULT_SCRIPT_LENGTH
        seed = context.sandbox.config.seed
        script, prompt = await context.background.run(
            len(request.topic),
            lambda: (
                self._models.scripts.write(request.topic, style, length, seed=seed),
                self._tokenizer.prompt([request.topic]),
            ),
        )
        if context.scripted.script is not None:
            # The scenario's fields are named as in the API.
            script = msgspec.convert(msgspec.to_builtins(script) | context.scripted.script, scripts.GeneratedScript)
        written = scripts.tokens(script)
        body = ScriptResponse(
            id="script_" + context.sandbox.rng.next_hex("script"),
            object="script",
            created=context.now // SECOND,
            model=model,
            topic=request.topic,
            style=style,
            length=length,
            script=msgspec.convert(script, ScriptBody, from_attributes=True),
            usage=TokenUsage(prompt, written, prompt + written),
        )
        reply = encode_reply(body)
        return replace(reply, prompt_tokens=prompt, completion_tokens=written, text=script.title)
