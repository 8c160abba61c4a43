"""Scenarios by name: the shipped ones, and a user's own, which take precedence."""

from os import PathLike
from pathlib import Path

from clevora_mock.core.messages import closest_match, quoted
from clevora_mock.core.scenario import SUFFIXES, Scenario
from clevora_mock.scenarios.problems import ScenarioError, ScenarioNotFound


def is_file(scenario: str | PathLike[str]) -> bool:
    """Tell whether `scenario` is a file's path, as opposed to a scenario's name."""
    path = Path(scenario)
    return not isinstance(scenario, str) or path.suffix in SUFFIXES or len(path.parts) > 1


class ScenarioStore:
    """The scenarios in folders.

    Shipped ones are named like their files without the suffix, a user's own as they say, or else like their files.
    """

    def __init__(self, shipped: Path, own: Path | None = None) -> None:
        if own is not None and not own.is_dir():
            raise ScenarioNotFound(f"{own}: no such folder of scenarios")
        self._shipped, self._own = shipped, own

    @property
    def has_own(self) -> bool:
        """True if there is a user's folder, all of whose files are read to find a name."""
        return self._own is not None

    def names(self) -> list[str]:
        """Return every name, sorted."""
        return sorted(self._files())

    def load(self, scenario: str | PathLike[str]) -> Scenario:
        """Return the scenario of a name, or in a file. Raises ScenarioError."""
        files = self._files()
        if isinstance(scenario, str) and (scenario in files or not is_file(scenario)):
            return _read(_named(files, scenario))
        return _read(Path(scenario))

    def file_of(self, scenario: str | PathLike[str]) -> Path:
        """Return the file that `load` reads."""
        named = self._files().get(scenario) if isinstance(scenario, str) else None
        return named or Path(scenario)

    def named(self, name: str) -> Scenario:
        """Return the scenario of a name from a request, which may be no path. Raises ScenarioError."""
        files = self._files()
        if name not in files and is_file(name):
            raise ScenarioNotFound(f"unknown scenario {quoted(name)}; it reads as a path: send what the file holds")
        return _read(_named(files, name))

    def describe(self) -> list[tuple[str, str]]:
        """Return each name with the scenario's description on one line, or with its first problem.

        The description of a user's own says whether it replaces a shipped one, or another of the same name.
        """
        shipped, own = _files_in(self._shipped), self._own_files()
        described = {name: _description(file) for name, file in shipped.items() if name not in own}
        for name, files in own.items():
            replaced = [*(["the shipped one"] if name in shipped else []), *(file.name for file in files[:-1])]
            replaces = f" (Replaces {' and '.join(replaced)}.)" if replaced else ""
            described[name] = _description(files[-1]) + replaces
        return sorted(described.items())

    def replaced(self) -> list[str]:
        """Return the names of the shipped scenarios that a user's own replace, sorted; a copy replaces nothing."""
        shipped, own = _files_in(self._shipped), self._own_files()
        both = sorted(shipped.keys() & own.keys())
        return [name for name in both if own[name][-1].read_bytes() != shipped[name].read_bytes()]

    def _files(self) -> dict[str, Path]:
        return _files_in(self._shipped) | {name: files[-1] for name, files in self._own_files().items()}

    def _own_files(self) -> dict[str, list[Path]]:
        """Return a user's own files by the names in them; of several with one name, the last is used."""
        named: dict[str, list[Path]] = {}
        if self._own is not None:
            from clevora_mock.scenarios.scenario_file import name_in  # noqa: PLC0415 - YAML, only if it is needed

            for file in _files_in(self._own).values():
                named.setdefault(name_in(file), []).append(file)
        return named


def _named(files: dict[str, Path], name: str) -> Path:
    """Return the file of a scenario by its name. Raises ScenarioNotFound."""
    if name not in files:
        close = closest_match(name, files)
        hint = f'did you mean "{close}"?' if close else f"there are {', '.join(sorted(files))}"
        raise ScenarioNotFound(f"unknown scenario {quoted(name)}; {hint}")
    return files[name]


def _files_in(folder: Path) -> dict[str, Path]:
    """Return the files of a folder by their names without the suffix."""
    # Later files replace earlier ones: .yaml comes before .yml and .json.
    suffixed = (folder.glob(f"*{suffix}") for suffix in reversed(SUFFIXES))
    # Scenarios name the schema beside them.
    return {file.stem: file for files in suffixed for file in sorted(files) if file.name != "schema.json"}


def _read(file: Path) -> Scenario:
    # Without a scenario, a server loads neither the language nor YAML.
    from clevora_mock.scenarios.scenario_file import read_file  # noqa: PLC0415

    return read_file(file)


def _description(file: Path) -> str:
    try:
        return " ".join(_read(file).description.split())
    except ScenarioError as error:
        return f"cannot be used: {str(error).splitlines()[0]}"
