"""Reads scenario files; all problems of a file are reported at once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePath

from msgspec.structs import replace

from clevora_mock import resources
from clevora_mock.core.messages import quoted
from clevora_mock.core.scenario import SUFFIXES, Scenario
from clevora_mock.scenarios.document import MAX_CHARACTERS, TOO_LARGE, Lines, parse
from clevora_mock.scenarios.language import SCENARIO
from clevora_mock.scenarios.likely_mistakes import find_likely_mistakes
from clevora_mock.scenarios.nodes import MappingNode, Node
from clevora_mock.scenarios.problems import ScenarioError, ScenarioNotFound, ScenarioProblem
from clevora_mock.scenarios.shadowed_rules import find_shadowed

# Entries of a scenario that has no effect.
_SETTING_NOTHING = {"name", "description", "ttl"}


def read_scenario(name: str, text: str, named: Callable[[str], Scenario] | None = None) -> Scenario:
    """Return the scenario that `text` describes, from a file called `name`. Raises ScenarioError.

    With `named`, a text that sets nothing means the scenario that `named` returns for its name, with the text's `ttl`.
    """
    try:
        root = parse(text)
        scenario = SCENARIO.read(root)
        is_reference = named is not None and isinstance(root, MappingNode) and root.keys.keys() <= _SETTING_NOTHING
        if is_reference and not scenario.name:
            raise root.invalid("nothing in it; expected a scenario's name, rules, account, clock …")
    except ScenarioError as error:
        raise ScenarioError(error.problems, name) from None
    if is_reference and named is not None:
        chosen = named(scenario.name)
        return replace(chosen, ttl=scenario.ttl or chosen.ttl)
    return replace(scenario, name=scenario.name or _base_name(name), source=text)


def read_file(path: Path) -> Scenario:
    """Return the scenario in a file. Raises ScenarioError."""
    return read_scenario(str(path), _read_text(path))


def name_in(path: Path) -> str:
    """Return the name of the scenario in a file, whose other entries may be invalid: by default the file's."""
    try:
        root = parse(_read_text(path))
    except ScenarioError:
        return path.stem
    name = root.nodes.get("name") if isinstance(root, MappingNode) else None
    return name.text if name is not None and isinstance(name.value, str) and name.text else path.stem


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_CHARACTERS + 1)
    except (OSError, ValueError) as error:
        hint = "" if path.suffix or len(path.parts) > 1 else "; expected a file, not a scenario's name"
        raise ScenarioNotFound(f"{path}: cannot be read: {getattr(error, 'strerror', error)}{hint}") from None
    if len(content) > MAX_CHARACTERS:
        raise ScenarioError([ScenarioProblem(1, 1, TOO_LARGE)], str(path))
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        place = Lines(content[: error.start].decode()).place(error.start)
        problem = ScenarioProblem(*place, "not UTF-8; save the file in that encoding")
        raise ScenarioError([problem], str(path)) from None


def check(paths: Sequence[str | Path]) -> list[str]:
    """Return a line for each problem in the files."""
    lines: list[str] = []
    for path in paths:
        try:
            read_file(Path(path))
        except ScenarioError as error:
            lines += str(error).splitlines()
    return lines


def warn(paths: Iterable[str | Path]) -> list[str]:
    """Return a line for each oddity; in an invalid file, shadowed rules are not looked for."""
    lines: list[str] = []
    for path in map(Path, paths):
        try:
            found = find_oddities(_read_text(path), path)
        except ScenarioError:
            # `check` has told what is wrong.
            continue
        lines += [f"{path}:{problem.line}:{problem.column}: warning: {problem}" for problem in found]
    return lines


def find_oddities(text: str, path: Path | None = None) -> list[ScenarioProblem]:
    """Return what is odd in a scenario's text, in its order; in an invalid one, shadowed rules are not looked for.

    In the file at `path`, a name that a shipped scenario has too is odd as well.
    """
    try:
        root = parse(text)
    except ScenarioError:
        return []
    found = [*find_likely_mistakes(root), *(() if path is None else _find_replaced(root, path))]
    with suppress(ScenarioError):
        found += find_shadowed(root, SCENARIO.read(root).rules)
    return sorted(found, key=lambda problem: (problem.line, problem.column))


def _find_replaced(root: Node, path: Path) -> Iterator[ScenarioProblem]:
    """Yield an oddity for a name that a shipped scenario has too."""
    node = root.nodes.get("name") if isinstance(root, MappingNode) else None
    name = path.stem if node is None else node.text
    place = (1, 1) if node is None else (node.line, node.column)
    if any(
        file.stem == name and file.read_bytes() != path.read_bytes() for file in resources.scenarios().glob("*.yaml")
    ):
        yield ScenarioProblem(*place, f"in the folder of --scenarios, it replaces the shipped scenario {quoted(name)}")


def _base_name(name: str) -> str:
    """Return a file's name without its folder and suffix."""
    last = PurePath(name)
    return last.stem if last.suffix in SUFFIXES else last.name
