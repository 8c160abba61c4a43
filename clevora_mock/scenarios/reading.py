"""A scenario's file, read: the text becomes a tree, the tree a value, and all that is wrong is said at once."""

from collections.abc import Iterable
from pathlib import Path, PurePath

from msgspec.structs import replace

from clevora_mock.core.scenario import SUFFIXES, Scenario
from clevora_mock.scenarios.document import TOO_LARGE, BrokenError, parse
from clevora_mock.scenarios.language import SCENARIO
from clevora_mock.scenarios.lines import CHARACTERS, Lines
from clevora_mock.scenarios.mistakes import Mistake, NoScenarioError, ScenarioError
from clevora_mock.scenarios.nodes import Place


def read(name: str, text: str) -> Scenario:
    """The scenario that `text` describes, from a file called `name`. Raises ScenarioError."""
    mistakes: list[Mistake] = []
    try:
        root = parse(text)
    except BrokenError as error:
        raise ScenarioError(name, [error.mistake]) from None
    scenario: Scenario = SCENARIO.read(root, Place("", mistakes))
    if mistakes:
        raise ScenarioError(name, mistakes)
    return replace(scenario, name=scenario.name or stem(name), source=text)


def read_file(path: Path) -> Scenario:
    """The scenario in a file. Raises ScenarioError."""
    try:
        with path.open("rb") as file:
            content = file.read(CHARACTERS + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise NoScenarioError(f"{path}: cannot be read: {why}") from None
    if len(content) > CHARACTERS:
        raise ScenarioError(str(path), [Mistake(1, 1, TOO_LARGE)])
    return read(str(path), _decoded(path, content))


def _decoded(path: Path, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        place = Lines(content[: error.start].decode()).place(error.start)
        raise ScenarioError(str(path), [Mistake(*place, "not UTF-8; save the file in that encoding")]) from None


def check(paths: Iterable[str | Path]) -> list[str]:
    """What is wrong with the files, a line for each mistake; nothing when all are right."""
    found: list[str] = []
    for path in paths:
        try:
            read_file(Path(path))
        except ScenarioError as error:
            found += str(error).splitlines()
    return found


def stem(name: str) -> str:
    """A file's name without its folder and suffix."""
    last = PurePath(name)
    return last.stem if last.suffix in SUFFIXES else last.name
