"""Hints for YAML that does not parse since a line begins in the wrong column, or a pattern is not in quotes."""

import re
from collections.abc import Iterable, Iterator

_MAX_PATTERN_CHARACTERS = 1_000
_KEY = re.compile(r" *((?:- +)*)([\w.-]+) *:")


def find_remedy(text: str, index: int, problem: str, column: int) -> str:
    """Return the hint for a problem at `index`; `column` is that of the list or mapping around it, from 1."""
    lines = text[:index].splitlines() or [""]
    if text[:index].endswith("\n"):
        lines.append("")
    *above, before = lines
    if "',' or" in problem:
        return _pattern_hint(before, text[index:])
    if "mapping values" in problem:
        return _deeper_hint(above, before)
    if before.strip():
        return ""
    if "document start" in problem:
        first = next(_entries(above), "")
        return _misaligned(len(before) + 1, [len(first) - len(first.lstrip()) + 1])
    if "'-' indicator" in problem and len(before) + 1 == column:
        return "; in this column each line begins with -; indent what belongs to an item by two more"
    if "'-' indicator" in problem or "expected key" in problem:
        entry = _key_above(above)
        return _misaligned(len(before) + 1, [*([entry.start(2) + 1] if entry else []), column])
    return ""


def _entries(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines that are neither blank nor comments."""
    return (line for line in lines if line.strip() and not line.lstrip().startswith("#"))


def _key_above(lines: list[str]) -> re.Match[str] | None:
    """Return the match of `_KEY` in the last line with an entry."""
    return _KEY.match(next(_entries(reversed(lines)), ""))


def _misaligned(begins: int, columns: list[int]) -> str:
    """Return the hint for a line that begins in a column between those of the entries above it."""
    wanted = " or ".join(map(str, dict.fromkeys(columns)))
    return f"; this line begins in column {begins}: align it with the entries above it in column {wanted}"


def _pattern_hint(before: str, after: str) -> str:
    """Return the hint for a pattern in braces that is not in quotes: ``{user-agent: /Open[AI/}``."""
    # Only the end of a long line, since each of its colons may begin a pattern.
    begun = re.search(r"(?:[:,\[{] *)(/[^\s,{}\[\]]*)$", before[-_MAX_PATTERN_CHARACTERS:])
    rest = after.partition("\n")[0]
    ended = re.match(r"[^/]*/i?", rest)
    if not begun or not ended:
        return ""
    return f"; put the pattern in quotes: '{begun[1]}{ended[0]}'"


def _deeper_hint(above: list[str], before: str) -> str:
    """Return the hint for an entry that begins in a column after that of the entry above it."""
    name = re.fullmatch(r"( *(?:- +)*)([\w.-]+) *", before)
    entry = _key_above(above)
    if not name or not entry or len(name[1]) <= entry.start(2):
        return ""
    return (
        f'; "{name[2]}" begins in column {len(name[1]) + 1}, but "{entry[2]}" above it in column {entry.start(2) + 1}: '
        "align them, or end that line with a colon"
    )
