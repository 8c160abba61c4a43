"""Random bytes of almost HTTP: each message has a well-formed answer or a close, and the server goes on."""

import sys
from random import Random

from tests.external.fuzz.http_answers import converse
from tests.external.fuzz.http_grammar import Conversation, conversation
from tests.external.fuzz.target import attacked
from tests.external.seed import SEED
from tests.support.raw_client import Address

CONVERSATIONS = 2500
# Of which health and journal are checked.
INTERVAL = 50


def problem(address: Address, drawn: Conversation) -> str | None:
    """Hold a conversation; return what is wrong with the responses."""
    try:
        converse(address, drawn)
    except (AssertionError, ValueError) as error:
        return f"{error!r} for {drawn}"
    return None


def test_almost_http_is_answered_or_closed() -> None:
    random, messages = Random(SEED), 0
    problems: list[str] = []
    with attacked() as target:
        for number in range(CONVERSATIONS):
            drawn = conversation(random)
            messages += len(drawn.methods)
            if found := problem(target.address, drawn):
                problems.append(f"seed {SEED}, conversation {number}: {found}")
            if number % INTERVAL == 0:
                target.check()
    assert not problems, "\n".join([f"{len(problems)} problems", *problems[:10]])
    sys.stdout.write(f"{messages} messages of almost HTTP\n")
    assert messages >= 3000
