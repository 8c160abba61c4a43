"""C1-C9: chat completions in one piece."""

from typing import Any

from tests.api.rows.row import ABSENT, INT, STRING, Exactly, Row, Text, Within, values

PATH = "POST /v1/chat/completions"
HI = [{"role": "user", "content": "Hi"}]
ANSWER = {"object": "chat.completion"}


def _accepted(title: str, clauses: tuple[str, ...], body: dict[str, Any], answer: Any = None) -> Row:
    return Row(f"chat: {title}", clauses, PATH, body={"messages": HI} | body, answer=answer or ANSWER)


def _refused(
    title: str, clauses: tuple[str, ...], body: dict[str, Any], field: str, code: str = "invalid_field", **rest: Any
) -> Row:
    return Row(f"no chat: {title}", clauses, PATH, body={"messages": HI} | body, code=code, field=field, **rest)


def _messages(title: str, messages: Any, field: str, code: str = "invalid_field", **rest: Any) -> Row:
    return _refused(title, ("C1",), {"messages": messages}, field, code, **rest)


def _prompt(title: str, tokens: int, *messages: dict[str, Any]) -> Row:
    usage = {"prompt_tokens": tokens}
    return _accepted(f"{title}: {tokens} prompt tokens", ("C7",), {"messages": list(messages)}, {"usage": usage})


def _text(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def _part(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


CALLS = [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]

MESSAGES = [
    *(
        _accepted(f"a message of role {role}", ("C1",), {"messages": [{"role": role, "content": "Hi"}]})
        for role in ("system", "developer", "user", "assistant", "tool", "function")
    ),
    _accepted("content in parts", ("C1",), {"messages": [{"role": "user", "content": [_part("Hi"), _part("there")]}]}),
    _accepted(
        "null beside an assistant's tool calls",
        ("C1",),
        {"messages": [*HI, {"role": "assistant", "content": None, "tool_calls": CALLS}]},
    ),
    _accepted("content that is empty text", ("C1",), {"messages": [_text("")]}),
    _accepted("a message with a name", ("C1",), {"messages": [{"role": "user", "name": "Ann", "content": "Hi"}]}),
    Row("no chat: no messages", ("C1",), PATH, body={}, code="missing_field", field="messages"),
    _messages("null for messages", None, "messages", "missing_field"),
    _messages("an empty array", [], "messages"),
    _messages("messages as text", "Hi", "messages"),
    _messages("messages as an object", {"role": "user", "content": "Hi"}, "messages"),
    _messages("messages as a number", 5, "messages"),
    _messages("a message that is text", ["Hi"], "messages[0]"),
    _messages("a message that is an array", [HI], "messages[0]"),
    _messages("a second message that is a number", [*HI, 5], "messages[1]"),
    _messages("no role", [{"content": "Hi"}], "messages[0].role", "missing_field"),
    _messages(
        "an unknown role",
        [{"role": "robot", "content": "Hi"}],
        "messages[0].role",
        message=r'messages\[0\]\.role: expected one of .*"system".*"user".*, got "robot"',
    ),
    _messages("a role in capitals", [{"role": "User", "content": "Hi"}], "messages[0].role"),
    _messages("an empty role", [{"role": "", "content": "Hi"}], "messages[0].role"),
    _messages("a role that is a number", [{"role": 1, "content": "Hi"}], "messages[0].role"),
    _messages("an unknown role further down", [*HI, {"role": "bot", "content": "Hi"}], "messages[1].role"),
    _messages("no content", [{"role": "user"}], "messages[0].content", "missing_field"),
    _messages("null for a user's content", [{"role": "user", "content": None}], "messages[0].content", "missing_field"),
    _messages(
        "null for an assistant's content without tool calls",
        [{"role": "assistant", "content": None}],
        "messages[0].content",
        "missing_field",
    ),
    _messages(
        "null for an assistant's content beside no tool calls at all",
        [{"role": "assistant", "content": None, "tool_calls": []}],
        "messages[0].content",
        "missing_field",
    ),
    _messages(
        "null for a user's content beside tool calls",
        [{"role": "user", "content": None, "tool_calls": CALLS}],
        "messages[0].content",
        "missing_field",
    ),
    _messages("content that is a number", [{"role": "user", "content": 5}], "messages[0].content"),
    _messages("content that is true", [{"role": "user", "content": True}], "messages[0].content"),
    _messages("content that is an object", [{"role": "user", "content": {"text": "Hi"}}], "messages[0].content"),
    _messages("content that is an empty array", [{"role": "user", "content": []}], "messages[0].content"),
    _messages("a part that is text", [{"role": "user", "content": ["Hi"]}], "messages[0].content[0]"),
    _messages(
        "a part of another kind",
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}]}],
        "messages[0].content[0].type",
    ),
    _messages(
        "a part without a type",
        [{"role": "user", "content": [{"text": "Hi"}]}],
        "messages[0].content[0].type",
        "missing_field",
    ),
    _messages(
        "a part without text",
        [{"role": "user", "content": [_part("Hi"), {"type": "text"}]}],
        "messages[0].content[1].text",
        "missing_field",
    ),
    _messages(
        "a part whose text is a number",
        [{"role": "user", "content": [{"type": "text", "text": 5}]}],
        "messages[0].content[0].text",
    ),
    _messages(
        "the first of many faults further down",
        [*HI * 20, {"role": "user", "content": [_part("a"), _part("b"), {"type": "text", "text": None}]}],
        "messages[20].content[2].text",
        "missing_field",
    ),
]

