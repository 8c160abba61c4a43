"""Firebase's routes: sign-up, sign-in, lookup, update, deletion and refresh."""

from typing import Any

from tests.exchanges.steps import Capture, Session, bearer, token
from tests.support.tokens import jwt

_TOOLKIT = "/identitytoolkit.googleapis.com/v1"
_REFRESH = "POST /securetoken.googleapis.com/v1/token"
_OWNER = {"authorization": "Bearer owner"}
_SIGNED_IN = (Capture("id_token", "idToken"), Capture("refresh_token", "refreshToken"))
_ANN = {"email": "Ann@example.com", "password": "secret-1"}
_DEMO = {"email": "demo@clevora.example", "password": "clevora-demo"}

_REFUSED: tuple[tuple[str, Any], ...] = (
    ("signUp", {"email": "demo@clevora.example", "password": "secret-1"}),
    ("signUp", {"email": "bob@example.com", "password": "12345"}),
    ("signUp", {"email": "bob@example.com"}),
    ("signUp", {"password": "secret-1"}),
    ("signUp", {"email": "bob", "password": "secret-1"}),
    ("signUp", {"localId": "mine"} | _ANN),
    ("signUp", {"idToken": "garbage"} | _ANN),
    ("signUp", {"tenantId": "t"} | _ANN),
    ("signInWithPassword", {"password": "secret-1"}),
    ("signInWithPassword", {"email": "bob@example.com"}),
    ("signInWithPassword", {"email": "bob", "password": "secret-1"}),
    ("signInWithPassword", {"email": "bob@example.com", "password": "secret-1"}),
    ("signInWithPassword", {"email": "demo@clevora.example", "password": "Clevora-Demo"}),
    ("lookup", {}),
    ("lookup", {"idToken": "garbage"}),
    ("lookup", {"idToken": jwt({"sub": "a"}, {"alg": "RS256"}, "c2ln")}),
    ("update", {"displayName": "A"}),
    ("update", {"idToken": "garbage"}),
    ("update", {"oobCode": "x"}),
    ("update", {"idToken": "<<id_token>>", "deleteProvider": ["password"]}),
    ("update", {"idToken": "<<id_token>>", "deleteAttribute": ["PASSWORD"]}),
    ("update", {"idToken": "<<id_token>>", "email": "ann"}),
    ("update", {"idToken": "<<id_token>>", "password": "short"}),
    ("update", {"idToken": token("stranger"), "displayName": "A"}),
    ("delete", {}),
    ("delete", {"idToken": token("stranger")}),
    ("sendOobCode", {"requestType": "PASSWORD_RESET", "email": "demo@clevora.example"}),
    ("signInWithIdp", {"postBody": "id_token=x&providerId=google.com"}),
    ("signInWithCustomToken", {"token": "x"}),
)
_BROKEN = (b"", b"{", b"[]", b"\xff", b'{"idToken": 5}', b'{"a": 1, "a": 2}')
_GRANTS = (
    b"",
    b"refresh_token=x",
    b"grant_type=authorization_code",
    b"grant_type=refresh_token",
    b"grant_type=refresh_token&refresh_token=x",
    b"grant_type=refresh_token&refresh_token=AMf-e30",
    b"grant_type=refresh_token&refresh_token=AMf-!",
    b"{",
    b'{"grantType": "refresh_token"}',
)
_LOOKUPS: dict[str, Any] = {
    "demo": {"localId": ["demo"]},
    "several": {"localId": ["demo", "nobody", "demo"], "email": ["ann@example.com", "nobody@example.com"]},
    "by email": {"email": ["DEMO@clevora.example"]},
    "nobody": {"email": ["nobody@example.com"]},
    "by phone": {"phoneNumber": ["+1"]},
    "nothing": {},
    "a text": {"localId": "demo"},
    "too many": {"localId": ["u"] * 101},
}


def _account(name: str) -> str:
    return f"POST {_TOOLKIT}/accounts:{name}?key=local"


def firebase() -> Session:
    """Return steps through a user's life cycle, and every refusal."""
    session = Session("firebase", "firebase")
    origin = {"origin": "http://localhost:5173"}
    session.send("demo signs in", _account("signInWithPassword"), _DEMO, origin, captures=_SIGNED_IN)
    session.send("demo's dashboard", "GET /api/developer/account", None, bearer("<<id_token>>"))
    session.send("demo is looked up", _account("lookup"), {"idToken": "<<id_token>>"})
    session.send(
        "ann signs up",
        _account("signUp"),
        _ANN | {"returnSecureToken": True, "displayName": "Ann"},
        captures=_SIGNED_IN,
    )
    session.send("ann signs up again", _account("signUp"), _ANN)
    session.send("ann is looked up", _account("lookup"), {"idToken": "<<id_token>>"})
    session.send("ann has no access", "GET /v1/keys", None, bearer("<<id_token>>"))
    session.send("ann is activated", "POST /api/developer/activate", None, bearer("<<id_token>>"))
    for name, body in _REFUSED:
        session.send(f"refused {name} {len(session.steps)}", _account(name), body)
    for body in _BROKEN:
        session.send(f"broken {body!r}", _account("signUp"), body)
    _life(session)
    _grants(session)
    _found(session)
    session.read_records("afterwards", 100)
    session.read_state("afterwards")
    return session


