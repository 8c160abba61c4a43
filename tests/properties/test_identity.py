"""ID tokens: an issued token is valid until it expires, and all others are refused."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clevora_mock.clock import FROZEN_START, SECOND
from clevora_mock.core.errors import ApiError
from clevora_mock.core.id_tokens import Identity, issue, verify
from tests.support.tokens import PROJECT, encoded, jwt

# Hundreds of examples.
pytestmark = pytest.mark.slow

NOW = FROZEN_START

uids = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/"), min_size=1, max_size=128).filter(
    lambda uid: uid not in (".", "..")
)
emails = st.none() | st.emails()
moments = st.integers(0, 4_000_000_000 * SECOND)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def good_claims() -> dict[str, Any]:
    part = issue(Identity("ada", "ada@clevora.example"), PROJECT, NOW).split(".")[1]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def refused(token: str | None, now: int = NOW) -> ApiError:
    with pytest.raises(ApiError) as caught:
        verify(token, PROJECT, now)
    assert (caught.value.spec.status, caught.value.spec.code) == (401, "invalid_id_token")
    assert caught.value.hint
    return caught.value


@given(uids, emails, moments)
def test_an_issued_token_signs_in(uid: str, email: str | None, now: int) -> None:
    token = issue(Identity(uid, email), PROJECT, now)
    assert verify(token, PROJECT, now) == Identity(uid, email)
    assert token.isascii()
    assert token.count(".") == 2
    assert token.endswith(".")


@given(moments, st.integers(1, 100_000))
def test_it_expires_on_the_second(now: int, lifetime: int) -> None:
    token = issue(Identity("ada"), PROJECT, now, lifetime)
    expires = (now // SECOND + lifetime) * SECOND
    assert verify(token, PROJECT, expires - 1).uid == "ada"
    refused(token, expires)
    refused(token, expires + 1)


@given(
    st.text()
    | st.text(st.sampled_from("eyJhbGciOiJub25lIn0._-= ."))
    | st.binary().map(lambda raw: raw.decode("latin-1"))
)
def test_a_token_of_junk_is_refused(token: str) -> None:
    refused(token)


@pytest.mark.parametrize("token", [None, "", ".", "..", "...", "a.b", "\ud800.\ud800.", "e30.e30.", "W10.W10."])
def test_no_token_at_all_is_refused(token: str | None) -> None:
    refused(token)


@given(st.lists(st.binary(max_size=60).map(lambda raw: urlsafe_b64encode(raw).rstrip(b"=").decode()), max_size=5))
def test_a_token_of_encoded_junk_is_refused(parts: list[str]) -> None:
    refused(".".join(parts))


@given(json_values, json_values)
def test_json_that_is_no_token_is_refused(header: object, claims: object) -> None:
    refused(jwt(claims, header or {"alg": "none"}))


@given(st.data())
def test_a_character_that_is_not_base64url_is_refused(data: st.DataObject) -> None:
    token = issue(Identity("ada"), PROJECT, NOW)
    place = data.draw(st.integers(0, len(token) - 2))
    character = data.draw(
        st.characters().filter(lambda sign: not (sign.isascii() and (sign.isalnum() or sign in "-_")))
    )
    refused(token[:place] + character + token[place:])


@given(st.text(st.sampled_from("abcXYZ019-_"), min_size=1))
def test_a_signature_is_refused(signature: str) -> None:
    refused(jwt(good_claims(), signature=signature))


@given(json_values.filter(lambda value: value != "none"))
def test_any_other_algorithm_is_refused(algorithm: object) -> None:
    refused(jwt(good_claims(), {"alg": algorithm, "typ": "JWT"}))


@given(st.sampled_from(["iss", "aud", "sub", "user_id", "exp"]), json_values)
def test_a_wrong_claim_is_refused(name: str, value: object) -> None:
    claims = good_claims()
    if name == "sub" and isinstance(value, str):
        claims.pop("user_id")
        assume(not 1 <= len(value) <= 128 or "/" in value or value in (".", ".."))
    if name == "exp" and isinstance(value, int | float) and not isinstance(value, bool):
        assume(value * SECOND <= NOW)
    assume(claims.get(name) != value)
    refused(jwt(claims | {name: value}))


@given(st.sampled_from(["iss", "aud", "sub", "exp"]))
def test_a_missing_claim_is_refused(name: str) -> None:
    claims = good_claims()
    del claims[name]
    refused(jwt(claims))


@given(st.integers(0, 300))
def test_a_uid_has_1_to_128_characters(length: int) -> None:
    token = issue(Identity("é" * length), PROJECT, NOW)
    if 1 <= length <= 128:
        assert verify(token, PROJECT, NOW).uid == "é" * length
    else:
        refused(token)


@given(st.dictionaries(st.text().filter(lambda name: name not in good_claims()), json_values, max_size=4))
def test_further_claims_change_nothing(more: dict[str, Any]) -> None:
    assert verify(jwt(good_claims() | more), PROJECT, NOW) == Identity("ada", "ada@clevora.example")


@given(st.from_regex(r"[a-z][a-z0-9-]{2,30}", fullmatch=True))
def test_another_projects_token_is_refused(project: str) -> None:
    assume(project != PROJECT)
    refused(issue(Identity("ada"), project, NOW))


@pytest.mark.parametrize("depth", [100, 10_000])
def test_deeply_nested_claims_are_refused(depth: int) -> None:
    part = urlsafe_b64encode(b'{"sub":' + b"[" * depth + b"]" * depth + b"}").rstrip(b"=").decode()
    refused(f"{encoded({'alg': 'none'})}.{part}.")


@pytest.mark.parametrize("uid", ["a/b", "/", ".", "..", "a\nb", "a\n", "\x00", "\x7f", "\x85"])
def test_a_uid_that_no_path_can_hold_is_refused(uid: str) -> None:
    refused(issue(Identity(uid), PROJECT, NOW))


@pytest.mark.parametrize("uid", ["...", ".a", "a b", "%2F", "a\\b", "日本", "a?b#c"])
def test_a_uid_of_any_other_characters_is_taken(uid: str) -> None:
    assert verify(issue(Identity(uid), PROJECT, NOW), PROJECT, NOW).uid == uid
