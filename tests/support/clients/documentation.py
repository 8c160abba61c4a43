"""The documentation's own code, found by its section and language."""

import re
from pathlib import Path

from tests.support.world import World

HOST = "https://developers.getclevora.xyz"
KEY = "sk_live_..."
TOKEN = "<firebase-id-token>"

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SECTIONS = Path(__file__).with_suffix(".md").read_text(encoding="utf-8").split("\n## ")[1:]


def printed(section: str, language: str) -> str:
    """The block in `language` under the heading `section`, as it is printed."""
    (text,) = (text for text in _SECTIONS if text.startswith(section + "\n"))
    (block,) = (block for found, block in _BLOCK.findall(text) if found == language)
    return str(block)


def snippet(world: World, section: str, language: str) -> str:
    """The same with the host, the key and the token of `world`, and nothing else changed."""
    changes = {HOST: world.url, KEY: world.api_key, TOKEN: world.id_token()}
    code = printed(section, language)
    for theirs, ours in changes.items():
        code = code.replace(theirs, ours)
    return code
