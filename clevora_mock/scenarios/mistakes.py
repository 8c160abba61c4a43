"""What is wrong with a scenario, and where: said all at once, so that a file is put right in one go.

Nothing here needs the language, so whoever reports mistakes need not load it.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from clevora_mock.core.errors import UnusableFileError


class Mistake(Struct, frozen=True, order=True):
    """One thing that is wrong; lines and columns count from 1."""

    line: int
    column: int
    message: str


class ScenarioError(UnusableFileError):
    """A scenario that cannot be used; its text has one line for each mistake, in the file's order."""

    def __init__(self, file: str, mistakes: Iterable[Mistake]) -> None:
        self.file = file
        self.mistakes: list[Mistake] = sorted(mistakes, key=lambda mistake: (mistake.line, mistake.column))
        super().__init__("\n".join(f"{file}:{found.line}:{found.column}: {found.message}" for found in self.mistakes))


class NoScenarioError(ScenarioError):
    """A scenario that is not there or cannot be opened; there is no place in it to point at."""

    def __init__(self, message: str) -> None:
        super().__init__("", ())
        self.args = (message,)


def meant(word: str, known: Sequence[str]) -> str | None:
    """The one of `known` that somebody who wrote `word` probably had in mind."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake needs it

    folded = {name.lower(): name for name in known}
    written = word.lower()[:80]
    close = get_close_matches(written, folded, 1)
    if not close and len(written) > 2:
        holding = [name for name in folded if written in name]
        close = holding if len(holding) == 1 else []
    return folded[close[0]] if close else None
