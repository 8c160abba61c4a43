"""The numbers and patterns of the contract: sizes, bounds, defaults and formats. Money is in micro-dollars."""

import re
from typing import Final, Literal

from clevora_mock.contract.endpoints import MODELS_BY_ENDPOINT

DOLLAR = 1_000_000

Tier = Literal["preview"]
TIER: Tier = "preview"
REQUESTS_PER_MINUTE = 60
TOKENS_PER_DAY = 1_000_000

ACTIVATION_THRESHOLD = 15 * DOLLAR
TOPUP_MINIMUM = 15 * DOLLAR
TOPUP_MAXIMUM = 10_000 * DOLLAR

CHECKOUT_HOURS = 24
WEBHOOK_TOLERANCE_SECONDS = 300

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_BODY_TEXT = f"{MAX_BODY_BYTES // 1024**2} MiB"

KEY_PREFIX = "sk_live_"
KEY_DIGITS = 32
KEY_PATTERN = rf"{KEY_PREFIX}[0-9a-f]{{{KEY_DIGITS}}}"
KEY_FORMAT = f"{KEY_PREFIX} and {KEY_DIGITS} lower-case hex characters"
MAX_KEY_NAME_CHARACTERS = 64
DEFAULT_KEY_NAME = "Untitled key"

MAX_UID_CHARACTERS = 128
# A uid is a segment of paths, as a document's id in Firestore is, and is not masked there. The end is that of Python
# and of JSON Schema alike.
UID_PATTERN = rf"^(?!\.\.?$)(?!.*{KEY_PATTERN})[^/\x00-\x1f\x7f-\x9f]{{1,{MAX_UID_CHARACTERS}}}$(?!\n)"
UID_FORMAT = f"1 to {MAX_UID_CHARACTERS} characters without / and control characters, not . or .., and no API key"
# The longest address that SMTP takes has 254 characters.
MAX_EMAIL_CHARACTERS = 320

# The largest count, and the latest time in microseconds. Both fit into 64 bits.
MAX_COUNT = 2**62
# The largest balance and debt; the difference of two is within `MAX_COUNT`.
MAX_BALANCE = 2**60

DEFAULT_MODEL: dict[str, str] = {name: models[0] for name, models in MODELS_BY_ENDPOINT.items() if models}

MAX_EMBEDDING_INPUTS = 2048
EMBEDDING_DIMENSIONS = 1536
# Of a contract file.
MAX_EMBEDDING_DIMENSIONS = 8192
DEFAULT_SEARCH_RESULTS = 5
MAX_SEARCH_RESULTS = 50
SCRIPT_BUDGETS: dict[str, int] = {"short": 300, "medium": 900, "long": 2400}
DEFAULT_SCRIPT_STYLE: Final = "youtube"
DEFAULT_SCRIPT_LENGTH: Final = "medium"
DEFAULT_USAGE_DAYS = 30
MAX_USAGE_DAYS = 90
RECENT_ACTIVITY = 20
DEFAULT_TRANSACTIONS = 50
MAX_TRANSACTIONS = 500
MAX_IGNORED_NAMES = 20


def counted(number: int) -> int:
    """Return a count, which stays at `MAX_COUNT`."""
    return min(number, MAX_COUNT)


def dollars_text(micros: int) -> str:
    """Format micro-dollars as whole dollars, as the contract does: ``$15``, ``$10,000``."""
    return f"${micros // DOLLAR:,}"


def is_uid(text: str) -> bool:
    """Tell whether `text` can be a uid: a segment of a path, and UTF-8."""
    return re.search(UID_PATTERN, text) is not None and not re.search("[\ud800-\udfff]", text)


def id_token_issuer(project: str) -> str:
    """Return the issuer of a project's Firebase ID tokens."""
    return f"https://securetoken.google.com/{project}"
