"""The documentation's code by section and language."""

import re
from pathlib import Path

from tests.support.world import World

HOST = "https://developers.getclevora.xyz"
KEY = "sk_live_..."
TOKEN = "<firebase-id-token>"

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SECTIONS = Path(__file__).with_suffix(".md").read_text(encoding="utf-8").split("\n## ")[1:]


def printed(section: str, language: str) -> str:
    """Return the block in `language` under the heading `section`, as printed."""
    (text,) = (text for text in _SECTIONS if text.startswith(section + "\n"))
    (block,) = (block for found, block in _BLOCK.findall(text) if found == language)
    return str(block)


def snippet(world: World, section: str, language: str) -> str:
    """Return the same block with the host, key and token of `world`."""
    changes = {HOST: world.url, KEY: world.api_key, TOKEN: world.id_token()}
    code = printed(section, language)
    for theirs, ours in changes.items():
        code = code.replace(theirs, ours)
    return code
