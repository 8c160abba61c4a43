"""Long JSON documents in parts: the same bytes, values and errors as in one piece."""

from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from clevora_mock.web.long_json import encode_parts
from clevora_mock.web.long_json_decoding import decode_long
from tests.support.examples import examples

MEBIBYTE = 1024 * 1024


class Item(Struct, frozen=True, forbid_unknown_fields=True):
    """An item of a list, which may be long itself."""

    name: str
    numbers: list[int] = []


class Document(Struct, frozen=True, forbid_unknown_fields=True, rename={"items": "things"}):
    """A document with a field of every kind."""

    title: str
    items: Annotated[list[Item], Meta(max_length=5)] = []
    counts: Annotated[dict[int, int], Meta(max_length=3)] = {}
    maybe: list[str] | None = None
    nested: dict[str, Item] = {}


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ['"', "\\", "]}", "{[,:", "\x00"]
)
ITEMS = st.builds(Item, TEXTS, st.lists(st.integers(-(2**62), 2**62), max_size=3))
DOCUMENTS = st.builds(
    Document,
    TEXTS,
    st.lists(ITEMS, max_size=5),
    st.dictionaries(st.integers(0, 99), st.integers(0, 99), max_size=3),
    st.none() | st.lists(TEXTS, max_size=2),
    st.dictionaries(TEXTS, ITEMS, max_size=2),
)


def padded(document: bytes) -> bytes:
    """Make a document long by space at its end, which has no meaning."""
    return document + b" " * MEBIBYTE


@given(document=DOCUMENTS)
def test_the_parts_of_a_document_are_its_encoding(document: Document) -> None:
    assert b"".join(encode_parts(document)) == msgspec.json.encode(document)


def test_a_list_can_be_made_while_it_is_encoded() -> None:
    parts = encode_parts(Document("a"), items=(Item(name) for name in "xy"))
    assert b"".join(parts) == msgspec.json.encode(Document("a", [Item("x"), Item("y")]))


@examples(100)
@given(document=DOCUMENTS, spaced=st.booleans())
def test_a_long_document_is_decoded_as_in_one_piece(document: Document, spaced: bool) -> None:
    encoded = msgspec.json.encode(document)
    if spaced:
        encoded = msgspec.json.format(encoded, indent=3)
    assert decode_long(padded(encoded), Document) == document


def test_a_long_item_is_decoded_in_parts_too() -> None:
    document = Document("a", [Item("x", list(range(10**8, 10**8 + 120_000))), Item("y", [1])])
    assert decode_long(msgspec.json.encode(document), Document) == document


# What is wrong, the document, and the message.
WRONG: list[tuple[str, bytes, str]] = [
    (
        "a field of an item",
        b'{"title":"a","things":[{"name":"b"},{"name":1}]}',
        "Expected `str`, got `int` - at `$.things[1].name`",
    ),
    ("an item", b'{"title":"a","things":[[]]}', "Expected `object`, got `array` - at `$.things[0]`"),
    ("a field", b'{"title":1}', "Expected `str`, got `int` - at `$.title`"),
    ("a name", b'{"title":"a","other":[]}', "Object contains unknown field `other`"),
    ("a missing field", b'{"things":[]}', "Object missing required field `title`"),
    (
        "too many items",
        b'{"title":"a","things":[' + b'{"name":"b"},' * 5 + b'{"name":"b"}]}',
        "Expected `array` of length <= 5 - at `$.things`",
    ),
    (
        "too many members",
        b'{"title":"a","counts":{"1":1,"2":1,"3":1,"4":1}}',
        "Expected `object` of length <= 3 - at `$.counts`",
    ),
    ("a member", b'{"title":"a","counts":{"1":"x"}}', "Expected `int`, got `str` - at `$.counts[...]`"),
    ("another type for a list", b'{"title":"a","things":{}}', "Expected `array`, got `object` - at `$.things`"),
]


@pytest.mark.parametrize(("document", "message"), [each[1:] for each in WRONG], ids=[each[0] for each in WRONG])
def test_an_error_names_the_place(document: bytes, message: str) -> None:
    with pytest.raises(msgspec.ValidationError) as error:
        decode_long(padded(document), Document)
    assert str(error.value) == message


BROKEN = [
    b"",
    b"[]",
    b"{",
    b'{"title":"a"',
    b'{"title":"a"}}',
    b'{"title":"a",}',
    b'{"title" "a"}',
    b'{"title":}',
    b'{"title":"a","things":[}',
    b'{"title":"a","things":[' + b"[" * (2 * MEBIBYTE),
    b'{"title":"' + b"x" * (6 * MEBIBYTE) + b'"}',
]


@pytest.mark.parametrize("document", BROKEN, ids=lambda document: str(document[:30]))
def test_what_is_no_document_is_an_error(document: bytes) -> None:
    with pytest.raises(ValueError, match=r"malformed|truncated|too deeply"):
        decode_long(padded(document), Document)


def test_a_long_item_without_brackets_is_decoded() -> None:
    """It is longer than what is searched at once for a bracket."""
    numbers = [10**17] * 400_000
    document = Document("a", [Item("b", numbers)], nested={"c": Item("d", numbers)})
    assert decode_long(padded(msgspec.json.encode(document)), Document) == document


def test_a_short_document_is_decoded_at_once() -> None:
    found: Any = decode_long(b'{"title":"a"}', Document)
    assert found == Document("a")
