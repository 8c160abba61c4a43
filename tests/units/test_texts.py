"""Amounts, quotations and secrets as texts."""

import pytest

from clevora_mock.core import money
from clevora_mock.core.errors import invalid
from clevora_mock.core.messages import quoted
from clevora_mock.core.webhooks import secret_bytes


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "$0.00"),
        (50_000_000, "$50.00"),
        (4_500, "$0.0045"),
        (-1_500_000, "-$1.50"),
        (-1, "-$0.000001"),
        (-1_234_567_890_000, "-$1,234,567.89"),
    ],
)
def test_an_amount_is_written_with_its_sign_and_at_least_two_decimals(micros: int, text: str) -> None:
    assert money.text(micros) == text


@pytest.mark.parametrize("secret", ["whsec_", "c2VjcmV0", "whsec_c2Vj*cmV0", "whsec_c2Vj cmV0", "whsec_a"])
def test_a_secret_that_is_not_whsec_and_base64_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="expected whsec_ and base64"):
        secret_bytes(secret)


@pytest.mark.parametrize("secret", ["whsec_c2VjcmV0cw==", "whsec_c2VjcmV0cw"])
def test_a_secrets_padding_is_optional(secret: str) -> None:
    assert secret_bytes(secret) == b"secrets"


@pytest.mark.parametrize(("length", "shown"), [(40, "x" * 40), (41, "x" * 39 + "…")])
def test_a_quotation_has_forty_characters(length: int, shown: str) -> None:
    assert quoted("x" * length) == f'"{shown}"'


@pytest.mark.parametrize(("length", "shown"), [(200, "x" * 200), (201, "x" * 197 + "...")])
def test_an_errors_path_has_two_hundred_characters(length: int, shown: str) -> None:
    assert invalid("x" * length, "a", "b").message == f"{shown}: expected a, got b"
