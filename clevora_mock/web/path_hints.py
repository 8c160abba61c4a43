"""Hints for unknown paths (W3): each names what is wrong with the path."""

import re

from clevora_mock.contract.endpoints import NOT_EMULATED

_SANDBOX = re.compile(r"/sandbox/([^/]*)")
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")

# The first pattern that a path contains decides.
_MISTAKES: tuple[tuple[str, str], ...] = (
    (r"(?i)%2f", "an encoded slash (%2F) separates nothing; send it as /"),
    (r"//", "the path has a doubled slash; a base URL ends without a slash"),
    (r"^/v1/v1(/|$)", "the path has /v1 twice; the base URL ends in /v1 already"),
)


def path_hint(path: str) -> str | None:
    """Return what is wrong with an unknown path, None if nothing is known about it."""
    for pattern, hint in _MISTAKES:
        if re.search(pattern, path):
            return hint
    named = _SANDBOX.match(path)
    if named:
        # Only invalid names are left in the path.
        meant = _NOT_IN_NAMES.sub("-", named[1].lower()).strip("-")[:63] or "my-test"
        return f"a sandbox's name has lower-case letters, digits and hyphens, at most 63: /sandbox/{meant}"
    return NOT_EMULATED.get(path)