MODELS = [
    Row("chat: the default model", ("C2",), PATH, body={"messages": HI}, answer={"model": "clevora-1.0-turbo"}),
    _accepted("the model by name", ("C2",), {"model": "clevora-1.0-turbo"}, {"model": "clevora-1.0-turbo"}),
    _accepted("null for a model", ("C2", "C4"), {"model": None}, {"model": "clevora-1.0-turbo"}),
    *(
        _refused(f"model {model}, of another family", ("C2",), {"model": model}, "model", "invalid_model")
        for model in ("clevora-script-1", "clevora-embed-1", "clevora-search-1")
    ),
    *(
        _refused(f"model {model!r}, unknown", ("C2",), {"model": model}, "model", "model_not_found")
        for model in ("gpt-4o", "Clevora-1.0-Turbo", "clevora-1.0-turbo ", "", "clevora")
    ),
    _refused("a model that is a number", ("C2",), {"model": 1}, "model"),
    _refused("a model in an array", ("C2",), {"model": ["clevora-1.0-turbo"]}, "model"),
]

OPTIONS = [
    *(_accepted(f"temperature {value}", ("C3",), {"temperature": value}) for value in (0, 0.0, 0.7, 1, 2, 2.0)),
    *(
        _refused(f"temperature {value!r}", ("C3",), {"temperature": value}, "temperature")
        for value in values(-0.1, -1, 2.0001, 3, 1e300, "0.7", "", [1], {})
    ),
    *(_accepted(f"max_tokens {value}", ("C3",), {"max_tokens": value}) for value in (1, 16, 4096, 10**9, 10**30)),
    *(
        _refused(f"max_tokens {value!r}", ("C3",), {"max_tokens": value}, "max_tokens")
        for value in values(0, -1, 1.5, 0.5, "16", "", [], {})
    ),
    _accepted("stream false", ("C3",), {"stream": False}),
    *(
        _refused(f"stream {value!r}", ("C3",), {"stream": value}, "stream")
        for value in values("true", "", 0, 1, [], {})
    ),
    *(
        _refused(f"a boolean is no number: {name} {value}", ("C4",), {name: value}, name)
        for name in ("temperature", "max_tokens", "max_completion_tokens")
        for value in (True, False)
    ),
    *(
        _accepted(f"null is absent: {name}", ("C4",), {name: None})
        for name in ("stream", "temperature", "max_tokens", "max_completion_tokens")
    ),
    *(
        _refused(f"max_completion_tokens {value!r}", ("C4",), {"max_completion_tokens": value}, "max_completion_tokens")
        for value in (0, -5, "16", 1.5)
    ),
    _accepted(
        "max_completion_tokens is read when max_tokens is absent",
        ("C4", "C6"),
        {"max_completion_tokens": 1},
        {"usage": {"completion_tokens": 1}, "choices": [{"finish_reason": "length"}]},
    ),
    _accepted(
        "max_completion_tokens is read when max_tokens is null",
        ("C4", "C6"),
        {"max_tokens": None, "max_completion_tokens": 2},
        {"usage": {"completion_tokens": 2}},
    ),
    _accepted(
        "max_tokens beats max_completion_tokens",
        ("C4", "C6"),
        {"max_tokens": 2, "max_completion_tokens": 1},
        {"usage": {"completion_tokens": 2}},
    ),
    Row(
        "chat: fields that the contract does not know are ignored and named",
        ("C4",),
        PATH,
        body={"messages": HI, "top_p": 1, "seed": 5, "stop": ["x"]},
        answer=ANSWER,
        sends={"x-clevora-mock-ignored": "top_p, seed, stop"},
    ),
    Row(
        "chat: of 30 unknown fields 20 are named",
        ("C4",),
        PATH,
        body={"messages": HI} | {f"f{number}": 1 for number in range(30)},
        sends={"x-clevora-mock-ignored": ", ".join(f"f{number}" for number in range(20))},
    ),
    Row(
        "chat: an unknown field's name is made safe for a header",
        ("C4",),
        PATH,
        body={"messages": HI, "a\r\nset-cookie: b=c": 1, "naïve, or not": 2, "": 3},
        sends={"x-clevora-mock-ignored": Text(r"[!-~]+, [!-~]+, [!-~]+"), "set-cookie": ABSENT},
    ),
    Row(
        "chat: nothing is named when every field is known",
        ("C4",),
        PATH,
        body={"messages": HI, "stream": False, "temperature": 1},
        sends={"x-clevora-mock-ignored": ABSENT},
    ),
    Row(
        "chat: an unknown field may hold anything",
        ("C4",),
        PATH,
        body={"messages": HI, "metadata": {"deep": [[[{"a": [None, 1e10, -1]}]]]}},
        answer=ANSWER,
    ),
]

