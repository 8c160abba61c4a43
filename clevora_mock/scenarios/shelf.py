"""Where scenarios are kept: those shipped, and a user's own, which win where names are alike."""

from pathlib import Path

from clevora_mock.core.scenario import SUFFIXES, Scenario
from clevora_mock.scenarios.mistakes import NoScenarioError, ScenarioError, meant

# The schema may lie beside the scenarios that name it.
_SCHEMA = "schema.json"


class Shelf:
    """The scenarios that can be had by name: a name is a file's, without its suffix."""

    def __init__(self, shipped: Path, own: Path | None = None) -> None:
        if own is not None and not own.is_dir():
            raise NoScenarioError(f"{own}: no such folder of scenarios")
        self._folders = (shipped,) if own is None else (shipped, own)

    def names(self) -> list[str]:
        """Every name."""
        return sorted(self._files())

    def load(self, name_or_file: str) -> Scenario:
        """The scenario of a name, or in a file. Raises ScenarioError."""
        file = Path(name_or_file)
        if name_or_file in self._files() or (file.suffix not in SUFFIXES and len(file.parts) < 2):
            return self.named(name_or_file)
        return _read(file)

    def file_of(self, name_or_file: str) -> Path:
        """Where `load` would read from."""
        return self._files().get(name_or_file, Path(name_or_file))

    def named(self, name: str) -> Scenario:
        """The scenario of a name, never another file: for names that come in a request. Raises ScenarioError."""
        files = self._files()
        if name not in files:
            from clevora_mock.scenarios.nodes import show  # noqa: PLC0415 - only a refusal needs it

            close = meant(name, list(files))
            hint = f'did you mean "{close}"?' if close else f"there are {', '.join(sorted(files))}"
            raise NoScenarioError(f"unknown scenario {show(name)}; {hint}")
        return _read(files[name])

    def describe(self) -> list[tuple[str, str]]:
        """Each name with the scenario's description on one line, or with what is wrong with it first."""
        described = []
        for name, file in sorted(self._files().items()):
            try:
                said = " ".join(_read(file).description.split())
            except ScenarioError as error:
                said = f"cannot be used: {str(error).splitlines()[0]}"
            described.append((name, said))
        return described

    def _files(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for folder in self._folders:
            # Of files that differ in their suffix alone, the first suffix wins.
            for suffix in reversed(SUFFIXES):
                found.update((file.stem, file) for file in sorted(folder.glob(f"*{suffix}")) if file.name != _SCHEMA)
        return found


def _read(file: Path) -> Scenario:
    # A server that runs without a scenario never needs the language, or YAML.
    from clevora_mock.scenarios.reading import read_file  # noqa: PLC0415

    return read_file(file)
