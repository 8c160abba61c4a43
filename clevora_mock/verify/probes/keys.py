"""K1-K9: API keys and ID tokens."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib.parse import quote

from clevora_mock.verify.answers import compare_status, error_of, json_of, require_no_page, value_of
from clevora_mock.verify.ask import CHAT, CHEAP, Ask
from clevora_mock.verify.client import Answer, CannotCheckError, Request
from clevora_mock.verify.expectation import (
    INT,
    MISSING,
    MOMENT,
    STRING,
    Difference,
    Exactly,
    ListOf,
    OfType,
    OneOf,
    OrNull,
    Text,
    compare,
)
from clevora_mock.verify.probe import Probe, asking, checking
from clevora_mock.verify.probes.errors import HOMES
from clevora_mock.verify.session import ACCOUNT, UNKNOWN_KEY, CreatedKey, GaveUpError, Session
from clevora_mock.verify.spending import charge_of

CREATE = Ask("POST /v1/keys", body={"name": "  clevora-mock verify \n"}, credential="token")
LIST = Ask("GET /v1/keys", credential="token")
_RAW = "sk_live_[0-9a-f]{32}"
_NAME = "clevora-mock verify"
# A request that is refused for its fields, and so is free, once the credential is good.
_FREE = HOMES["missing_field"]


# --- a key's life -----------------------------------------------------------------------------------------------------


class RefusedError(CannotCheckError):
    """A key that could not be created, since the server refuses the request."""


def create(session: Session, ask: Ask = CREATE) -> CreatedKey:
    """Create a key, which is revoked at the end of the run."""
    answer = session.send(session.request(ask))
    if answer.status >= 300:
        require_no_page(answer)
        raise RefusedError(f"{ask.request} answered {answer.status}")
    body = json_of(answer)
    made = body.get("data")
    if not isinstance(made, dict) or not isinstance(made.get("key"), str) or not isinstance(made.get("id"), str):
        raise CannotCheckError("a new key is shown without its key or its id")
    key = CreatedKey(made["id"], made["key"], ask.credential, answer.status, body)
    session.created_keys.append(key)
    return key


def created(session: Session) -> CreatedKey:
    """Return the run's first key."""
    return session.once(create)


def listed(session: Session) -> list[dict[str, Any]]:
    """Return the account's keys."""
    keys = session.data(LIST).get("keys")
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise CannotCheckError("the list of keys has no keys")
    return keys


def _first_revocation(session: Session) -> Answer:
    return revoke(session, created(session).id)


def revoked(session: Session) -> Answer:
    """Revoke the run's first key, and return the answer."""
    return session.once(_first_revocation)


def revoke(session: Session, key_id: str, credential: str = "token", *, unpaced: bool = False) -> Answer:
    """Revoke a key of the run's own; `key_id` may be the key itself."""
    ask = Ask(f"DELETE /v1/keys/{quote(key_id, safe='')}", credential=credential)
    return session.send(session.request(ask), unpaced=unpaced)


def _was_revoked(answer: Answer, wanted: Any) -> list[Difference]:
    require_no_page(answer)
    return compare(200, answer.status, "status of revoking") or compare(wanted, json_of(answer))


def revoke_all(session: Session, *, unpaced: bool = False) -> int:
    """Revoke the keys that the run created; return how many could not be. A server that gave up is asked no further."""
    left = len(session.created_keys)
    for key in session.created_keys:
        try:
            is_revoked = revoke(session, key.id, key.credential, unpaced=unpaced).status < 300
        except GaveUpError:
            break
        except Exception:  # noqa: BLE001 - a key with an odd id must not keep the others
            is_revoked = False
        left -= is_revoked
    return left


def with_key(request: Request, raw: str, scheme: str = "Bearer ") -> Request:
    """Return `request` with another credential."""
    others = tuple(header for header in request.headers if header[0] != "Authorization")
    return Request(request.method, request.target, (*others, ("Authorization", f"{scheme}{raw}")), request.body)


