"""A body is one strict JSON object, parsed as the standard library does, or the error is a 400."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clevora_mock.core.errors import ApiError
from clevora_mock.web.parsing import int_param, parse_document

# Hundreds of examples.
pytestmark = pytest.mark.slow

# Similar keys and texts, with characters that JSON itself uses.
names = st.text(st.sampled_from('ab:"\\{}[],é😀\n'), max_size=3) | st.text(max_size=8)
numbers = st.integers() | st.integers(-(10**40), 10**40) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | names,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(names, values, max_size=5)
layouts = st.fixed_dictionaries(
    {
        "ensure_ascii": st.booleans(),
        "indent": st.none() | st.integers(0, 2),
        "separators": st.sampled_from([(",", ":"), (", ", ": "), (" ,\r", "\t:\n")]),
    }
)


class UnreadableError(Exception):
    """The reference parser refuses the body."""


def reference(body: bytes) -> dict[str, Any]:
    """Parse with the standard library, strictly."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise UnreadableError
        return dict(pairs)

    def refuse(constant: str) -> None:
        raise UnreadableError

    try:
        read = json.loads(body.decode(), object_pairs_hook=unique, parse_constant=refuse)
        # A lone surrogate is not valid text, and an infinite number cannot be encoded.
        json.dumps(read, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        raise UnreadableError from None
    if not isinstance(read, dict):
        raise UnreadableError
    return read


def outcome(body: bytes) -> str | None:
    """Return the exact document of a body (1 differs from 1.0); None for a 400. Other exceptions propagate."""
    try:
        return repr(parse_document(body))
    except ApiError as error:
        refused = error
    assert (refused.spec.status, refused.spec.code) == (400, "invalid_json")
    assert refused.message
    return None


def expected(body: bytes) -> str | None:
    try:
        return repr(reference(body))
    except UnreadableError:
        return None


@given(objects, layouts)
def test_an_object_is_read_as_the_standard_library_reads_it(value: dict[str, Any], layout: dict[str, Any]) -> None:
    body = json.dumps(value, **layout).encode()
    assert outcome(body) == expected(body) == repr(json.loads(body))


@given(values.filter(lambda value: not isinstance(value, dict)), layouts)
def test_json_that_is_not_an_object_is_refused(value: object, layout: dict[str, Any]) -> None:
    assert outcome(json.dumps(value, **layout).encode()) is None


@given(st.binary() | st.text().map(str.encode) | st.text(st.sampled_from('{}[]":,0e-.1ntf \\u')).map(str.encode))
def test_arbitrary_bytes_are_read_or_refused(body: bytes) -> None:
    assert outcome(body) == expected(body)


_SPLICES = st.binary(max_size=3) | st.sampled_from(
    [
        b'"',
        b":",
        b",",
        b"{",
        b"}",
        b"\\ud800",
        b"\\u00",
        b"NaN",
        b"-Infinity",
        b"1e999",
        b"-0",
        b"-0.0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\x00",
        b"01",
    ]
)


@given(objects, st.data())
def test_a_damaged_object_is_read_or_refused(value: dict[str, Any], data: st.DataObject) -> None:
    body = json.dumps(value).encode()
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 3)))
    damaged = body[:start] + data.draw(_SPLICES) + body[end:]
    assert outcome(damaged) == expected(damaged)


def spelled(name: str, escaped: list[bool]) -> str:
    """Return `name` as a JSON string with some characters escaped."""
    units = []
    for character, by_number in zip(name, escaped, strict=True):
        halves = character.encode("utf-16-be").hex()
        numbered = "".join(f"\\u{halves[place : place + 4]}" for place in range(0, len(halves), 4))
        units.append(numbered if by_number else json.dumps(character, ensure_ascii=False)[1:-1])
    return f'"{"".join(units)}"'


