"""The README's code blocks, and who runs them.

Every block is run by one of four: the suite itself, `make test-clients` (curl, Node, Firebase's Admin SDK for Python),
`make test-package` (the recipes for CI, which install the package), `make test-image` (docker).
"""

import re
from pathlib import Path
from typing import Literal, NamedTuple

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
# Where the README's server is, for tests to put another in its place.
ADDRESS = "127.0.0.1:2538"

Runner = Literal["suite", "clients", "package", "image"]

_HEADING = re.compile(r"^#+ (.+)$")
_FENCE = re.compile(r"^```(\w*)$")
# What a line says at its end that it prints.
_PRINTED = re.compile(r"(?:print\(|console\.log\(|^ask).*?(?:  #|; //| #) (.+)$")


class Block(NamedTuple):
    """One code block: the heading above it, its language, its text, and the line that it begins at."""

    section: str
    language: str
    text: str
    line: int

    @property
    def runner(self) -> Runner:
        """Who runs it. Raises ValueError for a kind of block that nobody knows."""
        match self.language:
            case "js":
                return "clients"
            case "sh":
                return "image" if self.text.startswith("docker ") else "clients"
            case "python":
                return "clients" if "firebase_admin" in self.text else "suite"
            case "yaml":
                return "package" if self.text.startswith("# .git") else "suite"
            case "make":
                return "package"
            case "ini" | "text":
                return "suite"
        raise ValueError(f"{README.name}:{self.line}: nobody runs blocks of {self.language or 'no language'}")

    @property
    def promised(self) -> list[str]:
        """What its comments say that it prints, word by word."""
        found = (_PRINTED.search(line) for line in self.text.splitlines())
        return [word for promise in found if promise for word in promise[1].split()]

    def at(self, address: str) -> str:
        """The text, with another server in the place of the README's."""
        return self.text.replace(ADDRESS, address)


def blocks(runner: Runner | None = None) -> list[Block]:
    """Every block in order, or those that `runner` runs."""
    found: list[Block] = []
    section, fence, language, begun = "", 0, "", []
    for number, line in enumerate(README.read_text(encoding="utf-8").splitlines(), 1):
        if fence and line == "```":
            found.append(Block(section, language, "\n".join(begun) + "\n", fence))
            fence = 0
        elif fence:
            begun.append(line)
        elif heading := _HEADING.match(line):
            section = heading[1]
        elif fenced := _FENCE.match(line):
            fence, language, begun = number, fenced[1], []
    return [block for block in found if runner is None or block.runner == runner]


def name(block: Block) -> str:
    """How a test of it is called."""
    return f"{block.section}, line {block.line}"
