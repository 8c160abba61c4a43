"""G1-G3: scripts."""

from typing import Any

from tests.api.rows.row import INT, STRING, Exactly, Row, Text, Within, values

PATH = "POST /v1/scripts/generate"
TOPIC = {"topic": "AI in 2026"}
BUDGETS = {"short": 300, "medium": 900, "long": 2400}


def _budget(length: str) -> dict[str, Any]:
    return {"usage": {"completion_tokens": Within(0.7 * BUDGETS[length], BUDGETS[length])}}


def _accepted(title: str, clauses: tuple[str, ...], body: dict[str, Any], answer: Any) -> Row:
    return Row(f"script: {title}", clauses, PATH, body=TOPIC | body, answer=answer)


def _refused(
    title: str, body: dict[str, Any], field: str, code: str = "invalid_field", clauses: tuple[str, ...] = ("G1",)
) -> Row:
    return Row(f"no script: {title}", clauses, PATH, body=body, code=code, field=field)


ROWS = [
    _accepted(
        "the answer's fields and no more",
        ("G3",),
        {"style": "youtube", "length": "medium"},
        Exactly(
            {
                "id": Text("script_.+"),
                "object": "script",
                "created": 1_767_225_600,
                "model": "clevora-script-1",
                "topic": "AI in 2026",
                "style": "youtube",
                "length": "medium",
                "script": {"title": STRING, "hook": STRING, "callToAction": STRING},
                "usage": Exactly({"prompt_tokens": INT, "completion_tokens": INT, "total_tokens": INT}),
            }
        ),
    ),
    _accepted("youtube by default", ("G1",), {}, {"style": "youtube"}),
    _accepted("medium by default", ("G2",), {}, {"length": "medium"} | _budget("medium")),
    _accepted("null for a style", ("G1", "C4"), {"style": None}, {"style": "youtube"}),
    _accepted("null for a length", ("G2", "C4"), {"length": None}, {"length": "medium"}),
    *(
        _accepted(
            f"{length} for {style}: at most {budget} tokens, and near it",
            ("G1", "G2"),
            {"style": style, "length": length},
            {"style": style, "length": length} | _budget(length),
        )
        for style in ("youtube", "podcast", "tiktok")
        for length, budget in BUDGETS.items()
    ),
    *(
        _accepted(
            f"the budget holds for {title}",
            ("G2",),
            {"topic": topic, "length": "short"},
            {"topic": topic} | _budget("short"),
        )
        for title, topic in (
            ("a topic of one letter", "x"),
            ("a topic of 400 words", "words " * 400),
            ("a topic in another script", "量子コンピュータ"),
            ("a topic of one long word", "a" * 500),
        )
    ),
    *(
        _accepted(f"model {model}", ("G3", "C2"), {"model": model}, {"model": model})
        for model in ("clevora-script-1", "clevora-1.0-turbo")
    ),
    _refused("no topic", {}, "topic", "missing_field"),
    _refused("null", {"topic": None}, "topic", "missing_field"),
    *(_refused(f"a blank topic, {blank!r}", {"topic": blank}, "topic") for blank in ("", " \t")),
    *(_refused(f"topic {value!r}", {"topic": value}, "topic") for value in values(5, True, ["AI"], {})),
    *(
        _refused(f"style {value!r}", TOPIC | {"style": value}, "style")
        for value in ("vimeo", "YouTube", "", 1, True, ["youtube"])
    ),
    *(
        _refused(f"length {value!r}", TOPIC | {"length": value}, "length", clauses=("G1", "G2"))
        for value in values("tiny", "Short", "", 300, False, {})
    ),
    _refused("an unknown model", TOPIC | {"model": "gpt-4o"}, "model", "model_not_found", ("G3", "C2")),
    *(
        _refused(f"model {model}", TOPIC | {"model": model}, "model", "invalid_model", ("G3", "C2"))
        for model in ("clevora-embed-1", "clevora-search-1")
    ),
]
