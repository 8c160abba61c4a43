"""The forms in which a server says the contract's errors, learned from its own answers."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from clevora_mock.contract.errors import ERROR_BY_CODE
from clevora_mock.core.masking import masked_text
from clevora_mock.verify.answers import error_of, require_no_page
from clevora_mock.verify.ask import Ask
from clevora_mock.verify.client import Answer, CannotCheckError
from clevora_mock.verify.expectation import Difference

# Each clause has values of its own that are refused with them.
_OF_FIELDS = ("missing_field", "invalid_field", "invalid_json")
# Statuses by which a server may say the same, by the contract's. Others come from another check.
_INPUT = frozenset({400, 404, 405, 406, 409, 410, 411, 413, 414, 415, 422})
_KIN: dict[int, frozenset[int]] = {400: _INPUT, 404: _INPUT, 405: _INPUT, 413: _INPUT, 401: frozenset({400, 401, 403})}


class ErrorForm(NamedTuple):
    """The form of an error: status, type and code."""

    status: int
    type: str | None
    code: str | None


class ErrorForms:
    """A server's table of errors, each learned when it is first needed.

    `homes` are the requests from which it is learned, by the error's code in the contract: a server that answers 422
    for 400 everywhere has another row in its table, and no clause that refuses a value is wrong for that.
    """

    def __init__(self, homes: Mapping[str, Ask], answer: Callable[[Ask], Answer]) -> None:
        self._homes = homes
        self._answer = answer
        self._forms: dict[str, ErrorForm] = {}

    def compare(self, code: str, answer: Answer) -> list[Difference]:
        """Compare an error with the form in which this server says it, or the contract does."""
        if not compare_form(_row(code), answer):
            return []
        found = compare_form(self.form(code), answer)
        if found and code not in _OF_FIELDS and code in self._homes and self._answer(self._homes[code]).status < 400:
            raise CannotCheckError(f"the server does not have the error {code}")
        return found

    def compare_order(self, first: str, second: str, answer: Answer) -> list[Difference]:
        """Compare an answer with the first of two errors that there are. Raises CannotCheckError for neither."""
        found = self.compare(first, answer)
        if found and answer.status != self.form(second).status:
            raise CannotCheckError(f"the request was answered {answer.status}, by neither of two checks")
        return found

    def compare_with_table(self, code: str, answer: Answer) -> list[Difference]:
        """Compare an error with the contract's row, and name the entry of a contract file for each difference."""
        found = compare_form(_row(code), answer)
        return [
            one._replace(override=(f"errors.{code}.{one.place.rpartition('.')[2]}", one.got))
            if _can_be_set(one.got)
            else one
            for one in found
        ]

    def form(self, code: str) -> ErrorForm:
        """Return the form in which the server says an error: the contract's where it cannot be learned."""
        if code not in self._forms:
            self._forms[code] = self._learn(code)
        return self._forms[code]

    def _learn(self, code: str) -> ErrorForm:
        known, home = _row(code), self._homes.get(code)
        if home is None:
            return known
        try:
            answer = self._answer(home)
            detail = error_of(answer)
        except CannotCheckError:
            return known
        if answer.status not in _KIN.get(known.status, (known.status,)):
            return known
        words = [value if isinstance(value, str) else None for value in (detail.get("type"), detail.get("code"))]
        return ErrorForm(answer.status, *words)


def _can_be_set(value: object) -> bool:
    """Tell whether a contract file may have this status or word, which is no text that a server has put together."""
    if isinstance(value, int):
        return 400 <= value <= 599
    return isinstance(value, str) and re.fullmatch(r"[\w.:-]{1,100}", value) is not None and masked_text(value) == value


def _row(code: str) -> ErrorForm:
    row = ERROR_BY_CODE[code]
    return ErrorForm(row.status, row.type, row.code)


def compare_form(form: ErrorForm, answer: Answer) -> list[Difference]:
    """Compare an answer with a form of an error; a form's None is not compared. Raises CannotCheckError for a page."""
    require_no_page(answer)
    if not 400 <= answer.status < 500:
        return [Difference("status", form.status, answer.status)]
    detail = error_of(answer)
    found = [] if answer.status == form.status else [Difference("status", form.status, answer.status)]
    for name, wanted in (("type", form.type), ("code", form.code)):
        # That they are there, and texts, is W1's matter.
        if wanted is not None and isinstance(detail.get(name), str) and detail[name] != wanted:
            found.append(Difference(f"error.{name}", wanted, detail[name]))
    return found
