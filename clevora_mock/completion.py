"""What shells complete: the scripts for them, and the values of flags that have known ones."""

from collections.abc import Callable
from pathlib import Path

import click
from click.shell_completion import CompletionItem, get_completion_class

from clevora_mock import data

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def script(shell: str, command: click.Command, name: str) -> str:
    """What `shell` has to evaluate to complete `command`, which is called as `name`."""
    kind = get_completion_class(shell)
    if kind is None:
        raise ValueError(f"no completion for {shell!r}")
    # The template, without the look at the shell's version that the whole way takes: the shell may be elsewhere.
    made = kind(command, {}, name, f"_{name.replace('-', '_').upper()}_COMPLETE")
    return made.source_template % made.source_vars()


def _words(*words: str) -> Complete:
    return lambda context, parameter, begun: [CompletionItem(word) for word in words if word.startswith(begun)]


def _places(kind: str) -> Complete:
    """Files or folders, which the shell knows best."""
    return lambda context, parameter, begun: [CompletionItem(begun, type=kind)]


def _scenarios(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The names of the scenarios shipped and of the user's own, else files."""
    from clevora_mock.scenarios.mistakes import ScenarioError  # noqa: PLC0415 - only who completes a name needs it
    from clevora_mock.scenarios.shelf import Shelf  # noqa: PLC0415

    own = context.params.get("scenarios")
    try:
        described = Shelf(data.scenarios(), Path(own) if own else None).describe()
    except ScenarioError:
        return []
    found = [CompletionItem(name, help=said) for name, said in described if name.startswith(begun)]
    return found or [CompletionItem(begun, type="file")]


def values(setting: str, context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """What `begun` may become as a value of `setting`; nothing where there is nothing to suggest."""
    known = _VALUES.get(setting)
    return known(context, parameter, begun) if known is not None else []


_VALUES: dict[str, Complete] = {
    "scenario": _scenarios,
    "scenarios": _places("dir"),
    "import": _places("file"),
    "export_on_exit": _places("file"),
    "catalog": _places("file"),
    "clock": _words("real", "frozen", "frozen:2026-05-11T14:00:00Z", "scaled:60"),
    "log_format": _words("text", "json"),
}
