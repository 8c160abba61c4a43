"""Masking of a recording's texts: the rules of `core.masking`, the credentials in use, and e-mail addresses.

A credential of the live API may look like none of the mock's, so the very ones that a request carries are masked too,
as they are, percent-encoded and in base64.
"""

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from functools import cached_property
from urllib.parse import quote

from msgspec import Struct

from clevora_mock.core.exchange import RequestFacts
from clevora_mock.core.masking import masked_text

MASK = "***"
# A shorter one would be found in ordinary texts.
_MIN_CREDENTIAL_CHARACTERS = 8
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]++(?:@|%40|\\u0040)[\w-]+(?:\.[\w-]+)+", re.ASCII)


class Masker(Struct, frozen=True, dict=True):
    """The masking of one exchange: its `credentials`, and e-mail addresses where `emails` asks for it."""

    credentials: tuple[str, ...] = ()
    emails: bool = False

    def text(self, text: str) -> str:
        """Mask all secrets in `text`."""
        for form in self._forms:
            text = text.replace(form, MASK)
        text = masked_text(text)
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
    return Masker(tuple(text for text in credentials if len(text) >= _MIN_CREDENTIAL_CHARACTERS), emails)


def _written(credential: str) -> Iterator[str]:
    yield credential
    yield quote(credential, safe="")
    raw = credential.encode("utf-8", "replace")
    for skipped in range(3):
        # The characters of base64 that depend on nothing before or after it.
        for encode in (b64encode, urlsafe_b64encode):
            encoded = encode(bytes(skipped) + raw).decode().rstrip("=")
            yield encoded[(skipped * 8 + 5) // 6 : (skipped + len(raw)) * 8 // 6]
