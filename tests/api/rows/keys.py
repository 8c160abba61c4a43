"""K3-K5: creating, listing and revoking keys."""

from tests.api.rows.row import MOMENT, Exactly, Row, Text
from tests.support.situations import UNKNOWN_KEY

RAW = Text("sk_live_[0-9a-f]{32}")
NEW_KEY = Exactly({"id": Text(r"\S+"), "key": RAW, "name": Text(".+"), "createdAt": MOMENT})


def _new_key(title: str, body: object, name: str) -> Row:
    return Row(
        f"a key {title}",
        ("K3",),
        "POST /v1/keys",
        body=body,
        credential="token",
        answer={"status": "success", "data": {"name": name, "key": RAW}},
    )


def _refused(title: str, body: object) -> Row:
    return Row(
        f"no key {title}",
        ("K3", "B12"),
        "POST /v1/keys",
        body=body,
        credential="token",
        code="invalid_field",
        field="name",
    )


ROWS = [
    Row(
        "a new key has these four fields and no more",
        ("K3",),
        "POST /v1/keys",
        body={"name": "ci"},
        credential="token",
        answer=Exactly({"status": "success", "data": NEW_KEY}),
    ),
    _new_key("with a name", {"name": "ci"}, "ci"),
    _new_key("without a name", {}, "Untitled key"),
    _new_key("with null for a name", {"name": None}, "Untitled key"),
    _new_key("with an empty name", {"name": ""}, "Untitled key"),
    _new_key("with a blank name", {"name": "  \t "}, "Untitled key"),
    _new_key("with a name to trim", {"name": "  my key \n"}, "my key"),
    _new_key("with a name of 64 characters", {"name": "é" * 64}, "é" * 64),
    _new_key("with a name of 64 characters once trimmed", {"name": " " + "n" * 64 + " "}, "n" * 64),
    _new_key("with a field that nobody knows", {"name": "ci", "scope": "all"}, "ci"),
    _refused("with a name of 65 characters", {"name": "n" * 65}),
    _refused(
        "with two keys for a name, which are short when masked", {"name": "sk_live_" + "0" * 32 + "sk_live_" + "1" * 32}
    ),
    _refused("with a number for a name", {"name": 5}),
    _refused("with true for a name", {"name": True}),
    _refused("with an array for a name", {"name": ["ci"]}),
    _refused("with an object for a name", {"name": {"is": "ci"}}),
    Row(
        "the list holds a key masked, with all its fields",
        ("K4",),
        "GET /v1/keys",
        credential="token",
        answer={
            "status": "success",
            "data": {
                "keys": [
                    Exactly(
                        {
                            "id": Text(r"\S+"),
                            "name": "Demo key",
                            "preview": "sk_live_0123456789ab...ef",
                            "status": "active",
                            "createdAt": MOMENT,
                            "lastUsed": None,
                            "requests": 0,
                            "tokens": 0,
                        }
                    )
                ]
            },
        },
    ),
    Row(
        "the list has the newest key first",
        ("K4",),
        "GET /v1/keys",
        credential="token",
        given=(("second key", "b"), ("second key", "c")),
        answer={"data": {"keys": [{"name": "c"}, {"name": "b"}, {"name": "Demo key"}]}},
    ),
    Row(
        "the list counts what a key did",
        ("K4", "B6"),
        "GET /v1/keys",
        credential="token",
        given=(("requests", 2), ("failures", 1)),
        answer={"data": {"keys": [{"requests": 3, "lastUsed": "2026-01-01T00:00:00.000Z"}]}},
    ),
    Row(
        "the list keeps a revoked key, and says that it is one",
        ("K4", "K5"),
        "GET /v1/keys",
        credential="token",
        given=("second key revoked",),
        answer={"data": {"keys": [{"status": "revoked"}, {"status": "active"}]}},
    ),
    Row(
        "the list holds no other account's keys",
        ("K4",),
        "GET /v1/keys",
        credential="token",
        given=("second user",),
        answer={"data": {"keys": [{"name": "Demo key"}]}},
    ),
    Row(
        "revoking a key",
        ("K5",),
        "DELETE /v1/keys/{second_key_id}",
        credential="token",
        given=("second key",),
        answer=Exactly({"status": "success", "data": Exactly({"id": Text(r"\S+"), "status": "revoked"})}),
    ),
    Row(
        "revoking a key again",
        ("K5",),
        "DELETE /v1/keys/{second_key_id}",
        credential="token",
        given=("second key revoked",),
        answer={"status": "success", "data": {"status": "revoked"}},
    ),
    Row(
        "revoking a key by itself, and the answer names its id",
        ("K5",),
        "DELETE /v1/keys/{second_key}",
        credential="token",
        given=("second key",),
        answer={"data": {"id": Text("(?!sk_live_).+"), "status": "revoked"}},
    ),
    Row(
        "revoking a key that nobody has",
        ("K5", "B12"),
        "DELETE /v1/keys/key_000000000000000000000000",
        credential="token",
        code="not_found",
    ),
    Row(
        "revoking a raw key that nobody has",
        ("K5", "B12"),
        f"DELETE /v1/keys/{UNKNOWN_KEY}",
        credential="token",
        code="not_found",
    ),
    Row(
        "revoking another's key by its id",
        ("K5", "B12"),
        "DELETE /v1/keys/{other_key_id}",
        credential="token",
        given=("second user",),
        code="not_found",
    ),
    Row(
        "revoking another's key by itself",
        ("K5",),
        "DELETE /v1/keys/{other_key}",
        credential="token",
        given=("second user",),
        code="not_found",
    ),
    Row(
        "revoking by a preview",
        ("K5",),
        "DELETE /v1/keys/sk_live_0123456789ab...ef",
        credential="token",
        code="not_found",
    ),
    Row(
        "a wrong verb on a raw key shows the key to nobody",
        ("K3", "W3"),
        "PUT /v1/keys/{second_key}",
        body={},
        credential="token",
        given=("second key",),
        code="method_not_allowed",
        message=r"(?!.*sk_live_[0-9a-f]{32}).*",
    ),
    Row(
        "an unknown route with a raw key shows the key to nobody",
        ("K3", "W3"),
        "GET /v1/keys/{second_key}/usage",
        credential="token",
        given=("second key",),
        code="not_found",
        message=r"(?!.*sk_live_[0-9a-f]{32}).*",
    ),
    Row(
        "a raw key in a field shows the key to nobody",
        ("K3", "C2"),
        "POST /v1/chat/completions",
        body={"model": "{second_key}", "messages": [{"role": "user", "content": "Hi"}]},
        given=("second key",),
        code="model_not_found",
        message=r"(?!.*sk_live_[0-9a-f]{32}).*",
    ),
]
