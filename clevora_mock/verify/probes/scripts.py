"""G1-G3: scripts, the most expensive of the API, so that one short script answers for several clauses."""

import json
from typing import Any

from clevora_mock.verify.answers import json_of
from clevora_mock.verify.ask import Ask
from clevora_mock.verify.client import CannotCheckError
from clevora_mock.verify.expectation import INT, STRING, Difference, Exactly, ListOf, OneOf, Text, Within, values
from clevora_mock.verify.probe import Probe, asking, checking
from clevora_mock.verify.session import Session

PATH = "POST /v1/scripts/generate"
TOPIC = {"topic": "Tea"}
SHORT = Ask(PATH, body={"topic": "Tea", "length": "short"})
_DEFAULT = Ask(PATH, body=TOPIC)
_LONG = Ask(PATH, body=TOPIC | {"length": "long"})
_SECTION = Exactly({"heading": STRING, "content": STRING, "durationSeconds": INT})
_ANSWER = Exactly(
    {
        "id": Text("script_.+"),
        "object": "script",
        "created": INT,
        "model": STRING,
        "topic": "Tea",
        "style": OneOf(("youtube", "podcast", "tiktok")),
        "length": OneOf(("short", "medium", "long")),
        "script": Exactly(
            {"title": STRING, "hook": STRING, "sections": ListOf(None, _SECTION, least=1), "callToAction": STRING}
        ),
        "usage": Exactly({"prompt_tokens": INT, "completion_tokens": INT, "total_tokens": INT}),
    }
)
# One script for two purposes, since scripts are dear.
_TURBO = Ask(PATH, body={"topic": "Tea", "length": "short", "style": "tiktok", "model": "clevora-1.0-turbo"})
_STYLES = (Ask(PATH, body={"topic": "Tea", "length": "short", "style": "podcast"}), _TURBO)


def _refused(title: str, body: dict[str, Any], error: str = "invalid_field", clause: str = "G1") -> Probe:
    return asking(f"no script: {title}", clause, PATH, body=body, error=error)


def _within(title: str, ask: Ask, length: str, budget: int) -> Probe:
    usage = {"completion_tokens": Within(0.7 * budget, budget)}
    return Probe(title, "G2", Ask(ask.request, ask.body, answer={"length": length, "usage": usage}))


def _style(ask: Ask) -> Probe:
    style = ask.body["style"]
    shaped = Ask(ask.request, ask.body, answer={"style": style}, shape=True)

    def check(session: Session) -> list[Difference]:
        if "model" in ask.body and _refuses_model(session, ask):
            raise CannotCheckError("the request was refused for its model")
        return session.differences(shaped)

    return Probe(f"a {style} script", "G3", ask, check)


def _refuses_model(session: Session, ask: Ask) -> bool:
    answer = session.answer(ask)
    return answer.status != 200 and not all(
        session.errors.compare(code, answer) for code in ("invalid_model", "model_not_found")
    )


def _takes_turbo(session: Session) -> list[Difference]:
    answer = session.answer(_TURBO)
    if _refuses_model(session, _TURBO):
        return [Difference("status of a script by clevora-1.0-turbo", 200, answer.status)]
    if answer.status != 200:
        raise CannotCheckError(f"a script was answered {answer.status}")
    return []


def _differ(session: Session) -> list[Difference]:
    """Scripts of one topic have another text in each style."""
    scripts = {}
    for ask in (SHORT, *_STYLES):
        body = json_of(session.answer(ask))
        # Which style is the default is G1's matter.
        scripts[str(body.get("style"))] = body.get("script")
    if len(scripts) < 2 or not all(scripts.values()):
        raise CannotCheckError("there is no script of each style")
    texts = [json.dumps(script) for script in scripts.values()]
    same = len(set(texts)) < len(texts)
    return [Difference("scripts of two styles", "different", "the same")] if same else []


def _now(session: Session) -> list[Difference]:
    answer = session.answer(SHORT)
    if answer.status != 200:
        raise CannotCheckError(f"the request was answered {answer.status}")
    return session.compare_created(json_of(answer).get("created"))


PROBES = (
    Probe("youtube by default", "G1", Ask(SHORT.request, SHORT.body, answer={"style": "youtube", "length": "short"})),
    _refused("no topic", {}, "missing_field"),
    *(_refused(f"topic {value!r}", {"topic": value}) for value in values("", " \t", 5)),
    *(_refused(f"style {value!r}", TOPIC | {"style": value}) for value in values("vimeo", "YouTube", 1)),
    *(_refused(f"length {value!r}", TOPIC | {"length": value}, clause="G2") for value in values("tiny", 300)),
    Probe("the answer's fields", "G3", Ask(SHORT.request, SHORT.body, answer=_ANSWER, shape=True, served=True)),
    Probe("the script's time", "G3", SHORT, _now),
    _within("a short script", SHORT, "short", 300),
    _within("medium by default", _DEFAULT, "medium", 900),
    _within("a long script", _LONG, "long", 2400),
    *map(_style, _STYLES),
    checking("styles differ", "G3", _differ, "api_key", shares=(SHORT, *_STYLES), requests=3),
    Probe("a script by the model for chats", "C2", _TURBO, _takes_turbo),
    Probe("the default model", "C2", Ask(SHORT.request, SHORT.body, answer={"model": "clevora-script-1"})),
    _refused("another endpoint's model", TOPIC | {"model": "clevora-embed-1"}, "invalid_model", "C2"),
)