def _new_key(session: Session) -> list[Difference]:
    data = Exactly({"id": Text(r"\S+"), "key": STRING, "name": STRING, "createdAt": MOMENT})
    key = created(session)
    found = compare(Exactly({"status": "success", "data": data}), key.body)
    return found + compare(200, key.status, "status of a new key")


def _format(session: Session) -> list[Difference]:
    return compare(Text(_RAW), created(session).raw, "key")


def _trimmed(session: Session) -> list[Difference]:
    return compare(_NAME, created(session).data.get("name", MISSING), "data.name")


def _named(title: str, body: object, name: str) -> Probe:
    """Return the probe of the name that a key gets by this body."""

    def check(session: Session) -> list[Difference]:
        created(session)
        try:
            made = create(session, Ask("POST /v1/keys", body=body, credential="token"))
        except RefusedError as error:
            return [Difference(title, "taken", str(error))]
        return compare(name, made.data.get("name", MISSING), "data.name")

    return checking(title, "K3", check, "id_token", requests=3)


def _shown_once(session: Session) -> list[Difference]:
    raw = created(session).raw
    text = json.dumps(listed(session))
    return [Difference("data.keys", "previews", "a whole key")] if raw in text else []


def _masked(session: Session) -> list[Difference]:
    shown = Exactly(
        {
            "id": Text(r"\S+"),
            "name": OfType(str),
            "preview": OfType(str),
            "status": OneOf(("active", "revoked")),
            "createdAt": MOMENT,
            "lastUsed": OrNull(MOMENT),
            "requests": INT,
            "tokens": INT,
        }
    )
    # So that there are active and revoked keys.
    created(session)
    revoked(session)
    answer = session.send(session.request(LIST))
    found = compare_status(200, answer)
    wanted = Exactly({"status": "success", "data": Exactly({"keys": ListOf(None)})})
    found = found or compare(wanted, value_of(answer))
    if found:
        return found
    keys = json_of(answer)["data"]["keys"]
    found = [one for index, key in enumerate(keys) for one in compare(shown, key, f"data.keys[{index}]")][:3]
    if not found and len({key["id"] for key in keys}) < len(keys):
        return [Difference("data.keys", "each once", "one more than once")]
    return found


def _preview(session: Session) -> list[Difference]:
    made = created(session)
    key = next((one for one in listed(session) if one.get("id") == made.id), None)
    if key is None:
        return [Difference("data.keys", "the new key", MISSING)]
    raw = made.raw
    wanted = f"{raw[:20]}...{raw[-2:]}"
    if key.get("preview") == wanted:
        return []
    return [Difference("preview", "the first 20 characters, ... and the last 2", key.get("preview", MISSING))]


def _newest_first(session: Session) -> list[Difference]:
    made = created(session)
    second = create(session)
    order = [key.get("id") for key in listed(session) if key.get("id") in (made.id, second.id)]
    return [] if order == [second.id, made.id] else [Difference("data.keys", "the newest first", "another order")]


def _counted(session: Session) -> list[Difference]:
    """Check that a key of no use yet has counted nothing."""
    made = created(session)
    key = next((one for one in listed(session) if one.get("id") == made.id), {})
    return compare({"status": "active", "lastUsed": None, "requests": 0, "tokens": 0}, key)


def _revoke(session: Session) -> list[Difference]:
    made = created(session)
    wanted = Exactly({"status": "success", "data": Exactly({"id": made.id, "status": "revoked"})})
    return _was_revoked(revoked(session), wanted)


def _revoke_again(session: Session) -> list[Difference]:
    revoked(session)
    return _was_revoked(revoke(session, created(session).id), {"data": {"status": "revoked"}})


def _revoke_raw(session: Session) -> list[Difference]:
    """Check that the raw key is taken for an id."""
    made = create(session)
    return _was_revoked(revoke(session, made.raw), {"data": {"id": made.id, "status": "revoked"}})


