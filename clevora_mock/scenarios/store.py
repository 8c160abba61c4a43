"""Scenarios by name: the shipped ones, and a user's own, which take precedence."""

from pathlib import Path

from clevora_mock.core.messages import closest_match, quoted
from clevora_mock.core.scenario import SUFFIXES, Scenario
from clevora_mock.scenarios.problems import ScenarioError, ScenarioNotFound


class ScenarioStore:
    """The scenarios in folders, named like their files without the suffix."""

    def __init__(self, shipped: Path, own: Path | None = None) -> None:
        if own is not None and not own.is_dir():
            raise ScenarioNotFound(f"{own}: no such folder of scenarios")
        self._folders = (shipped,) if own is None else (shipped, own)

    def names(self) -> list[str]:
        """Return every name, sorted."""
        return sorted(self._files())

    def load(self, name_or_file: str) -> Scenario:
        """Return the scenario of a name, or in a file. Raises ScenarioError."""
        file = Path(name_or_file)
        if name_or_file in self._files() or (file.suffix not in SUFFIXES and len(file.parts) < 2):
            return self.named(name_or_file)
        return _read(file)

    def file_of(self, name_or_file: str) -> Path:
        """Return the file that `load` reads."""
        return self._files().get(name_or_file, Path(name_or_file))

    def named(self, name: str) -> Scenario:
        """Return the scenario of a name, and read no other file: for names from requests. Raises ScenarioError."""
        files = self._files()
        if name not in files:
            close = closest_match(name, files)
            hint = f'did you mean "{close}"?' if close else f"there are {', '.join(sorted(files))}"
            raise ScenarioNotFound(f"unknown scenario {quoted(name)}; {hint}")
        return _read(files[name])

    def describe(self) -> list[tuple[str, str]]:
        """Return each name with the scenario's description on one line, or with its first problem."""
        return [(name, _description(file)) for name, file in sorted(self._files().items())]

    def _files(self) -> dict[str, Path]:
        # Later files replace earlier ones: a user's replace shipped ones, and .yaml comes before .yml and .json.
        suffixed = (folder.glob(f"*{suffix}") for folder in self._folders for suffix in reversed(SUFFIXES))
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
