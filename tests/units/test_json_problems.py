"""Descriptions of what is wrong with a JSON body, within bounds of time and memory."""

import tracemalloc

from clevora_mock.web.json_problems import find_problem


def test_a_problem_is_not_looked_for_in_a_long_body() -> None:
    """Four mebibytes of numbers are decoded in a second, during which nothing else runs."""
    assert find_problem(b'["\\ud800"]') == "is not valid JSON: [0] has \\ud800, half of a surrogate pair"
    assert find_problem(b'["%b","\\ud800"]' % (b"a" * 1_000_000)) is None


def test_a_long_name_is_not_copied_for_each_value_in_it() -> None:
    body = b'{"%b":[%b"\\ud800"]}' % (b"a" * 30_000, b"1," * 10_000)
    tracemalloc.start()
    try:
        problem = find_problem(body)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert problem == f"is not valid JSON: {'a' * 100} has \\ud800, half of a surrogate pair"
    assert most < 20_000_000