def _revoked_in_list(session: Session) -> list[Difference]:
    revoked(session)
    made = created(session)
    key = next((one for one in listed(session) if one.get("id") == made.id), None)
    return compare({"status": "revoked"}, key) if key else [Difference("data.keys", "the revoked key", MISSING)]


def _works_until_revoked(session: Session) -> list[Difference]:
    """Check that a new key works at once, and not after it was revoked; the other key goes on."""
    made = create(session)
    before = session.send(with_key(session.request(_FREE), made.raw), expected=400, charge=charge_of(_FREE))
    found = session.errors.compare("missing_field", before)
    answer = revoke(session, made.id)
    if answer.status >= 300:
        raise CannotCheckError(f"DELETE /v1/keys answered {answer.status}")
    after = session.send(with_key(session.request(CHEAP), made.raw), expected=401, charge=charge_of(CHEAP))
    found += session.errors.compare("invalid_api_key", after)
    return found + session.compare(_FREE, session.ask(_FREE))


def _scheme(scheme: str) -> Probe:
    def check(session: Session) -> list[Difference]:
        request = with_key(session.request(_FREE), session.credentials.api_key or "", scheme)
        return session.errors.compare("missing_field", session.send(request, expected=400, charge=charge_of(_FREE)))

    return checking(f"the scheme {scheme.strip()}", "K1", check, "api_key", requests=1)


def _bad_key(title: str, change: str) -> Probe:
    def check(session: Session) -> list[Difference]:
        authorization = change.format(
            key=session.credentials.api_key or "", upper=(session.credentials.api_key or "").upper()
        )
        request = with_key(session.request(HOMES["invalid_api_key"]), authorization, "")
        return session.errors.compare("invalid_api_key", session.send(request, expected=401, charge=charge_of(CHEAP)))

    return checking(f"refused: {title}", "K1", check, "api_key", requests=1)


def _printed(session: Session) -> list[Difference]:
    message = error_of(session.answer(HOMES["invalid_api_key"])).get("message")
    if message is None:
        raise CannotCheckError("the error has no message")
    return compare("Invalid API key", message, "error.message")


# --- ID tokens --------------------------------------------------------------------------------------------------------


def _claims(session: Session) -> dict[str, Any]:
    """Return the claims of the given ID token."""
    try:
        part = (session.credentials.id_token or "").split(".")[1]
        claims = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        raise CannotCheckError("--id-token is no JWT") from None
    if not isinstance(claims, dict):
        raise CannotCheckError("--id-token is no JWT")
    return claims


def _encoded(value: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _unsigned(claims: dict[str, Any]) -> str:
    return f"{_encoded({'alg': 'none', 'typ': 'JWT'})}.{_encoded(claims)}."


def _token_refused(title: str, **changes: Any) -> Probe:
    """Return the probe of a token with other claims; None removes one."""

    def check(session: Session) -> list[Difference]:
        changed = {name: value for name, value in (_claims(session) | changes).items() if value is not None}
        request = with_key(session.request(LIST), _unsigned(changed))
        return session.errors.compare("invalid_id_token", session.send(request, expected=401))

    return checking(f"a token refused: {title}", "K7", check, "id_token", requests=1)


def _kind_of_token(session: Session) -> list[Difference]:
    """Check that the token that the server takes is an unsigned one."""
    answer = session.send(session.request(LIST))
    if answer.status != 200:
        raise CannotCheckError(f"--id-token was answered {answer.status}")
    parts = (session.credentials.id_token or "").split(".")
    try:
        header = json.loads(urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)))
    except ValueError:
        raise CannotCheckError("--id-token is no JWT") from None
    return compare({"alg": "none"}, header, "header of the token")


def _key_closed(request: str, body: object = None) -> Probe:
    return asking(f"an API key does not open {request}", "K2", request, body=body, error="invalid_id_token")


def _token_closed(request: str, body: object) -> Probe:
    title = f"an ID token does not open {request}"
    return asking(title, "K2", request, body=body, credential="token", error="invalid_api_key")


