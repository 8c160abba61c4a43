"""Masking of a recording's texts: the rules of `core.masking`, the credentials in use, and e-mail addresses.

A credential of the live API may look like none of the mock's, so the very ones that a request carries are masked too,
however they are written.
"""

import json
import re
from functools import cached_property
from typing import Any

from msgspec import Struct

from clevora_mock.core.exchange import RequestFacts
from clevora_mock.core.long_texts import replace_all
from clevora_mock.core.masking import LONGEST_SECRET, is_secret_name, masked_text
from clevora_mock.recordings.alignment import Edit, apply_edits, edits_between
from clevora_mock.recordings.credential_search import find_forms, written_forms

MASK = "***"
_HARMLESS = "*\\"
# A shorter one would be found in ordinary texts.
_MIN_CREDENTIAL_CHARACTERS = 8
_MAX_REMEMBERED_CHARACTERS = 100
_AT = r"(?:@|%(?:25){0,7}40|\\{1,15}(?:u00|x)40|&#(?:0{0,5}64|x0{0,5}40);|&commat;)"
_EMAIL = re.compile(rf"(?<![\w.+-])[\w.+-]++{_AT}[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)


class Masker(Struct, frozen=True, dict=True):
    """The masking of one exchange: its `credentials`, and e-mail addresses where `emails` asks for it.

    In a public document a field named like a secret, such as ``apiKey``, explains it.
    """

    credentials: tuple[str, ...] = ()
    emails: bool = False
    is_public: bool = False

    def text(self, text: str) -> str:
        """Mask all secrets in `text`."""
        if len(text) > _MAX_REMEMBERED_CHARACTERS:
            return self._masked(text)
        # A stream has the same names and ids in every event.
        masked = self._remembered.get(text)
        if masked is None:
            masked = self._remembered[text] = self._masked(text)
        return masked

    def start(self, text: str, length: int) -> str:
        """Mask the first `length` characters of `text`, in a time that does not depend on the rest."""
        cut = text[: length + LONGEST_SECRET]
        masked = self._masked(cut)
        if len(cut) < len(text):
            # A part of a secret that the cut has split, and that masks have moved to the front.
            left = len(masked.rpartition(MASK)[2])
            masked = masked[: len(masked) - min(left, LONGEST_SECRET)]
        return masked[:length]

    def document(self, text: str) -> str:
        """Mask all secrets in a text that may be JSON.

        A mask that takes the backslash of the quote after it, and nothing else, is no reason to spoil the JSON. Of a
        public document, only credentials and addresses are masked.
        """
        if self.is_public and _is_json(text):
            return self._without_emails(self._without_credentials(text))
        masked = self.text(text)
        edits = edits_between(text, masked)
        return masked if any(text[edit.start : edit.end].strip(_HARMLESS) for edit in edits) else text

    def value(self, value: Any, name: str = "") -> Any:
        """Mask all secrets in a JSON value, by the names of fields as well; `name` is its own."""
        if not self.is_public and is_secret_name(name) and value not in (None, True, False, ""):
            return MASK
        if isinstance(value, dict):
            return {self.text(key): self.value(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        return self.text(value) if isinstance(value, str) else value

    def _masked(self, text: str) -> str:
        return self._without_emails(masked_text(self._without_credentials(text)))

    def _without_credentials(self, text: str) -> str:
        return apply_edits(text, (Edit(start, end, MASK) for start, end in find_forms(text, self._forms)))

    def _without_emails(self, text: str) -> str:
        return replace_all(_EMAIL, text, lambda _: MASK) if self.emails else text

    @cached_property
    def _remembered(self) -> dict[str, str]:
        return {}

    @cached_property
    def _forms(self) -> set[str]:
        return {form for credential in self.credentials for form in written_forms(credential)}


def masker_for(facts: RequestFacts, upstream_key: str | None, *, emails: bool) -> Masker:
    """Return the masker for a request and its answer."""
    given = facts.header(b"authorization").split()
    credentials = [*given[-1:], upstream_key or ""]
    long_enough = tuple(text for text in credentials if len(text) >= _MIN_CREDENTIAL_CHARACTERS)
    return Masker(long_enough, emails, facts.endpoint is not None and facts.endpoint.credential == "none")


def _is_json(text: str) -> bool:
    """Tell whether a text is JSON without a name that occurs twice, of which a reader sees only one."""
    try:
        json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return False
    return True


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name occurs twice")
    return found