ANSWERS = [
    Row(
        "chat: the answer has the printed fields and no more",
        ("C5",),
        PATH,
        body={"messages": HI},
        answer=Exactly(
            {
                "id": Text("chatcmpl-.+"),
                "object": "chat.completion",
                "created": 1_767_225_600,
                "model": "clevora-1.0-turbo",
                "usage": Exactly({"prompt_tokens": INT, "completion_tokens": INT, "total_tokens": INT}),
                "choices": [
                    {"index": 0, "message": {"role": "assistant", "content": STRING}, "finish_reason": "stop"},
                ],
            }
        ),
    ),
    Row(
        "chat: created is in Unix seconds, by the sandbox's clock",
        ("C5",),
        PATH,
        body={"messages": HI},
        given=(("advance", 86_400.9),),
        answer={"created": 1_767_312_000},
    ),
    *(
        _accepted(
            f"cut after {limit}",
            ("C6",),
            {"max_tokens": limit, "messages": [_text("Write a long story about the sea.")]},
            {"usage": {"completion_tokens": limit}, "choices": [{"finish_reason": "length"}]},
        )
        for limit in (1, 2, 7)
    ),
    _accepted(
        "not cut by a generous bound",
        ("C6",),
        {"max_tokens": 100_000},
        {"usage": {"completion_tokens": Within(1, 100_000)}, "choices": [{"finish_reason": "stop"}]},
    ),
    _accepted(
        "the prompt is billed on top of the bound",
        ("C6",),
        {"max_tokens": 1, "messages": [_text("one two three four")]},
        {"usage": {"prompt_tokens": 10, "completion_tokens": 1, "total_tokens": 11}},
    ),
    Row(
        "chat: the documented example gets the documented answer",
        ("C8", "C5"),
        PATH,
        body={"model": "clevora-1.0-turbo", "messages": [{"role": "user", "content": "Hello!"}]},
        answer={
            "id": Text("chatcmpl-.+"),
            "object": "chat.completion",
            "model": "clevora-1.0-turbo",
            "usage": {"prompt_tokens": 8, "completion_tokens": 32, "total_tokens": 40},
            "choices": [
                {
                    "index": 0,
                    "message": {
                        "role": "assistant",
                        "content": "Clevora API successfully processed your request.",
                    },
                    "finish_reason": "stop",
                }
            ],
        },
    ),
    Row(
        "chat: the documented example without its model",
        ("C8", "C2"),
        PATH,
        body={"messages": [{"role": "user", "content": "Hello!"}]},
        answer={"usage": {"prompt_tokens": 8, "completion_tokens": 32, "total_tokens": 40}},
    ),
    Row(
        "chat: the documented example under a bound keeps to the bound",
        ("C6", "C8"),
        PATH,
        body={"messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 5},
        answer={"usage": {"prompt_tokens": 8, "completion_tokens": 5, "total_tokens": 13}},
    ),
    Row(
        "chat: the documentation's quickstart",
        ("C1", "C7"),
        PATH,
        body={"messages": [{"role": "user", "content": "Write a YouTube intro about quantum computing."}]},
        answer={
            "model": "clevora-1.0-turbo",
            "usage": {"prompt_tokens": 14},
            "choices": [{"message": {"content": STRING}}],
        },
    ),
]

TOKENS = [
    _prompt("the printed example", 8, _text("Hello!")),
    _prompt("nothing", 6, _text("")),
    _prompt("white space", 6, _text(" \n\t ")),
    _prompt("a word", 7, _text("Hello")),
    _prompt("a word of 12 characters", 7, _text("abcdefghijkl")),
    _prompt("a word of 13 characters", 8, _text("abcdefghijklm")),
    _prompt("a word of 24 characters", 8, _text("a" * 24)),
    _prompt("a word of 25 characters", 9, _text("a" * 25)),
    _prompt("signs", 10, _text("?!.,")),
    _prompt("an apostrophe", 10, _text("don't go")),
    _prompt("a decimal number", 9, _text("3.14")),
    _prompt("an underscore", 7, _text("snake_case")),
    _prompt("letters of another script", 7, _text("日本語")),
    _prompt("accents", 8, _text("naïve café")),
    _prompt("emoji", 8, _text("🙂🙂")),
    _prompt("two messages", 11, _text("Hi"), _text("Hi")),
    _prompt("parts", 8, {"role": "user", "content": [_part("Hi"), _part("there")]}),
    _prompt("words in two parts, which are two words", 8, {"role": "user", "content": [_part("ab"), _part("cd")]}),
    _prompt("null content", 10, _text("Hi"), {"role": "assistant", "content": None, "tool_calls": CALLS}),
    _prompt("the role, which is free", 7, {"role": "developer", "content": "Hi"}),
]

PERSON = {"type": "object", "properties": {"age": {"type": "integer", "minimum": 7, "maximum": 7}}, "required": ["age"]}
UNKNOWN_FORMATS: list[dict[str, Any]] = [
    {"type": "xml"},
    {"type": "grammar", "grammar": "a"},
    {"type": []},
    {"type": {}},
    {},
]


def _format(title: str, response_format: Any, content: str, **rest: Any) -> Row:
    answer = {"choices": [{"message": {"content": Text(content)}}]}
    body = {"messages": HI, "response_format": response_format}
    return Row(f"chat: {title}", ("C9",), PATH, body=body, answer=answer, **rest)


def _bad_format(title: str, response_format: Any, field: str, code: str = "invalid_field", **rest: Any) -> Row:
    return _refused(title, ("C9",), {"response_format": response_format}, field, code, **rest)


FORMATS = [
    _format(
        "json_object gives an object", {"type": "json_object"}, r"\{.*\}", sends={"x-clevora-mock-ignored": ABSENT}
    ),
    _format("json_object by the schema beside it", {"type": "json_object", "schema": PERSON}, r'\{"age":7\}'),
    *(
        _format(f"json_object beside the schema {schema}", {"type": "json_object", "schema": schema}, r"\{.*\}")
        for schema in values(None, True, {}, {"description": "A person."})
    ),
    _bad_format(
        "json_object by the schema of an array",
        {"type": "json_object", "schema": {"type": "array"}},
        "response_format.schema",
    ),
    _format(
        "json_schema gives a value by its schema",
        {"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": PERSON}},
        r'\{"age":7\}',
    ),
    _format("text is text", {"type": "text"}, r"[^{].*“Hi”.*", sends={"x-clevora-mock-ignored": ABSENT}),
    _format("null for a response format", None, r"[^{].*“Hi”.*", sends={"x-clevora-mock-ignored": ABSENT}),
    *(
        _format(
            f"the response format {unknown} is ignored and named",
            unknown,
            r"[^{].*“Hi”.*",
            sends={"x-clevora-mock-ignored": "response_format"},
        )
        for unknown in UNKNOWN_FORMATS
    ),
    _bad_format("response_format as text", "json_object", "response_format"),
    _bad_format("json_schema without one", {"type": "json_schema"}, "response_format.json_schema", "missing_field"),
    _bad_format(
        "json_schema that is a number", {"type": "json_schema", "json_schema": 5}, "response_format.json_schema"
    ),
    _bad_format(
        "json_schema without its schema",
        {"type": "json_schema", "json_schema": {"name": "person"}},
        "response_format.json_schema.schema",
        "missing_field",
    ),
    *(
        _bad_format(
            f"the schema {schema}",
            {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}},
            "response_format.json_schema.schema",
        )
        for schema in values(
            5,
            [],
            {"type": "person"},
            {"enum": [{}, {}], "required": [{}]},
            {"type": "string", "pattern": "["},
            {"type": "number", "multipleOf": 1e-320},
            {"not": {}},
            {"type": "string", "minLength": 10**9},
            {"allOf": [{"$ref": "#"}, {"$ref": "#"}, {"$ref": "#"}]},
            {"$ref": "https://example.com/schema.json"},
        )
    ),
    _bad_format("a bad schema beside json_object", {"type": "json_object", "schema": []}, "response_format.schema"),
]

ROWS = [*MESSAGES, *MODELS, *OPTIONS, *ANSWERS, *TOKENS, *FORMATS]