# --- a user without access --------------------------------------------------------------------------------------------


# A top-up that is good but for access, and one that has another error too.
_REFUSED_TO_STRANGERS = tuple(
    Ask("POST /api/developer/topup", body, credential="token of other", error="developer_access_required")
    for body in ({"amount": 15}, {})
)


def _stranger(session: Session) -> Answer:
    """Ask for the page of the other user's account, which is kept from before the run changes it."""
    ask = Ask("GET /api/developer/account", credential="token of other")
    return session.send(session.request(ask), expected=403)


def _require_no_access(session: Session) -> None:
    """Raise CannotCheckError unless the other user has no developer access."""
    answer = session.once(_stranger)
    data = json_of(answer).get("data") if answer.status == 200 else None
    if not isinstance(data, dict):
        raise CannotCheckError(f"GET /api/developer/account answered {answer.status}")
    if data.get("developerAccess") is not False:
        raise CannotCheckError("--other-id-token is of a user who has developer access")


def open_to_strangers(session: Session) -> list[Difference]:
    """Check that a user without developer access can read the account."""
    answer = session.once(_stranger)
    if answer.status != 403:
        _require_no_access(session)
    return compare_status(200, answer)


def _no_access(session: Session) -> list[Difference]:
    _require_no_access(session)
    return session.differences(_REFUSED_TO_STRANGERS[0])


def _activate(session: Session) -> Answer:
    _require_no_access(session)
    # So that what is refused to this user is seen, and the error learned, before the user has access.
    session.errors.form("developer_access_required")
    for ask in _REFUSED_TO_STRANGERS:
        session.answer(ask)
    return session.send(session.request(Ask("POST /api/developer/activate", credential="token of other")))


def _activation(session: Session) -> list[Difference]:
    """Activation gives access, and a second one changes nothing."""
    first = session.once(_activate)
    found = compare(200, first.status, "status of activating")
    found = found or compare({"data": {"developerAccess": True}}, json_of(first))
    again = session.send(session.request(Ask("POST /api/developer/activate", credential="token of other")))
    if again.status != 200:
        return [*found, Difference("status of activating again", 200, again.status)]
    opened = session.send(session.request(Ask("GET /v1/keys", credential="token of other")))
    return found + compare_status(200, opened)


def _two_flags(session: Session) -> list[Difference]:
    """Check that access is no funds: a key can be made, and the account is not activated."""
    answer = session.once(_activate)
    if answer.status >= 300:
        raise CannotCheckError(f"POST /api/developer/activate answered {answer.status}")
    found = compare({"activated": False}, session.data(Ask("GET /api/developer/account", credential="token of other")))
    session.once(_unfunded_key)
    return found


def _unfunded_key(session: Session) -> CreatedKey:
    session.once(_activate)
    return create(session, Ask("POST /v1/keys", body={"name": _NAME}, credential="token of other"))


def _unfunded(session: Session) -> list[Difference]:
    request = with_key(session.request(CHEAP), session.once(_unfunded_key).raw)
    answer = session.send(request, expected=402, charge=charge_of(CHEAP))
    return session.errors.compare_with_table("account_not_activated", answer)


def _funds_before_fields(session: Session) -> list[Difference]:
    request = with_key(session.request(_FREE), session.once(_unfunded_key).raw)
    answer = session.send(request, expected=402)
    return session.errors.compare_order("account_not_activated", "missing_field", answer)


def _access_before_fields(session: Session) -> list[Difference]:
    _require_no_access(session)
    answer = session.answer(_REFUSED_TO_STRANGERS[1])
    return session.errors.compare_order("developer_access_required", "missing_field", answer)


def _threshold(session: Session) -> list[Difference]:
    """Check that an account with $15 or more is activated."""
    account = session.data(ACCOUNT)
    if not isinstance(account.get("balance"), int | float) or account["balance"] < 15:
        raise CannotCheckError("the account's balance is below $15")
    return compare({"activated": True}, account)


