"""Documents with very many arrays, objects or exponents are refused before they are decoded."""

import time

import pytest

from clevora_mock.core.documents import MAX_CONTAINERS, MAX_EXPONENTS, TooLargeDocumentError, decode


@pytest.mark.parametrize("item", [b"[]", b"{}", b'{"a":[]}'])
def test_a_document_has_at_most_200_000_arrays_and_objects(item: bytes) -> None:
    inner = (MAX_CONTAINERS - 1) // (item.count(b"[") + item.count(b"{"))
    assert len(decode(b"[" + b",".join([item] * inner) + b"]")) == inner
    with pytest.raises(TooLargeDocumentError, match="more than 200,000 arrays and objects"):
        decode(b"[" + b",".join([item] * (inner + 1)) + b"]")


def test_brackets_in_texts_are_not_counted() -> None:
    text = "[{" * MAX_CONTAINERS
    assert decode(b'["%b", "\\"%b"]' % (text.encode(), text.encode())) == [text, '"' + text]


@pytest.mark.parametrize("number", [b"1e308", b"5e-324", b"-2.2E-0308", b"1.5e+300", b"12345000000000000341e80"])
def test_a_document_has_at_most_5_000_numbers_with_a_long_exponent(number: bytes) -> None:
    """Each takes up to 10 µs, 4 MiB of them several seconds."""
    assert len(decode(b"[" + b",".join([number] * MAX_EXPONENTS) + b"]")) == MAX_EXPONENTS
    with pytest.raises(TooLargeDocumentError, match="more than 5,000 numbers with an exponent of two or more digits"):
        decode(b"[" + b",".join([number] * (MAX_EXPONENTS + 1)) + b"]")


def test_exponents_in_texts_and_short_exponents_are_not_counted() -> None:
    text = "1e308" * MAX_EXPONENTS
    assert decode(b'["%b", 1e308, "\\"%b"]' % (text.encode(), text.encode())) == [text, 1e308, '"' + text]
    numbers = [b"1e9"] * (MAX_EXPONENTS + 1)
    assert len(decode(b"[" + b",".join(numbers) + b"]")) == len(numbers)


@pytest.mark.parametrize(
    "start",
    [b'"' + rb"\"" * 500_000, b'"' * 1_000_001, b'"' + b"\\" * 1_000_001],
    ids=["escaped", "quotes", "backslashes"],
)
def test_texts_that_do_not_end_are_counted_in_one_pass(start: bytes) -> None:
    began = time.process_time()
    with pytest.raises(ValueError, match=r"malformed|truncated|invalid"):
        decode(start + b"[" * (MAX_CONTAINERS + 1))
    assert time.process_time() - began < 5
