"""Command-line flags derived from the settings, and commands that take them."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from clevora_mock import exit_status
from clevora_mock.cli.streams import discard
from clevora_mock.core.messages import closest_match
from clevora_mock.output_file import FileName, shared_file, try_writing, unwritable
from clevora_mock.setting_kinds import SettingKind
from clevora_mock.settings import PREFIX, SETTINGS, Setting, Settings, SettingsError, load, unknown_variables

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class SettingsCommand(click.Command):
    """A command with a flag for each setting in `names`, by default for all, in sections.

    Flags are made at first use. `defaults` replace the settings' defaults in help.
    """

    def __init__(
        self, *args: Any, names: Sequence[str] = (), defaults: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self._settings = [setting for setting in SETTINGS if not names or setting.name in names]
        self._defaults = defaults or {}

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        *own, help_option = super().get_params(ctx)
        return [*own, *self._flags, help_option]

    @cached_property
    def _flags(self) -> list[click.Option]:
        return [_flag(setting, self._defaults.get(setting.name, setting.default_text)) for setting in self._settings]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections = {setting.name: setting.section for setting in self._settings}
        rows: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                rows.setdefault(sections.get(parameter.name or "", "Options"), []).append(record)
        for section, records in rows.items():
            with formatter.section(section):
                formatter.write_dl(records)


def _flag(setting: Setting, default: str) -> click.Option:
    text = f"{setting.help}  [{setting.variable}{f', default {default}' if default else ''}]"
    names = [setting.flag, setting.name]
    if setting.is_switch:
        return click.Option(names, flag_value="1", default=None, help=text)

    def complete(context: click.Context, parameter: click.Parameter, prefix: str) -> "list[CompletionItem]":
        from clevora_mock.cli.shell_completion import suggest  # noqa: PLC0415 - only for shells

        return suggest(setting.kind.complete, context, prefix)

    return click.Option(names, metavar=setting.kind.metavar, help=text, shell_complete=complete)


def load_settings(flags: dict[str, str | None], **defaults: Any) -> Settings:
    """Load the settings and warn of unknown variables, unless `quiet`; exit with status 2 for an invalid value."""
    try:
        settings = load(flags, **defaults)
    except SettingsError as error:
        fail(str(error), exit_status.USAGE)
    for name in [] if settings.quiet else unknown_variables():
        click.echo(f"clevora-mock: warning: {name} sets nothing{_suggestion(name)}", err=True)
    return settings


def read_flag(kind: SettingKind, flag: str, text: str) -> Any:
    """Return the value of a flag that is no setting; exit with status 2 for an invalid one."""
    try:
        return Setting(kind, "", "").check(text, flag)
    except SettingsError as error:
        fail(str(error), exit_status.USAGE)


def try_file(flag: str, path: str | None) -> None:
    """Exit with status 2 unless the file of a flag, if any, can be written at the end."""
    try:
        if path is not None:
            try_writing(Path(path))
    except OSError as error:
        fail(f"{flag}: {unwritable(path or '', error)}", exit_status.USAGE)


def refuse_shared_file(files: Mapping[str, FileName | None]) -> None:
    """Exit with status 2 if two flags name one file, of which one would be lost."""
    if (problem := shared_file(files)) is not None:
        fail(problem, exit_status.USAGE)


def _suggestion(name: str) -> str:
    # Compared without the prefix, which makes any two variables similar.
    settings = {setting.variable.removeprefix(PREFIX): setting.variable for setting in SETTINGS}
    close = closest_match(name.removeprefix(PREFIX), settings)
    return f"; did you mean {settings[close]}?" if close else ""


def fail(message: str, status: int) -> NoReturn:
    """Print `message` and exit with `status`."""
    with suppress(OSError):
        click.echo(f"clevora-mock: {message}", err=True)
    # Flushed here, since a flush at exit ends in a traceback when standard output is a closed pipe.
    try:
        sys.stdout.flush()
    except OSError:
        discard(sys.stdout)
    raise SystemExit(status)
