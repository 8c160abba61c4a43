"""Masking of a recording's texts: the rules of `core.masking`, the credentials in use, and e-mail addresses.

A credential of the live API may look like none of the mock's, so the very ones that a request carries are masked too,
as they are, percent-encoded and in base64.
"""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from clevora_mock.core.exchange import RequestFacts
from clevora_mock.core.masking import is_secret_name, masked_text
from clevora_mock.recordings.alignment import edits_between

MASK = "***"
_HARMLESS = frozenset("*\\")
# A shorter one would be found in ordinary texts.
_MIN_CREDENTIAL_CHARACTERS = 8
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]++(?:@|%40|\\u0040)[\w-]+(?:\.[\w-]+)+", re.ASCII)


class Masker(Struct, frozen=True, dict=True):
    """The masking of one exchange: its `credentials`, and e-mail addresses where `emails` asks for it.

    In a public document a field named like a secret, such as ``apiKey``, explains it.
    """

    credentials: tuple[str, ...] = ()
    emails: bool = False
    is_public: bool = False

    def text(self, text: str) -> str:
        """Mask all secrets in `text`."""
        return self._without_emails(masked_text(self._without_credentials(text)))

    def document(self, text: str) -> str:
        """Mask all secrets in a text that may be JSON.

        A mask that takes the backslash of the quote after it, and nothing else, is no reason to spoil the JSON. Of a
        public document, only credentials and addresses are masked.
        """
        if self.is_public and _is_json(text):
            return self._without_emails(self._without_credentials(text))
        masked = self.text(text)
        edits = edits_between(text, masked)
        return text if all(set(text[edit.start : edit.end]) <= _HARMLESS for edit in edits) else masked

    def value(self, value: Any, name: str = "") -> Any:
        """Mask all secrets in a JSON value, by the names of fields as well; `name` is its own."""
        if not self.is_public and is_secret_name(name) and value not in (None, True, False, ""):
            return MASK
        if isinstance(value, dict):
            return {self.text(key): self.value(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        return self.text(value) if isinstance(value, str) else value

    def _without_credentials(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, MASK)
        return text

    def _without_emails(self, text: str) -> str:
        return _EMAIL.sub(MASK, text) if self.emails else text

    @cached_property
    def _forms(self) -> list[str]:
        found = {form for credential in self.credentials for form in _written(credential)}
        # The longest first, of which others may be a part.
        return sorted(found, key=lambda form: (-len(form), form))


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


def _written(credential: str) -> Iterator[str]:
    yield credential
    yield quote(credential, safe="")
    raw = credential.encode("utf-8", "replace")
    for skipped in range(3):
        # The characters of base64 that depend on nothing before or after it.
        for encode in (b64encode, urlsafe_b64encode):
            encoded = encode(bytes(skipped) + raw).decode().rstrip("=")
            yield encoded[(skipped * 8 + 5) // 6 : (skipped + len(raw)) * 8 // 6]
