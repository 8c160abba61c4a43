"""Differences between a server's document for agents and the contract."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from clevora_mock.api.llms import build_llms_document
from clevora_mock.verify.client import CannotCheckError
from clevora_mock.verify.llms import compare_document
from tests.support.product_tables import OPERATIONS

DOCUMENT = build_llms_document([*OPERATIONS.values()], "http://127.0.0.1:2538")


def changed(change: Callable[[Any], object]) -> list[str]:
    document = json.loads(json.dumps(copy.deepcopy(DOCUMENT)))
    change(document)
    return [*map(str, compare_document(document))]


def test_the_products_own_document_has_no_differences() -> None:
    assert changed(lambda document: None) == []


def _renamed(old: str, new: str) -> Callable[[Any], object]:
    def rename(document: Any) -> None:
        text = json.dumps(document).replace(old, new)
        document.clear()
        document.update(json.loads(text))

    return rename


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            _renamed("clevora-1.0-turbo", "clevora-2.0-turbo"),
            [
                "model clevora-1.0-turbo: the contract has it, the document has none",
                "model clevora-2.0-turbo: the contract has none, the document has it",
            ],
        ),
        (
            lambda document: document["models"].append({"id": "clevora-voice-1"}),
            ["model clevora-voice-1: the contract has none, the document has it"],
        ),
        (
            lambda document: document["endpoints"].append({"method": "POST", "path": "/v1/audio"}),
            ["endpoint /v1/audio: the contract has none, the document has it"],
        ),
        (
            _renamed("/api/developer/topup", "/api/developer/checkout"),
            [
                "endpoint /api/developer/topup: the contract has it, the document has none",
                "endpoint /api/developer/checkout: the contract has none, the document has it",
            ],
        ),
        (
            lambda document: document["pricing"]["per1kTokens"].update(search=0.3),
            ["price of 1,000 tokens of search: the contract has $0.2, the document has $0.3"],
        ),
        (
            lambda document: document["pricing"]["per1kTokens"].pop("embeddings"),
            ["price of 1,000 tokens of embeddings: the contract has $0.1, the document has none"],
        ),
        (
            lambda document: document["limits"].update(requestsPerMinute=100),
            ["requests a minute: the contract has 60, the document has 100"],
        ),
        (
            lambda document: document["limits"].update(tokensPerDay=2_000_000),
            ["tokens a day: the contract has 1,000,000, the document has 2,000,000"],
        ),
        (
            lambda document: document["pricing"].update(activationThreshold=20),
            ["dollars that activate: the contract has 15, the document has 20"],
        ),
        (
            lambda document: document["pricing"]["topup"].update(maximum=5000),
            ["dollars of the largest top-up: the contract has 10,000, the document has 5,000"],
        ),
        (
            lambda document: document["errors"].append({"status": 409, "code": "conflict", "type": "x"}),
            ["error 409 conflict: the contract has none, the document has it"],
        ),
        (
            lambda document: document["errors"].pop(0),
            ["error 400 invalid_json: the contract has it, the document has none"],
        ),
        (
            lambda document: document["errors"][0].update(type="json_error"),
            ["type of the error invalid_json: the contract has invalid_request_error, the document has json_error"],
        ),
    ],
)
def test_each_difference_is_named(change: Callable[[Any], object], told: list[str]) -> None:
    assert changed(change) == told


@pytest.mark.parametrize("status", ["²", "9" * 5000, 10**30, float("nan"), True])
def test_a_status_that_is_none_is_no_error(status: object) -> None:
    assert changed(lambda document: document["errors"].append({"status": status, "code": "odd"})) == []


@pytest.mark.parametrize("limit", [10**400, float("inf"), 1e300, "$1e9", True])
def test_a_number_beyond_all_limits_is_none(limit: object) -> None:
    (told,) = changed(lambda document: document["limits"].update(requestsPerMinute=limit))
    assert told.startswith("requests a minute: the contract has 60, the document has ")


def test_words_of_the_document_are_printable() -> None:
    def odd(document: Any) -> None:
        document["errors"].append({"status": 409, "code": "\x1b[31m\x9b\ud800"})

    assert changed(odd) == ["error 409 \\x1b[31m\\x9b\\ud800: the contract has none, the document has it"]


def test_prices_are_found_beside_their_endpoint_too() -> None:
    def elsewhere(document: Any) -> None:
        prices = document["pricing"].pop("per1kTokens")
        document["rates"] = [{"endpoint": name, "rate": f"${price:.2f} / 1k tokens"} for name, price in prices.items()]

    assert changed(elsewhere) == []


@pytest.mark.parametrize("document", [{}, [], {"hello": 1}, "text", None, {"url": "https://api.example/v2/chat"}])
def test_another_document_could_not_be_checked(document: Any) -> None:
    with pytest.raises(CannotCheckError, match="it names no endpoint of the API; expected its document for agents"):
        compare_document(document)
