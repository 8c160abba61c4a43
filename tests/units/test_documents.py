"""Documents with very many arrays and objects are refused before they are decoded."""

import time

import pytest

from clevora_mock.core.documents import MAX_CONTAINERS, TooManyContainersError, decode


@pytest.mark.parametrize("item", [b"[]", b"{}", b'{"a":[]}'])
def test_a_document_has_at_most_200_000_arrays_and_objects(item: bytes) -> None:
    inner = (MAX_CONTAINERS - 1) // (item.count(b"[") + item.count(b"{"))
    assert len(decode(b"[" + b",".join([item] * inner) + b"]")) == inner
    with pytest.raises(TooManyContainersError, match="more than 200,000 arrays and objects"):
        decode(b"[" + b",".join([item] * (inner + 1)) + b"]")


def test_brackets_in_texts_are_not_counted() -> None:
    text = "[{" * MAX_CONTAINERS
    assert decode(b'["%b", "\\"%b"]' % (text.encode(), text.encode())) == [text, '"' + text]


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
