"""Signatures of payment events: a genuine one is valid for five minutes, and all others are refused."""

import hashlib
import hmac
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clevora_mock.clock import FROZEN_START, SECOND
from clevora_mock.core.errors import ApiError
from clevora_mock.core.webhooks import secret_bytes, sign, verify

# Hundreds of examples.
pytestmark = pytest.mark.slow

Headers = dict[bytes, bytes]

NAMES = (b"webhook-id", b"webhook-timestamp", b"webhook-signature")

secrets = st.binary(min_size=1, max_size=64).map(lambda key: "whsec_" + b64encode(key).decode())
ids = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
moments = st.integers(0, 9_999_999_999 * SECOND)
seconds = st.integers(1_000, 9_999_999_999)


def raw(headers: dict[str, str]) -> Headers:
    return {name.encode(): value.encode("latin-1") for name, value in headers.items()}


def signed(secret: str, event_id: str, timestamp: int, body: bytes) -> Headers:
    """Sign as Standard Webhooks specifies, without the product's code."""
    message = f"{event_id}.{timestamp}.".encode() + body
    digest = hmac.new(secret_bytes(secret), message, hashlib.sha256).digest()
    values = event_id.encode(), str(timestamp).encode(), b"v1," + b64encode(digest)
    return dict(zip(NAMES, values, strict=True))


def refused(secret: str, headers: Headers, body: bytes, now: int) -> None:
    with pytest.raises(ApiError) as caught:
        verify(secret, headers, body, now)
    assert (caught.value.spec.status, caught.value.spec.code) == (401, "invalid_signature")


@given(secrets, ids, moments, st.binary())
def test_a_signed_event_is_valid(secret: str, event_id: str, now: int, body: bytes) -> None:
    headers = raw(sign(secret, event_id, now, body))
    assert headers == signed(secret, event_id, now // SECOND, body)
    assert verify(secret, headers, body, now) == event_id


@given(secrets, ids, moments, st.binary(min_size=1, max_size=200), st.data())
def test_any_flipped_bit_is_refused(secret: str, event_id: str, now: int, body: bytes, data: st.DataObject) -> None:
    headers = raw(sign(secret, event_id, now, body))
    place = data.draw(st.sampled_from([*NAMES, b"body"]))
    value = bytearray(body if place == b"body" else headers[place])
    bit = data.draw(st.integers(0, 8 * len(value) - 1))
    value[bit // 8] ^= 1 << bit % 8
    if place == b"body":
        refused(secret, headers, bytes(value), now)
    else:
        refused(secret, headers | {place: bytes(value)}, body, now)


@given(secrets, secrets, ids, moments, st.binary())
def test_another_secret_is_refused(secret: str, other: str, event_id: str, now: int, body: bytes) -> None:
    headers = raw(sign(secret, event_id, now, body))
    # HMAC pads a key shorter than its block with zeros, so keys that differ only in those are equal.
    if secret_bytes(secret).rstrip(b"\0") == secret_bytes(other).rstrip(b"\0"):
        assert verify(other, headers, body, now) == event_id
    else:
        refused(other, headers, body, now)


@given(secrets, ids, seconds, st.integers(-400, 400), st.binary(max_size=20))
def test_a_timestamp_is_valid_for_300_seconds_either_way(
    secret: str, event_id: str, now: int, age: int, body: bytes
) -> None:
    headers = signed(secret, event_id, now - age, body)
    if abs(age) <= 300:
        assert verify(secret, headers, body, now * SECOND) == event_id
    else:
        refused(secret, headers, body, now * SECOND)


@pytest.mark.parametrize(("age", "good"), [(300, True), (301, False), (-300, True), (-301, False)])
def test_the_tolerance_ends_at_its_second(age: int, good: bool) -> None:
    now = FROZEN_START // SECOND
    headers = signed("whsec_c2VjcmV0", "evt_1", now - age, b"{}")
    if good:
        assert verify("whsec_c2VjcmV0", headers, b"{}", FROZEN_START) == "evt_1"
    else:
        refused("whsec_c2VjcmV0", headers, b"{}", FROZEN_START)


@given(secrets, ids, moments, st.binary(max_size=50), st.lists(st.text(st.characters(max_codepoint=255)), max_size=4))
def test_one_valid_signature_among_others_is_enough(
    secret: str, event_id: str, now: int, body: bytes, others: list[str]
) -> None:
    headers = raw(sign(secret, event_id, now, body))
    good = headers[b"webhook-signature"].decode()
    before, after = others[: len(others) // 2], others[len(others) // 2 :]
    mixed = " ".join([*before, good, *after]).encode("latin-1")
    assert verify(secret, headers | {b"webhook-signature": mixed}, body, now) == event_id


@given(
    st.dictionaries(st.sampled_from(NAMES), st.binary(max_size=60)),
    st.binary(max_size=60),
    moments,
    st.booleans(),
)
def test_junk_headers_are_refused(junk: Headers, body: bytes, now: int, mostly_good: bool) -> None:
    headers = junk
    if mostly_good and junk:
        headers = raw(sign("whsec_c2VjcmV0", "evt_1", now, body)) | junk
    refused("whsec_c2VjcmV0", headers, body, now)


@given(st.sampled_from(NAMES), st.booleans(), st.binary(max_size=20))
def test_a_missing_or_empty_header_is_refused(name: bytes, empty: bool, body: bytes) -> None:
    headers = raw(sign("whsec_c2VjcmV0", "evt_1", FROZEN_START, body))
    if empty:
        headers[name] = b""
    else:
        del headers[name]
    refused("whsec_c2VjcmV0", headers, body, FROZEN_START)


@pytest.mark.parametrize(
    "timestamp",
    ["", " 1767225600", "1767225600.0", "+1767225600", "-1", "1e9", "0x10", "9" * 5000, "\xb2", "1_767_225_600"],
)
def test_a_timestamp_is_plain_digits(timestamp: str) -> None:
    headers = raw(sign("whsec_c2VjcmV0", "evt_1", FROZEN_START, b"{}"))
    refused("whsec_c2VjcmV0", headers | {b"webhook-timestamp": timestamp.encode("latin-1")}, b"{}", FROZEN_START)


@given(st.text())
def test_a_secret_is_whsec_and_base64_or_a_value_error(secret: str) -> None:
    try:
        key = secret_bytes(secret)
    except ValueError:
        return
    assert secret.startswith("whsec_")
    assert key


@given(st.binary(min_size=1))
def test_a_secret_may_lack_its_padding(key: bytes) -> None:
    padded = "whsec_" + b64encode(key).decode()
    assert secret_bytes(padded) == secret_bytes(padded.rstrip("=")) == key