@given(st.data(), names, values, values, st.lists(st.sampled_from(["list", "object"]), max_size=5))
def test_a_key_twice_in_one_object_is_refused_at_any_depth(
    data: st.DataObject, name: str, first: object, second: object, around: list[str]
) -> None:
    spellings = [
        spelled(name, data.draw(st.lists(st.booleans(), min_size=len(name), max_size=len(name)))) for _ in "12"
    ]
    between = "".join(f"{json.dumps(key)}:1," for key in data.draw(st.sets(names, max_size=3)) if key != name)
    text = f"{{{spellings[0]}:{json.dumps(first)},{between}{spellings[1]}:{json.dumps(second)}}}"
    for layer in around:
        text = f'[0,{text},":"]' if layer == "list" else f'{{"x":{text},"y":":"}}'
    assert outcome(f'{{"body":{text}}}'.encode()) is None
    assert expected(f'{{"body":{text}}}'.encode()) is None


@given(st.lists(names, unique=True, min_size=1, max_size=4), st.integers(1, 4))
def test_a_key_may_return_in_another_object(keys: list[str], times: int) -> None:
    inner = dict.fromkeys(keys, ":")
    body = json.dumps({"list": [inner] * times, "nested": dict.fromkeys(keys, inner)}).encode()
    assert outcome(body) == repr(json.loads(body))


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", "nan", "1e400", "-1e400", "undefined"])
@pytest.mark.parametrize("shape", ['{"a":%s}', '{"a":[%s]}', '{"a":{"b":%s}}'])
def test_invalid_numbers_are_refused(constant: str, shape: str) -> None:
    assert outcome((shape % constant).encode()) is None


@given(st.binary(min_size=1, max_size=6), st.booleans())
def test_bad_utf8_is_refused_in_keys_and_values(junk: bytes, in_key: bool) -> None:
    body = b'{"%s":1}' % junk if in_key else b'{"a":"%s"}' % junk
    try:
        junk.decode()
    except UnicodeDecodeError:
        assert outcome(body) is None
    else:
        assert outcome(body) == expected(body)


def outcome_of_deep(body: bytes) -> bool:
    """Return True if the body is accepted; values of this depth have no `repr`."""
    try:
        return bool(parse_document(body))
    except ApiError as error:
        refused = error
    assert refused.spec.code == "invalid_json"
    return False


@given(st.integers(1, 5_000), st.sampled_from(["[", '{"a":', '[{"a":']), st.booleans(), st.booleans())
def test_nesting_is_read_or_refused(depth: int, opening: str, closed: bool, with_colon: bool) -> None:
    closing = opening.replace('"a":', "")[::-1].translate(str.maketrans("[{", "]}"))
    inner = opening * depth + "1" + (closing * depth if closed else "")
    colon = ',"y":":"' if with_colon else ""
    body = f'{{"x":{inner}{colon}}}'.encode()
    read = outcome_of_deep(body)
    assert closed or not read
    if depth < 200:
        assert read == closed


@given(st.integers(4_200, 4_400), st.sampled_from(["", "-"]), st.booleans())
def test_a_very_long_number_is_read_or_refused(digits: int, sign: str, with_colon: bool) -> None:
    colon = ',"b":":"' if with_colon else ""
    outcome(f'{{"a":{sign}{"7" * digits}{colon}}}'.encode())


def test_a_large_object_with_a_key_twice_is_refused() -> None:
    pairs = [f'"k{index}":1' for index in range(200_000)]
    assert outcome(f"{{{','.join([*pairs, pairs[-1]])}}}".encode()) is None


@pytest.mark.parametrize(
    "body", [b"", b" ", b"\n\t\r ", b"null", b"{} {}", b"{}x", b"{,}", b'{"a":1,}', b"{'a':1}", b"{a:1}"]
)
def test_a_nearly_valid_object_is_refused(body: bytes) -> None:
    assert outcome(body) is None


@given(
    st.binary()
    | st.lists(st.sampled_from([b"range", b"=", b"&", b"7", b"90", b"91", b"0", b"+", b"%31", b";"])).map(b"".join)
)
def test_a_query_gives_a_number_within_bounds_or_a_400(query: bytes) -> None:
    refused = None
    try:
        assert 1 <= int_param(query.decode("latin-1"), "range", (1, 90), 30) <= 90
    except ApiError as error:
        refused = error
    if refused is not None:
        assert refused.spec.code == "invalid_field"
        assert refused.message.startswith("range: ")
