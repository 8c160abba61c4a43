"""Problems of scenario files; all problems of a file are reported at once.

Nothing here imports YAML or the language, so code that only reports problems loads neither.
"""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from clevora_mock.core.errors import UnusableFileError
from clevora_mock.core.messages import MAX_SHOWN_CHARACTERS, printable, quoted


class ScenarioProblem(Struct, frozen=True):
    """One problem: line and column from 1, and the path of the value, such as ``rules[0].then``."""

    line: int
    column: int
    message: str
    path: str = ""

    def below(self, step: str) -> "ScenarioProblem":
        """Return the problem with `step`, a name or an index in brackets, before its path."""
        name = step if len(step) <= MAX_SHOWN_CHARACTERS else quoted(step)
        dot = "." if self.path and not self.path.startswith("[") else ""
        return replace(self, path=f"{name}{dot}{self.path}")

    def __str__(self) -> str:
        return printable(f"{self.path}: {self.message}" if self.path else self.message)


class ScenarioError(UnusableFileError):
    """An invalid scenario; its message has a line for each problem, in order, and is empty without a `file`."""

    def __init__(self, problems: Iterable[ScenarioProblem], file: str | None = None) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.line, problem.column))
        lines = [f"{file}:{found.line}:{found.column}: {found}" for found in self.problems if file is not None]
        super().__init__("\n".join(lines))


class ScenarioNotFound(ScenarioError):  # noqa: N818 - named like Starlette's ClientDisconnect
    """A scenario that does not exist or cannot be opened, so that no problem has a line."""

    def __init__(self, message: str) -> None:
        super().__init__(())
        self.args = (message,)
