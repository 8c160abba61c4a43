"""Shell completion: scripts for shells, and suggestions for values of flags."""

from pathlib import Path
from typing import Literal

import click
from click.shell_completion import CompletionItem, get_completion_class

from clevora_mock import resources


def script(shell: str, command: click.Command, name: str) -> str:
    """Return the script that makes `shell` complete `command`, called as `name`. Raises ValueError."""
    kind = get_completion_class(shell)
    if kind is None:
        raise ValueError(f"expected a shell that can be completed, got {shell!r}")
    # Not `kind.source()`, which runs the shell for its version; the script may be for another machine.
    completion = kind(command, {}, name, f"_{name.replace('-', '_').upper()}_COMPLETE")
    return completion.source_template % completion.source_vars()


def suggest(
    kind: tuple[str, ...] | Literal["file", "dir", "scenario"], context: click.Context, prefix: str
) -> list[CompletionItem]:
    """Return the values of a setting that begin with `prefix`; `kind` is as in `setting_kinds.SettingKind.complete`."""
    if kind == "scenario":
        return _scenarios(context.params.get("scenarios"), prefix) or [CompletionItem(prefix, type="file")]
    if isinstance(kind, str):
        return [CompletionItem(prefix, type=kind)]
    return [CompletionItem(word) for word in kind if word.startswith(prefix)]


def _scenarios(directory: str | None, prefix: str) -> list[CompletionItem]:
    from clevora_mock.scenarios.problems import ScenarioError  # noqa: PLC0415 - only names of scenarios need it
    from clevora_mock.scenarios.store import ScenarioStore  # noqa: PLC0415

    try:
        described = ScenarioStore(resources.scenarios(), Path(directory) if directory else None).describe()
    except ScenarioError:
        return []
    return [CompletionItem(name, help=text) for name, text in described if name.startswith(prefix)]
