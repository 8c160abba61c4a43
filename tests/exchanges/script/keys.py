"""Creating, listing and revoking keys."""

from typing import Any

from tests.exchanges.script.models import ASKS, SEARCH
from tests.exchanges.steps import KEY, UNKNOWN_KEY, Capture, Session, bearer, token


def keys() -> Session:
    """Return steps that create, list and revoke keys."""
    session = Session("keys", "keys")
    made = (Capture("key", "data.key"), Capture("key_id", "data.id"))
    session.send_signed_in("the first list", "GET /v1/keys")
    session.send_signed_in("made", "POST /v1/keys", {"name": "ci"}, captures=made)
    names: dict[str, Any] = {
        "no name": {},
        "null": {"name": None},
        "a blank one": {"name": "  \t "},
        "one to trim": {"name": "  my key \n"},
        "64 characters": {"name": "é" * 64},
        "an unknown field": {"name": "ci", "scope": "all"},
        "65 characters": {"name": "n" * 65},
        "a number": {"name": 5},
        "an object": {"name": {"is": "ci"}},
    }
    for name, body in names.items():
        session.send_signed_in(f"named by {name}", "POST /v1/keys", body)
    session.send("it works", SEARCH, ASKS["search"][1], bearer("<<key>>"))
    session.send("it opens no other door", "GET /v1/keys", None, bearer("<<key>>"))
    session.send_signed_in("the list", "GET /v1/keys")
    session.send_signed_in("revoked", "DELETE /v1/keys/<<key_id>>")
    session.send_signed_in("revoked again", "DELETE /v1/keys/<<key_id>>/")
    session.send("it works no more", SEARCH, ASKS["search"][1], bearer("<<key>>"))
    session.send("nor for a stream", *ASKS["stream"], bearer("<<key>>"))
    session.send_signed_in("made again", "POST /v1/keys", {"name": "raw"}, captures=made)
    session.send_signed_in("revoked by itself", "DELETE /v1/keys/<<key>>")
    session.send_signed_in("an unknown one", "DELETE /v1/keys/key_000000000000000000000000")
    session.send_signed_in("an unknown raw one", f"DELETE /v1/keys/{UNKNOWN_KEY}")
    session.send_signed_in("by a preview", "DELETE /v1/keys/sk_live_0123456789ab...ef")
    session.send_signed_in("a wrong verb with a raw one", "PUT /v1/keys/<<key>>", {})
    session.send_signed_in("an unknown path with a raw one", "GET /v1/keys/<<key>>/usage")
    other = bearer(token("other"))
    session.send("other has no access", "POST /v1/keys", {}, other)
    session.send("other is activated", "POST /api/developer/activate", None, other)
    session.send("other is activated again", "POST /api/developer/activate", b"", other)
    session.send("other has a key", "POST /v1/keys", {"name": "theirs"}, other, captures=made)
    session.send("other has no money", SEARCH, ASKS["search"][1], bearer("<<key>>"))
    session.send_signed_in("another's key", "DELETE /v1/keys/<<key_id>>")
    session.send("the demo's key is revoked", "DELETE /v1/keys/" + KEY, None, other)
    session.send_signed_in("the last list", "GET /v1/keys")
    session.send("other's list", "GET /v1/keys", None, other)
    session.read_records("afterwards", 40)
    session.read_state("afterwards")
    return session
