"""E1-E4: embeddings."""

from typing import Any

from tests.api.rows.row import Exactly, ListOf, OfType, Row, Text, Within

PATH = "POST /v1/embeddings"
VECTOR = ListOf(1536, OfType(float))
BASE64 = Text("[A-Za-z0-9+/]{8192}")


def _accepted(title: str, clauses: tuple[str, ...], body: dict[str, Any], answer: Any) -> Row:
    return Row(f"embeddings: {title}", clauses, PATH, body=body, answer=answer)


def _refused(
    title: str,
    body: dict[str, Any],
    field: str,
    code: str = "invalid_field",
    clauses: tuple[str, ...] = ("E1",),
    **rest: Any,
) -> Row:
    return Row(f"no embeddings: {title}", clauses, PATH, body=body, code=code, field=field, **rest)


def _token_ids(title: str, value: Any, field: str) -> Row:
    hint = {"x-clevora-mock-hint": Text(".*check_embedding_ctx_length=False.*")}
    return _refused(title, {"input": value}, field, sends=hint)


ROWS = [
    _accepted(
        "the answer's fields and no more",
        ("E2", "E3"),
        {"input": "the cat sat"},
        {
            "object": "list",
            "data": [Exactly({"object": "embedding", "index": 0, "embedding": VECTOR})],
            "model": "clevora-embed-1",
            "usage": Exactly({"prompt_tokens": 3, "total_tokens": 3}),
        },
    ),
    _accepted(
        "the documentation's example: two texts, two vectors, in order",
        ("E1", "E2"),
        {"input": ["the cat sat", "on the mat"]},
        {"data": [{"index": 0}, {"index": 1}], "usage": {"prompt_tokens": 6, "total_tokens": 6}},
    ),
    _accepted("one text in an array", ("E1", "E2"), {"input": ["Hi"]}, {"data": [{"index": 0, "embedding": VECTOR}]}),
    _accepted(
        "the same text twice is two vectors",
        ("E2",),
        {"input": ["Hi", "Hi", "Hi"]},
        {"data": [{"index": 0}, {"index": 1}, {"index": 2}], "usage": {"total_tokens": 3}},
    ),
    _accepted(
        "2048 texts",
        ("E1",),
        {"input": ["a"] * 2048, "encoding_format": "base64"},
        {"data": ListOf(2048), "usage": {"total_tokens": 2048}},
    ),
    _accepted("a text in another script", ("E1",), {"input": "日本語のテキスト"}, {"data": [{"embedding": VECTOR}]}),
    _accepted("numbers by default", ("E3",), {"input": "Hi"}, {"data": [{"embedding": VECTOR}]}),
    _accepted(
        "numbers on request", ("E3",), {"input": "Hi", "encoding_format": "float"}, {"data": [{"embedding": VECTOR}]}
    ),
    _accepted(
        "null for a format is none",
        ("E3", "C4"),
        {"input": "Hi", "encoding_format": None},
        {"data": [{"embedding": VECTOR}]},
    ),
    _accepted(
        "every number is small",
        ("E3",),
        {"input": "Hi there, you"},
        {"data": [{"embedding": ListOf(1536, Within(-1, 1))}]},
    ),
    _accepted(
        "base64 on request: 1536 float32 are 8192 characters",
        ("E3",),
        {"input": ["Hi", "there"], "encoding_format": "base64"},
        {"data": [{"embedding": BASE64}, {"embedding": BASE64}]},
    ),
    Row(
        "embeddings: dimensions and user are ignored, and named",
        ("E3",),
        PATH,
        body={"input": "Hi", "dimensions": 8, "user": "ann"},
        answer={"data": [{"embedding": VECTOR}]},
        sends={"x-clevora-mock-ignored": "dimensions, user"},
    ),
    _accepted("the model by name", ("E2",), {"input": "Hi", "model": "clevora-embed-1"}, {"model": "clevora-embed-1"}),
    _refused("no input", {}, "input", "missing_field"),
    _refused("null", {"input": None}, "input", "missing_field"),
    _refused("an empty text", {"input": ""}, "input"),
    _refused("an empty array", {"input": []}, "input"),
    _refused("an empty text among others", {"input": ["a", "", "b"]}, "input[1]"),
    *(_refused(f"a blank text, {blank!r}", {"input": blank}, "input") for blank in (" ", "\n\t", "\u00a0")),
    _refused("a blank text among others", {"input": ["a", " \u2003"]}, "input[1]"),
    _refused("null among texts", {"input": ["a", None]}, "input[1]"),
    _refused("2049 texts", {"input": ["a"] * 2049}, "input"),
    _refused("true", {"input": True}, "input"),
    _refused("an object", {"input": {"text": "a"}}, "input"),
    _refused("an array of arrays of text", {"input": [["a"]]}, "input[0]"),
    _token_ids("an array of token ids", [1, 2, 3], "input[0]"),
    _token_ids("arrays of token ids", [[1, 2], [3]], "input[0]"),
    _refused("a number among texts", {"input": ["a", 5]}, "input[1]"),
    _refused("a number", {"input": 5}, "input"),
    *(
        _refused(f"format {value!r}", {"input": "a", "encoding_format": value}, "encoding_format", clauses=("E3",))
        for value in ("int8", "", "Base64", 1, True)
    ),
    _refused("an unknown model", {"input": "a", "model": "text-embedding-3-small"}, "model", "model_not_found"),
    *(
        _refused(f"model {model}", {"input": "a", "model": model}, "model", "invalid_model", ("E1", "C2"))
        for model in ("clevora-1.0-turbo", "clevora-script-1", "clevora-search-1")
    ),
    Row(
        "embeddings: a charge of 3 tokens at $0.10 per 1,000",
        ("B1", "B5"),
        "GET /api/developer/transactions?limit=1",
        credential="token",
        given=(("asked", "/v1/embeddings", {"input": "the cat sat"}),),
        answer={
            "data": {
                "transactions": [{"endpoint": "embeddings", "tokens": 3, "amount": 0.0003, "balanceAfter": 99.9997}]
            }
        },
    ),
]
