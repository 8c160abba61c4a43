"""The code blocks of the README and of the documentation, and their runners.

Every block has one of five runners: the suite itself, `make test-clients` (curl, Node, Firebase's Admin SDK for
Python), `make test-package` (the recipes for CI, which install the package), `make test-image` (docker), or
`tests/project/test_extending.py` (the worked examples of changes to the package). A block whose first line is a comment
with a path is that file. A block of text or JSON is the output of the block before it, where a line with three dots
stands for any lines, and three dots within a line for any text.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
# The address in the documentation, which tests replace by a running server's.
ADDRESS = "127.0.0.1:2538"

Runner = Literal["suite", "clients", "package", "image", "extending"]

_HEADING = re.compile(r"^#+ (.+)$")
_FENCE = re.compile(r"^(`{3,})(\{?[\w-]*\}?)")
_FILE = re.compile(r"^(?:#|//) ((?:[\w.-]+/)*[\w-]*\.\w[\w.]*)$")
# A comment at a line's end with the output of the line.
_PRINTED = re.compile(r"(?:print\(|console\.log\(|^ask).*?(?:  #|; //| #) (.+)$")


class Block(NamedTuple):
    """One code block: its file and heading, its language and text, and its first line's number."""

    document: Path
    section: str
    language: str
    text: str
    line: int

    @property
    def place(self) -> str:
        """Its document, relative to the repository."""
        return self.document.relative_to(ROOT).as_posix()

    @property
    def runner(self) -> Runner:
        """The suite that runs it. Raises ValueError for an unknown kind of block."""
        if self.document.parent == DOCS / "extending":
            return "extending"
        match self.language:
            case "js" | "ts":
                return "clients"
            case "sh" if "pip install" in self.text or "pip wheel" in self.text:
                return "package"
            case "sh":
                return "image" if self.text.startswith("docker ") else "clients"
            case "python":
                return "clients" if "firebase_admin" in self.text else "suite"
            case "yaml":
                return "package" if self.text.startswith("# .git") else "suite"
            case "make":
                return "package"
            case "ini" | "toml" | "text" | "json":
                return "suite"
        raise ValueError(f"{self.place}:{self.line}: nobody runs blocks of {self.language or 'no language'}")

    @property
    def file(self) -> str | None:
        """The path of the file that it is, from the comment in its first line."""
        found = _FILE.match(self.text.partition("\n")[0])
        return found[1] if found else None

    @property
    def promised(self) -> list[str]:
        """The output that its comments announce."""
        found = (_PRINTED.search(line) for line in self.text.splitlines())
        return [word for promise in found if promise for word in promise[1].split()]

    def at(self, address: str) -> str:
        """Return the text with another server's address."""
        return self.text.replace(ADDRESS, address)


def documents() -> list[Path]:
    """Return every file of the documentation, the README first."""
    return [README, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted(DOCS.rglob("*.md"))]


def blocks(runner: Runner | None = None, document: Path | None = None) -> list[Block]:
    """Return every block of every document in order, or those of `runner`, or those of `document`."""
    chosen = documents() if document is None else [document]
    found = [block for path in chosen for block in _blocks(path)]
    return [block for block in found if runner is None or block.runner == runner]


def sections(runner: Runner) -> list[tuple[Path, str]]:
    """Return the document and the heading of each section with blocks for `runner`."""
    return list(dict.fromkeys((block.document, block.section) for block in blocks(runner)))


def name(block: Block) -> str:
    """Return the id of a test of it."""
    return f"{block.place}:{block.line}"


def write_files(document: Path, folder: Path, address: str = ADDRESS, before: int | None = None) -> None:
    """Write the files that `document` shows above line `before`, or all of them, into `folder`."""
    for block in _blocks(document):
        if block.file is not None and (before is None or block.line < before):
            path = folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.at(address), encoding="utf-8")


def is_printed(shown: str, printed: str) -> bool:
    """Tell whether `printed` is the output that a block of text shows."""
    parts = [_pattern(line) for line in shown.strip().splitlines()]
    return re.fullmatch("".join(parts) + r"\s*", printed.strip() + "\n") is not None


def _pattern(line: str) -> str:
    if line.strip() == "…":
        return r"(?:.*\n)*?"
    # Editors remove spaces at the ends of lines.
    return r".*?".join(re.escape(part) for part in line.rstrip().split("…")) + r"[ \t]*\n"


def is_json(shown: object, given: object) -> bool:
    """Tell whether `given` is the value that a block of JSON shows; the text ``…`` stands for any value."""
    if shown == "…":
        return True
    if isinstance(shown, dict) and isinstance(given, dict):
        return shown.keys() == given.keys() and all(is_json(shown[key], given[key]) for key in shown)
    if isinstance(shown, list) and isinstance(given, list):
        return len(shown) == len(given) and all(map(is_json, shown, given))
    return shown == given


def _blocks(document: Path) -> Iterator[Block]:
    section, fence, marks, language = "", 0, "", ""
    begun: list[str] = []
    for number, line in enumerate(document.read_text(encoding="utf-8").splitlines(), 1):
        if fence and line == marks:
            # Sphinx's directives are not code.
            if not language.startswith("{"):
                yield Block(document, section, language, "\n".join(begun) + "\n", fence)
            fence = 0
        elif fence:
            begun.append(line)
        elif heading := _HEADING.match(line):
            section = heading[1]
        elif fenced := _FENCE.match(line):
            fence, marks, language, begun = number, fenced[1], fenced[2], []