def _life(session: Session) -> None:
    session.advance(2)
    form: dict[str, str | None] = {"content-type": "application/x-www-form-urlencoded"}
    grant = b"grant_type=refresh_token&refresh_token=<<refresh_token>>"
    session.send("a fresh token", _REFRESH + "?key=local", grant, form)
    session.send(
        "a fresh token by JSON",
        _REFRESH + "?key=local",
        {"grantType": "refresh_token", "refreshToken": "<<refresh_token>>"},
    )
    update = _account("update")
    session.send(
        "another name", update, {"idToken": "<<id_token>>", "displayName": "A. N.", "photoUrl": "https://a.example"}
    )
    session.send("no name", update, {"idToken": "<<id_token>>", "deleteAttribute": ["DISPLAY_NAME", "PHOTO_URL"]})
    session.advance(2)
    session.send("another email", update, {"idToken": "<<id_token>>", "email": "ann2@example.com"})
    session.send("an old token", _account("lookup"), {"idToken": "<<id_token>>"})
    session.send("an old refresh token", _REFRESH + "?key=local", grant, form)
    session.send("the old email", _account("signInWithPassword"), _ANN)
    session.send(
        "the new email", _account("signInWithPassword"), _ANN | {"email": "ANN2@example.com"}, captures=_SIGNED_IN
    )
    session.send("a taken email", update, {"idToken": "<<id_token>>", "email": "demo@clevora.example"})
    session.send(
        "another password", update, {"idToken": "<<id_token>>", "password": "secret-2", "returnSecureToken": True}
    )
    session.send("nobody in particular", _account("signUp"), {"returnSecureToken": True}, captures=_SIGNED_IN)
    session.send("nobody is looked up", _account("lookup"), {"idToken": "<<id_token>>"})
    session.send(
        "nobody gets an email",
        _account("signUp"),
        {"idToken": "<<id_token>>", "email": "c@d.example", "password": "secret"},
        captures=_SIGNED_IN,
    )
    session.send("deleted", _account("delete"), {"idToken": "<<id_token>>"})
    session.send("deleted again", _account("delete"), {"idToken": "<<id_token>>"})
    session.send("deleted, looked up", _account("lookup"), {"idToken": "<<id_token>>"})
    session.send("deleted, refreshed", _REFRESH + "?key=local", grant, form)


def _grants(session: Session) -> None:
    for body in _GRANTS:
        session.send(f"grant {body!r}", _REFRESH + "?key=local", body)
    session.send("no key for a grant", _REFRESH, b"")


def _found(session: Session) -> None:
    line = f"POST {_TOOLKIT}/projects/demo-clevora/accounts:lookup"
    for name, body in _LOOKUPS.items():
        session.send(f"found: {name}", line, body, _OWNER)
    session.send("found in another project", line.replace("demo-clevora", "other"), {"localId": ["demo"]}, _OWNER)
    session.send("found by nobody", line, {"localId": ["demo"]})
    session.send("found by a key", line, {"localId": ["demo"]}, bearer("sk_live_0"))
    session.send("no key", _account("signUp").partition("?")[0], _ANN)
    session.send("an empty key", _account("signUp").partition("?")[0] + "?key=", _ANN)
    session.send("a key by header", _account("lookup").partition("?")[0], {}, {"x-goog-api-key": "local"})
    session.send("a wrong verb", "GET " + _account("signUp").partition(" ")[2])
    session.send("a batch", f"POST {_TOOLKIT}/projects/demo-clevora/accounts:batchGet", {}, _OWNER)
    session.send("a user is written", f"POST {_TOOLKIT}/projects/demo-clevora/accounts", {"localId": "x"}, _OWNER)
    session.send("mails", f"GET {_TOOLKIT}/projects/demo-clevora/oobCodes", None, _OWNER)
    session.send("another of securetoken", "GET /securetoken.googleapis.com/v1/other")
    session.send("a slash at its end", _account("signInWithPassword").replace("?", "/?"), _DEMO)
    session.send("too large", _account("signUp"), b" " * (4 * 1024 * 1024 + 1))