PROBES = (
    checking("the printed error", "K1", _printed, requests=1),
    _scheme("bearer "),
    _scheme("BEARER "),
    asking("refused: no header", "K1", CHAT, body=CHEAP.body, credential="none", error="invalid_api_key"),
    asking("refused: a word", "K1", CHAT, body=CHEAP.body, credential="word", error="invalid_api_key"),
    _bad_key("no scheme", "{key}"),
    _bad_key("in capitals", "Bearer {upper}"),
    _bad_key("one more digit", "Bearer {key}0"),
    checking("a key's form", "K1", _format, "id_token"),
    *(
        _key_closed(request, body)
        for request, body in (
            ("GET /v1/keys", None),
            ("POST /v1/keys", {}),
            ("DELETE /v1/keys/key_000000000000000000000000", None),
            ("GET /api/developer/account", None),
            ("POST /api/developer/topup", {"amount": 15}),
        )
    ),
    _token_closed(CHAT, CHEAP.body),
    _token_closed("POST /v1/embeddings", {"input": "a"}),
    _token_closed("POST /v1/search", {"query": "a"}),
    _token_closed("POST /v1/scripts/generate", {"topic": "a", "length": "short"}),
    checking("a new key's fields", "K3", _new_key, "id_token"),
    checking("a name is trimmed", "K3", _trimmed, "id_token"),
    _named("no body at all", None, "Untitled key"),
    _named("a name of 64 characters", {"name": "n" * 64}, "n" * 64),
    checking("a key is shown once", "K3", _shown_once, "id_token", requests=1),
    *(
        asking(
            f"no key named {title}",
            "K3",
            "POST /v1/keys",
            body={"name": name},
            credential="token",
            error="invalid_field",
        )
        for title, name in (("by 65 characters", "n" * 65), ("by a number", 5))
    ),
    checking("a preview", "K4", _preview, "id_token"),
    checking("the newest first", "K4", _newest_first, "id_token", requests=3),
    checking("an active key", "K4", _counted, "id_token"),
    checking("the list's fields", "K4", _masked, "id_token"),
    checking("revoking", "K5", _revoke, "id_token"),
    checking("revoking again", "K5", _revoke_again, "id_token"),
    checking("revoking by the raw key", "K5", _revoke_raw, "id_token"),
    checking("a revoked key in the list", "K5", _revoked_in_list, "id_token"),
    *(
        asking(f"revoking {title}", "K5", f"DELETE /v1/keys/{key}", credential="token", error="not_found")
        for title, key in (("an unknown id", "key_000000000000000000000000"), ("an unknown key", UNKNOWN_KEY))
    ),
    checking("a key works until it is revoked", "K6", _works_until_revoked, "id_token", "api_key", requests=5),
    checking("the kind of a token", "K7", _kind_of_token, "id_token", requests=1),
    asking("a token refused: none", "K7", "GET /v1/keys", credential="none", error="invalid_id_token"),
    _token_refused("expired", exp=1),
    _token_refused("without exp", exp=None),
    _token_refused("of another project", aud="elsewhere", iss="https://securetoken.google.com/elsewhere"),
    _token_refused("by another issuer", iss="https://accounts.google.com/elsewhere"),
    _token_refused("for another audience", aud="elsewhere"),
    _token_refused("without a user", sub=None, user_id=None),
    checking("no access before activation", "K8", _no_access, "other_id_token"),
    checking("order: 403 before 400", "W6", _access_before_fields, "other_id_token"),
    checking("order: 402 before 400", "W6", _funds_before_fields, "other_id_token", "destructive", requests=1),
    checking("activation", "K8", _activation, "other_id_token", "destructive", requests=3),
    checking("access is not funds", "K9", _two_flags, "other_id_token", "destructive"),
    checking("an account with $15", "B2", _threshold, "id_token", requests=1),
    checking("an account without funds", "B2", _unfunded, "other_id_token", "destructive", requests=1),
)
